//! One push, every dialect: each hook gets it in its own form.

use std::collections::BTreeMap;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use dialects::SurfaceSettings;
use engine::EngineSettings;
use serde_json::{Value, json};
use testkit::{Received, Receiver};

use crate::world::World;

const SECRET: &str = "it's a secret";
const PUSH: &str = include_str!("../../../../docs/events/push.json");

/// What the receiver of this path got, pings aside.
fn at<'a>(received: &'a [Received], path: &str) -> Vec<&'a Received> {
    let is_ping = |request: &Received| request.header("X-GitHub-Event") == Some("ping");
    received.iter().filter(|request| request.path == path && !is_ping(request)).collect()
}

fn verify(request: &Received, header: &str) -> Value {
    let mac = sign(&Key::new(HMAC_SHA256, SECRET.as_bytes()), &request.body);
    let hex = mac.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    assert_eq!(request.header(header), Some(format!("sha256={hex}").as_str()), "{request:?}");
    serde_json::from_slice(&request.body).expect("JSON")
}

#[tokio::test]
async fn one_push_reaches_hooks_of_every_dialect_and_scope_each_in_its_own_form() {
    let world = World::new(EngineSettings::default(), &SurfaceSettings::default()).await;
    let receiver = Receiver::start().await;
    let url = |path: &str| receiver.url(path);
    let github =
        json!({"config": {"url": url("/github"), "content_type": "json", "secret": SECRET}, "events": ["push"]});
    let cloud = |path: &str| json!({"url": url(path), "events": ["repo:push"], "secret": SECRET, "description": "ci"});
    let server = |path: &str| {
        let configuration = json!({"secret": SECRET});
        json!({"name": "ci", "url": url(path), "events": ["repo:refs_changed"], "configuration": configuration})
    };
    world.must("POST", "/api/v3/repos/air/kite/hooks", &github).await;
    let hook = world.must("POST", "/2.0/repositories/air/kite/hooks", &cloud("/cloud")).await;
    world.must("POST", "/2.0/workspaces/air/hooks", &cloud("/cloud/workspace")).await;
    world.must("POST", "/rest/api/1.0/projects/AIR/repos/kite/webhooks", &server("/server")).await;
    world.must("POST", "/rest/api/latest/projects/AIR/webhooks", &server("/server/project")).await;

    let accepted = world.publish("one", "push", PUSH).await;
    let received =
        receiver.wait_for(1 + usize::try_from(accepted["deliveries"].as_u64().expect("a count")).expect("small")).await;

    let refs = serde_json::from_str::<Value>(PUSH).expect("JSON")["refs"].as_array().expect("refs").len();
    let pushes = at(&received, "/github");
    assert_eq!(pushes.len(), refs, "GitHub tells of each ref by itself");
    for request in pushes {
        assert_eq!(request.header("X-GitHub-Event"), Some("push"));
        let payload = verify(request, "X-Hub-Signature-256");
        assert_eq!(payload["repository"]["full_name"], "air/kite");
    }
    for path in ["/cloud", "/cloud/workspace"] {
        let [request] = at(&received, path)[..] else { panic!("one for all refs: {received:?}") };
        let payload = verify(request, "X-Hub-Signature");
        assert_eq!(payload["push"]["changes"].as_array().map(Vec::len), Some(refs));
        assert_eq!(request.header("X-Event-Key"), Some("repo:push"));
        assert_eq!(request.header("User-Agent"), Some("Bitbucket-Webhooks/2.0"));
        assert_eq!(request.header("X-Attempt-Number"), Some("1"));
    }
    let uuid = hook["uuid"].as_str().expect("text").trim_matches(['{', '}']);
    assert_eq!(at(&received, "/cloud")[0].header("X-Hook-UUID"), Some(uuid));
    let mut ids = BTreeMap::new();
    for path in ["/server", "/server/project"] {
        let [request] = at(&received, path)[..] else { panic!("one for all refs: {received:?}") };
        let payload = verify(request, "X-Hub-Signature");
        assert_eq!(payload["eventKey"], "repo:refs_changed");
        assert_eq!(payload["changes"].as_array().map(Vec::len), Some(refs));
        assert_eq!(payload["repository"]["project"]["key"], "AIR");
        assert_eq!(request.header("X-Event-Key"), Some("repo:refs_changed"));
        assert_eq!(request.header("X-Attempt-Number"), None);
        ids.insert(request.header("X-Request-Id").expect("fresh").to_owned(), path);
    }
    assert_eq!(ids.len(), 2, "each request has its own id");
}
