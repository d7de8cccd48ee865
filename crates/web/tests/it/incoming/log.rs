//! What is kept, what is taken in once, and what is taken in again.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use axum::body::Body;
use axum::http::Request;
use domain::account::Scopes;
use domain::ci::{CiApp, Verdict};
use domain::secret::Secret;
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{START, a_token, a_user};

use super::site::{GITHUB, Site, a_push};
use crate::world::Setup;

#[tokio::test]
async fn one_delivery_sent_many_times_at_once_builds_once_and_is_answered_alike() {
    let site = Site::new().await;
    let answers = join_all((0..20).map(|_| site.push("d-1", "main"))).await;
    let first = &answers[0];
    assert_eq!(first.status, 201);
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (first.status, &first.text));
    }
    assert_eq!(site.builds().await.total, 1);
    let log = site.log().await;
    assert_eq!((log.len(), log[0].repeats), (1, 19));
    assert_eq!(site.push("d-2", "main").await.json()["success_responses"][0]["build_number"], 2);
}

#[tokio::test]
async fn a_delivery_that_led_to_nothing_builds_once_the_triggers_are_mended() {
    let site = Site::with(Setup::default(), |app| app.config = None).await;
    let refused = site.push("d-1", "main").await;
    assert_eq!((refused.status.as_u16(), site.builds().await.total), (200, 0), "{refused:?}");
    let config = "trigger_map:\n- push_branch: main\n  workflow: a\nworkflows:\n  a: {}\n";
    let mended = Box::new(|app: CiApp| CiApp { config: Some(config.into()), ..app });
    site.world.ports.store.update_ci_app(site.app.id, START, mended).await.expect("edited");
    let (built, repeated) = (site.push("d-1", "main").await, site.push("d-1", "main").await);
    assert_eq!((built.status.as_u16(), &built.text), (201, &repeated.text));
    assert_eq!(site.builds().await.total, 1);
    let repeats: Vec<_> = site.log().await.iter().map(|logged| logged.repeats).collect();
    assert_eq!(repeats, [1, 0]);
}

#[tokio::test]
async fn everything_that_came_with_a_token_is_kept() {
    let site = Site::new().await;
    let path = site.path("github");
    site.push("d-1", "main").await;
    site.post(&path, &[GITHUB[0], ("x-github-event", "ping")], "{}").await;
    site.post(&path, &[GITHUB[0], ("x-github-event", "issues")], "{}").await;
    site.post(&path, &GITHUB, "no JSON").await;
    let skipped = json!({"ref": "refs/heads/main", "head_commit": {"id": "c", "message": "[skip ci]"}});
    site.post(&path, &GITHUB, skipped.to_string()).await;
    let log = site.log().await;
    let statuses: Vec<_> = log.iter().map(|logged| logged.answer.status).collect();
    assert_eq!(statuses, [200, 400, 400, 200, 201]);
    assert!(log.iter().all(|logged| logged.verdict == Verdict::Unattempted));
    let events: Vec<_> = log.iter().map(|logged| logged.event.as_deref().unwrap_or("-")).collect();
    assert_eq!(events, ["push", "push", "issues", "ping", "push"]);
}

#[tokio::test]
async fn the_log_is_listed_filtered_and_shown_over_the_api() {
    let site = Site::new().await;
    let api = format!("/api/v1/apps/{}/incoming", site.app.uid);
    site.push("d-1", "main").await;
    let headers = [GITHUB[0], GITHUB[1], ("authorization", "Bearer hunter2"), ("x-hub-signature", "sha1=hunter2")];
    site.post(&site.path("github"), &headers, b"\xff".to_vec()).await;
    let listed = site.world.must("GET", &api, &Value::Null).await;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(listed["items"][1]["delivery_id"], "d-1");
    assert_eq!(listed["items"][1]["status"], 201);
    for (query, found) in [
        ("status=4xx", 1),
        ("status=201", 1),
        ("provider=gitlab", 0),
        ("provider=github&verdict=unattempted", 2),
        ("verdict=failed", 0),
    ] {
        let listed = site.world.must("GET", &format!("{api}?{query}"), &Value::Null).await;
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(found), "{query}");
    }
    let first = site.world.must("GET", &format!("{api}?limit=1"), &Value::Null).await;
    let next = format!("{api}?limit=1&cursor={}", first["next"].as_str().expect("more"));
    let second = site.world.must("GET", &next, &Value::Null).await;
    assert_eq!(second["items"][0]["delivery_id"], "d-1");
    assert_eq!(second.get("next"), None);
    for odd in ["status=x", "verdict=x", "provider=x", "limit=0"] {
        assert_eq!(site.world.get(&format!("{api}?{odd}")).await.status, 400, "{odd}");
    }
    let uid = first["items"][0]["uid"].as_str().expect("a uid");
    let whole = site.world.must("GET", &format!("{api}/{uid}"), &Value::Null).await;
    assert_eq!((&whole["body"], &whole["body_encoding"]), (&json!("/w=="), &json!("base64")));
    assert!(!whole.to_string().contains("hunter2"), "{whole}");
    assert_eq!(site.world.get(&format!("{api}/01890000-0000-7000-8000-000000000000")).await.status, 404);
}

