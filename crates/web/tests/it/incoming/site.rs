//! A server with an app, and requests to it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use domain::ci::{BuildFilter, BuildPage, CiApp, Incoming, IncomingFilter, NewCiApp, Provider, mint_trigger_token};
use domain::id::Uid;
use serde_json::{Value, json};
use testkit::{START, SeededEntropy};

use crate::world::{Answer, Setup, World};

/// Builds everything.
const CONFIG: &str = "\
format_version: '11'
trigger_map:
- push_branch: '*'
  workflow: primary
- pull_request_source_branch: '*'
  workflow: primary
- tag: '*'
  workflow: primary
workflows:
  primary: {}
";

/// A server, and one app on it.
pub(super) struct Site {
    pub(super) world: World,
    pub(super) app: Arc<CiApp>,
}

impl Site {
    pub(super) async fn new() -> Self {
        Self::with(Setup::default(), |_| ()).await
    }

    pub(super) async fn with(setup: Setup, edit: impl FnOnce(&mut NewCiApp)) -> Self {
        let world = World::with(setup).await;
        let owner = world.ports.directory().account("air").expect("populated").id;
        let entropy = SeededEntropy::new(11);
        let mut new = NewCiApp {
            uid: Uid::new(START, &entropy),
            owner,
            repository: None,
            title: "kite".to_owned(),
            project_type: None,
            provider: Provider::GitHub,
            repo_url: "https://github.com/air/kite.git".to_owned(),
            is_public: false,
            default_branch: "main".to_owned(),
            manual_approval: true,
            relay: false,
            trigger_token: mint_trigger_token(&entropy),
            webhook_secret: None,
            config: Some(CONFIG.into()),
            created_at: START,
        };
        edit(&mut new);
        let app = world.ports.store.create_ci_app(new).await.expect("an app");
        Self { world, app }
    }

    pub(super) fn path(&self, provider: &str) -> String {
        format!("/h/{provider}/{}/{}", self.app.uid, self.app.trigger_token.expose())
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method("POST").uri(path).header("host", "postrider.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.world.send(request.body(body.into()).expect("a request")).await
    }

    /// A push of a branch, as GitHub tells of it.
    pub(super) async fn push(&self, delivery: &str, branch: &str) -> Answer {
        let headers = [GITHUB[0], GITHUB[1], ("x-github-delivery", delivery)];
        self.post(&self.path("github"), &headers, a_push(branch).to_string()).await
    }

    pub(super) async fn builds(&self) -> BuildPage {
        let filter = BuildFilter { limit: 50, ..BuildFilter::default() };
        self.world.ports.store.builds(self.app.id, filter).await.expect("a page")
    }

    /// What the log has, newest first.
    pub(super) async fn log(&self) -> Vec<Incoming> {
        self.world.ports.store.incoming(self.app.id, IncomingFilter::default(), 50).await.expect("a log")
    }
}

/// The head of a push at GitHub.
pub(super) const GITHUB: [(&str, &str); 2] = [("content-type", "application/json"), ("x-github-event", "push")];

/// A push of one commit.
pub(super) fn a_push(branch: &str) -> Value {
    let commit =
        json!({"id": "c".repeat(40), "message": "ship <it> & go", "added": [], "removed": [], "modified": ["a"]});
    json!({
        "ref": format!("refs/heads/{branch}"),
        "deleted": false,
        "head_commit": commit,
        "commits": [commit],
        "repository": {"private": false, "clone_url": "https://github.com/air/kite.git"},
        "pusher": {"name": "mira"},
    })
}
