//! The one call that a webhook leads to goes through the guard of addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::rules::target::EgressPolicy;
use engine::Resolver;
use serde_json::{Value, json};

use super::site::Site;
use crate::world::Setup;

/// Says that every name is at a private address, and counts who asks.
#[derive(Default)]
struct Private(AtomicUsize);

#[async_trait]
impl Resolver for Private {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        assert_eq!(name, "api.bitbucket.org");
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(vec![Ipv4Addr::new(10, 0, 0, 1).into()])
    }
}

fn pull_request(source: &str) -> Value {
    let end = |name: &str| {
        let owner = name.split('/').next().expect("an owner");
        json!({"branch": {"name": "b"}, "commit": {"hash": "f"},
            "repository": {"full_name": name, "owner": {"nickname": owner}}})
    };
    json!({
        "pullrequest": {"id": 9, "type": "pullrequest", "title": "T", "state": "OPEN", "author": {"nickname": "bob"},
            "source": end(source), "destination": end("air/kite")},
        "repository": {"full_name": "air/kite", "is_private": false},
    })
}

#[tokio::test]
async fn check_27_private_addresses_are_not_called_for_a_forks_privacy() {
    let names = Arc::new(Private::default());
    let resolver: Arc<dyn Resolver> = names.clone();
    let setup = Setup { policy: EgressPolicy::default(), resolver: Some(resolver), ..Setup::default() };
    let site = Site::with(setup, |_| ()).await;
    let headers = [("content-type", "application/json"), ("x-event-key", "pullrequest:created")];
    let send = async |source: &str| {
        let answer = site.post(&site.path("bitbucket-v2"), &headers, pull_request(source).to_string()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        site.builds().await.builds[0].params.head_repository_url.clone()
    };
    assert_eq!(send("air/kite").await, "https://bitbucket.org/air/kite.git");
    assert_eq!(names.0.load(Ordering::SeqCst), 0, "nobody has to be asked about the same repository");
    assert_eq!(send("mallory/kite").await, "git@bitbucket.org:mallory/kite.git", "no answer: private");
    assert_eq!(names.0.load(Ordering::SeqCst), 1);
    assert_eq!(send("../kite").await, "git@bitbucket.org:../kite.git");
    assert_eq!(names.0.load(Ordering::SeqCst), 1, "no name of a repository, and nothing to ask");
}
