//! Aborts and ends.

use domain::account::{OrgRole, Permission};
use domain::ci::{BuildStatus, Ended, NewBuild};
use domain::flow::builds;
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::a_build;

use super::super::{Bed, assert_refused, made, simple};
use super::{builds_of, claim, end, path, start, with};

#[tokio::test]
async fn check_25_a_build_is_aborted_with_or_without_success() {
    let bed = Bed::new().await;
    for (name, body, status, text) in [
        ("b1", json!({}), 3, "aborted"),
        (
            "b2",
            json!({"abort_with_success": false, "abort_reason": "wrong branch", "skip_notifications": true}),
            3,
            "aborted",
        ),
        ("b3", json!({"abort_with_success": true, "skip_git_status_report": true}), 4, "aborted-with-success"),
        ("b4", Value::Null, 3, "aborted"),
    ] {
        let build = a_build(bed.app.id, name);
        start(&bed, vec![build.clone()]).await;
        let abort = format!("{}/abort", path(&bed.app, &build));
        let answer = bed.call("POST", &abort, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{\"status\":\"ok\"}\n"), "{name}");
        let shown = bed.get(&path(&bed.app, &build)).await["data"].clone();
        assert_eq!((&shown["status"], &shown["status_text"]), (&json!(status), &json!(text)), "{name}");
        assert_eq!(shown["abort_reason"], body["abort_reason"], "{name}");
        assert!(shown["finished_at"].is_string(), "{name}");
        let again = bed.call("POST", &abort, json!({})).await;
        assert_refused(&again, 400, &format!("the build has already finished: {text}"), name);
    }
    let build = a_build(bed.app.id, "b5");
    start(&bed, vec![build.clone()]).await;
    let abort = format!("{}/abort", path(&bed.app, &build));
    for bad in [
        json!([]),
        json!({"abort_with_success": "yes"}),
        json!({"abort_reason": 7}),
        json!({"abort_reason": "x".repeat(1_025)}),
    ] {
        assert_eq!(bed.call("POST", &abort, bad.clone()).await.status, 400, "{bad}");
    }
    assert_eq!(bed.get(&path(&bed.app, &build)).await["data"]["status"], 0, "still there");
}

#[tokio::test]
async fn a_build_whose_status_is_not_to_be_reported_is_told_to_the_apps_hooks_alone() {
    let bed = Bed::new().await;
    let app = made(&bed.world, |app| {
        app.uid = domain::id::Uid::parse("0190f3a1-7c00-7000-8000-0000000000a1").expect("a UUID");
        app.owner = bed.world.app.owner;
        app.repository = Some(bed.world.app.id);
    });
    let app = app.await;
    let quiet = json!({"branch": "main", "workflow_id": "primary", "skip_git_status_report": true});
    for (name, params, abort, expected) in [
        ("b1", json!({"branch": "main"}), json!({}), [true, true]),
        ("b2", json!({"branch": "main"}), json!({"skip_git_status_report": true}), [true, false]),
        ("b3", quiet, json!({"skip_git_status_report": false}), [false, false]),
    ] {
        let build = NewBuild { app: app.id, ..with(&bed, name, params) };
        start(&bed, vec![build.clone()]).await;
        let path = format!("{}/abort", path(&app, &build));
        assert_eq!(bed.call("POST", &path, json!({"skip_git_status_report": 1})).await.status, 400);
        assert_eq!(bed.call("POST", &path, abort).await.status, 200);
        let events = bed.world.ports.store.events(None, None, 100).await.expect("read");
        let of_build = events.iter().filter(|event| event.subject == Some(build.uid.to_string()));
        let told = |kind: &str| {
            let found: Vec<_> = of_build.clone().filter(|event| event.kind == kind).map(|event| event.place).collect();
            assert_eq!((found.len(), found[0].app), (1, Some(app.id)), "{name} {kind}");
            found[0].repository.is_some()
        };
        assert_eq!([told("build.triggered"), told("build.finished")], expected, "{name}");
    }
}

#[tokio::test]
async fn check_24_a_build_ends_once_and_tells_once_however_many_end_it() {
    let bed = Bed::new().await;
    bed.hook(simple("http://r.test/")).await;
    let hook = bed.stored()[0].id;
    let build = a_build(bed.app.id, "b1");
    start(&bed, vec![build.clone()]).await;
    claim(&bed).await;
    let abort = format!("{}/abort", path(&bed.app, &build));
    let aborts = (0..40).map(|turn| {
        let body = json!({"abort_with_success": turn % 2 == 0});
        let (bed, abort) = (&bed, &abort);
        async move { bed.call("POST", abort, body).await.status == 200 }
    });
    let ends = (0..40).map(|_| async { matches!(end(&bed, &build, BuildStatus::Success).await, Ended::Now(_)) });
    let (aborted, ended) = tokio::join!(join_all(aborts), join_all(ends));
    let winners = aborted.into_iter().chain(ended).filter(|won| *won).count();
    assert_eq!(winners, 1, "one ends it, all others hear that it has ended");
    let due = bed.world.due(hook).await;
    let mut kinds: Vec<_> = due.iter().map(|work| work.message().kind.to_string()).collect();
    kinds.sort();
    assert_eq!(kinds, ["build/finished", "build/triggered"]);
    let shown = bed.get(&path(&bed.app, &build)).await["data"]["status"].clone();
    let finished = due.iter().find(|work| &*work.message().kind == "build/finished").expect("one");
    let told: Value = serde_json::from_slice(&finished.message().body).expect("JSON");
    assert_eq!(told["build_status"], shown, "and it tells how");
}

#[tokio::test]
async fn developers_stop_builds_and_testers_look_on() {
    let bed = Bed::new().await;
    let app = made(&bed.world, |app| {
        app.owner = bed.world.app.owner;
        app.uid = domain::id::Uid::new(app.created_at, &testkit::SeededEntropy::new(9));
        app.repository = Some(bed.world.app.id);
    })
    .await;
    let build = a_build(app.id, "b1");
    builds::start(&bed.world.ports, vec![build.clone()], Vec::new()).await.expect("started");
    let token = bed.world.token_for("mallory", "repo").await;
    let ask =
        async |method: &str, path: String| bed.world.ask(&token, method, &path, Value::Null).await.status.as_u16();
    let abort = format!("{}/abort", path(&app, &build));
    assert_eq!((ask("GET", path(&app, &build)).await, ask("POST", abort.clone()).await), (404, 404), "nobody");
    bed.world.join("mallory", OrgRole::Member).await;
    assert_eq!((ask("GET", path(&app, &build)).await, ask("POST", abort.clone()).await), (200, 403), "tester");
    let hooks_only = bed.world.token_for("mallory", "admin:repo_hook").await;
    assert_eq!(bed.world.ask(&hooks_only, "GET", &builds_of(&app), Value::Null).await.status, 403, "scope");
    bed.world.collaborate("mallory", Permission::Write).await;
    assert_eq!(ask("POST", abort).await, 200, "developer");
}
