//! `register-webhook` over the wire: the address guard, slow hosts, and hosts that say too much (contract bitrise section
//! 5; contract delivery-and-security section 5).

use std::time::Duration;

use bytes::Bytes;
use dialects::{ApiSettings, GitHosts};
use domain::rules::target::EgressPolicy;
use serde_json::{Value, json};
use testkit::{Behaviour, Receiver};

use crate::world::{Answer, Setup, World};

/// A server whose GitHub is `host`, with an app of mira's there.
async fn world(host: &Receiver, policy: EgressPolicy, timeout: Duration) -> (World, String) {
    let hosts = GitHosts { github_api: host.url("/api/v3"), timeout, ..GitHosts::default() };
    let api = ApiSettings { git_hosts: hosts.into(), ..ApiSettings::default() };
    let world = World::with(Setup { api, policy, ..Setup::default() }).await;
    let account = json!({"owner": "air", "host": "github", "token": "canary"});
    world.must("PUT", "/api/v1/git-accounts", &account).await;
    let app = json!({"owner": "air", "provider": "github", "repo_url": "https://github.com/air/kite.git"});
    let app = world.must("POST", "/api/v1/apps", &app).await;
    let path = format!("/v0.1/apps/{}/register-webhook", app["slug"].as_str().expect("a slug"));
    (world, path)
}

async fn register(world: &World, path: &str) -> Answer {
    world.call("POST", path, &Value::Null).await
}

fn message(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["message"].as_str().expect("a message").to_owned())
}

fn list(body: &'static str) -> Behaviour {
    Behaviour::Answer(200, Vec::new(), Bytes::from_static(body.as_bytes()))
}

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn e6_a_host_in_a_private_network_is_not_asked_unless_that_is_allowed() {
    let host = Receiver::start().await;
    let (refusing, path) = world(&host, EgressPolicy::default(), PATIENCE).await;
    let told = message(&register(&refusing, &path).await);
    assert_eq!(told, (500, format!("GitHub ({}) could not be reached", host.address())));
    assert_eq!(host.connections(), 0);

    host.then(list("[]")).then(Behaviour::Status(201));
    let (allowing, path) = world(&host, Setup::default().policy, PATIENCE).await;
    let answer = register(&allowing, &path).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{\"status\":\"ok\"}\n"));
    let received = host.received();
    let lines: Vec<_> = received.iter().map(|request| (request.method.as_str(), request.path.as_str())).collect();
    let hooks = "/api/v3/repos/air/kite/hooks";
    assert_eq!(lines, [("GET", &*format!("{hooks}?per_page=100&page=1")), ("POST", hooks)]);
    for request in &received {
        assert_eq!(request.header("authorization"), Some("token canary"));
    }
    let hook: Value = serde_json::from_slice(&received[1].body).expect("JSON");
    let url = hook["config"]["url"].as_str().expect("a URL");
    assert!(url.starts_with("http://postrider.test/h/github/") && url.contains("/prh_"), "{url}");
}

#[tokio::test]
async fn a_hook_that_is_there_with_an_older_token_is_edited_where_it_is() {
    let host = Receiver::start().await;
    let (world, path) = world(&host, Setup::default().policy, PATIENCE).await;
    let app = world.call("GET", &path.replace("/v0.1", "/api/v1").replace("/register-webhook", ""), &Value::Null).await;
    let url = app.json()["incoming_url"].as_str().expect("a URL").to_owned();
    let older = format!("{}/prh_older", url.rsplit_once('/').expect("a path").0);
    let page = json!([{"id": 7, "active": true, "events": ["push"], "config": {"url": older, "content_type": "json"}}]);
    host.then(Behaviour::Answer(200, Vec::new(), page.to_string().into())).then(Behaviour::Status(200));
    let answer = register(&world, &path).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{\"status\":\"ok\"}\n"));
    let received = host.received();
    let [_, edit] = received.as_slice() else { panic!("a list and an edit: {received:?}") };
    assert_eq!((edit.method.as_str(), edit.path.as_str()), ("PATCH", "/api/v3/repos/air/kite/hooks/7"));
    assert_eq!(edit.header("authorization"), Some("token canary"));
    let expected = json!({
        "active": true,
        "events": ["push", "pull_request", "issue_comment"],
        "config": {"url": url, "content_type": "json", "insecure_ssl": "0"},
    });
    assert_eq!(serde_json::from_slice::<Value>(&edit.body).expect("JSON"), expected);
}

#[tokio::test]
async fn a_host_that_hangs_or_talks_without_end_is_given_up_in_time() {
    let host = Receiver::start().await;
    let (world, path) = world(&host, Setup::default().policy, Duration::from_millis(200)).await;
    host.then(Behaviour::Hang);
    let told = message(&register(&world, &path).await);
    assert_eq!(told, (500, format!("GitHub ({}) did not answer in time", host.address())));
    host.then(Behaviour::EndlessBody);
    let told = message(&register(&world, &path).await);
    assert_eq!(told.0, 500, "{told:?}");
    assert!(host.received().iter().all(|request| request.method == "GET"), "no hook was asked for");
}

/// E-10: a host cannot pass the credential on to another place.
#[tokio::test]
async fn e10_redirects_are_not_followed() {
    let (host, other) = (Receiver::start().await, Receiver::start().await);
    let (world, path) = world(&host, Setup::default().policy, PATIENCE).await;
    let location = vec![("Location".to_owned(), other.url("/"))];
    host.then(Behaviour::Answer(302, location, Bytes::new()));
    let told = message(&register(&world, &path).await);
    assert_eq!(told, (400, format!("GitHub ({}) answered 302: the repository has moved", host.address())));
    assert_eq!(other.connections(), 0);
}