fn hmac_of(secret: &str, body: &str) -> String {
    let tag = sign(&Key::new(HMAC_SHA256, secret.as_bytes()), body.as_bytes());
    tag.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[tokio::test]
async fn s8_no_credential_that_a_request_carries_is_in_the_log_nor_in_a_build() {
    let site = Site::with(Setup::default(), |app| app.webhook_secret = Some(Secret::new("open sesame"))).await;
    let token = site.app.trigger_token.expose();
    let url = format!("https://ci.example{}", site.path("github"));
    let ping = json!({"zen": "z", "hook": {"config": {"url": url}}}).to_string();
    let signature = format!("sha256={}", hmac_of("open sesame", &ping));
    let headers = [GITHUB[0], ("x-github-event", "ping"), ("x-hub-signature-256", &signature)];
    assert_eq!(site.post(&site.path("github"), &headers, ping).await.status, 200);
    let form = [("content-type", "application/x-www-form-urlencoded"), ("x-original-uri", url.as_str())];
    let command = "command=%2Fbuild&token=open+sesame&text=branch:main";
    assert!(site.post(&site.path("slack"), &form, command).await.text.contains("Triggered build #1"));
    let log = site.log().await;
    let verdicts: Vec<_> = log.iter().map(|logged| logged.verdict).collect();
    assert_eq!(verdicts, [Verdict::Authenticated, Verdict::Verified]);
    let replay = format!("/api/v1/apps/{}/incoming/{}/replay", site.app.uid, log[0].uid);
    assert_eq!(site.world.must("POST", &replay, &Value::Null).await["builds"][0]["number"], 2);
    let kept = site.log().await;
    assert_eq!(kept.len(), 3);
    for logged in kept {
        let whole = format!("/api/v1/apps/{}/incoming/{}", site.app.uid, logged.uid);
        let text = site.world.must("GET", &whole, &Value::Null).await.to_string();
        assert!(!text.contains(token) && !text.contains("sesame"), "{text}");
    }
    let builds = format!("{:?}", site.builds().await.builds);
    assert!(!builds.contains(token) && !builds.contains("sesame"), "{builds}");
}

#[tokio::test]
async fn a_replay_is_a_new_request_with_todays_triggers() {
    let site = Site::new().await;
    site.push("d-1", "main").await;
    let uid = site.log().await[0].uid;
    let path = format!("/api/v1/apps/{}/incoming/{uid}/replay", site.app.uid);
    let replayed = site.world.must("POST", &path, &Value::Null).await;
    assert_eq!((&replayed["status"], &replayed["builds"][0]["number"]), (&json!(201), &json!(2)));
    let log = site.log().await;
    assert_eq!((log.len(), log[0].replay_of, log[0].delivery_id.as_deref()), (2, Some(uid), None));
    assert_eq!(site.push("d-1", "main").await.json()["success_responses"][0]["build_number"], 1, "as before");
}

#[tokio::test]
async fn what_failed_is_not_replayed() {
    let site = Site::with(Setup::default(), |app| app.webhook_secret = Some(Secret::new("s"))).await;
    assert_eq!(site.post(&site.path("github"), &GITHUB, a_push("main").to_string()).await.status, 401);
    let uid = site.log().await[0].uid;
    let path = format!("/api/v1/apps/{}/incoming/{uid}/replay", site.app.uid);
    assert_eq!(site.world.call("POST", &path, &Value::Null).await.status, 409);
    assert_eq!(site.builds().await.total, 0);
}

#[tokio::test]
async fn what_an_app_relays_is_published_at_its_repository_once_even_if_nothing_is_built() {
    let site = Site::new().await;
    let ports = &site.world.ports;
    let kite = ports.directory().locate("air", "kite").expect("populated").repository.id;
    let edit = Box::new(move |old: CiApp| CiApp { relay: true, repository: Some(kite), ..old });
    ports.store.update_ci_app(site.app.id, ports.clock.now(), edit).await.expect("an app");
    let gone = json!({"ref": "refs/heads/old", "before": "a".repeat(40), "after": "0".repeat(40), "deleted": true,
        "commits": [], "head_commit": null, "pusher": {"name": "mira"}, "sender": {"login": "mira"}});
    let headers = [GITHUB[0], GITHUB[1], ("x-github-delivery", "d-1")];
    for _ in 0..2 {
        let answer = site.post(&site.path("github"), &headers, gone.to_string()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let events = site.world.must("GET", "/api/v1/events?source=/repos/air/kite", &Value::Null).await;
    let events: Vec<_> = events["items"].as_array().expect("a list").iter().collect();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["type"], "push");
    assert_eq!(site.builds().await.total, 0);
}

#[tokio::test]
async fn only_developers_of_an_app_see_its_log_and_replay_it() {
    let site = Site::with(Setup::default(), |app| app.is_public = true).await;
    site.push("d-1", "main").await;
    let store = &site.world.ports.store;
    let bob = store.create_account(a_user("bob")).await.expect("a user");
    store.create_token(a_token("token-of-bob", bob.id, Scopes::all())).await.expect("a token");
    let list = format!("/api/v1/apps/{}/incoming", site.app.uid);
    let one = format!("{list}/{}", site.log().await[0].uid);
    for (method, path) in [("GET", list), ("GET", one.clone()), ("POST", format!("{one}/replay"))] {
        for (token, expected) in [("token-of-bob", 403), ("nobody's", 401)] {
            let request =
                Request::builder().method(method).uri(&path).header("authorization", format!("Bearer {token}"));
            let answer = site.world.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(answer.status, expected, "{method} {path}");
        }
    }
    assert_eq!(site.builds().await.total, 1);
}
