//! Single builds, their logs, and pipelines.

use std::time::Duration;

use domain::ci::BuildStatus;
use domain::ports::Clock as _;
use serde_json::{Value, json};
use testkit::a_build;

use super::super::Bed;
use super::{builds_of, claim, end, numbers, path, six, start, with};

#[tokio::test]
async fn a_build_is_shown_with_every_field_of_section_4() {
    let bed = Bed::new().await;
    let params = json!({"branch": "feature/x", "branch_dest": "main", "branch_repo_owner": "acme",
        "branch_dest_repo_owner": "acme", "commit_hash": "83b86e5f286f546dc5a4a58db66ceef44460c85e",
        "commit_message": "Fly", "pull_request_id": 32, "workflow_id": "deploy", "stack": "linux-docker",
        "machine_type_id": "g2.4core", "unknown_here": [1.50]});
    let mut build = with(&bed, "b1", params.clone());
    build.triggered_by = Some("webhook-github/alice".to_owned());
    start(&bed, vec![build.clone()]).await;
    let mut expected = json!({
        "triggered_at": "2026-01-02T03:04:05Z", "started_on_worker_at": null, "environment_prepare_finished_at": null,
        "finished_at": null, "slug": build.uid.to_string(), "status": 0, "status_text": "in-progress",
        "abort_reason": null, "is_on_hold": true, "is_processed": false, "is_status_sent": false, "rebuildable": false,
        "utility": false, "branch": "feature/x", "build_number": 1,
        "commit_hash": "83b86e5f286f546dc5a4a58db66ceef44460c85e", "commit_message": "Fly", "tag": null,
        "triggered_workflow": "deploy", "triggered_by": "webhook-github/alice", "machine_type_id": "g2.4core",
        "stack_identifier": "linux-docker", "original_build_params": params, "pipeline_workflow_id": null,
        "pull_request_id": 32, "pull_request_target_branch": "main",
        "pull_request_view_url": "https://github.com/acme/rocket/pull/32",
        "commit_view_url": "https://github.com/acme/rocket/commit/83b86e5f286f546dc5a4a58db66ceef44460c85e",
        "log_format": null, "credit_cost": null,
    });
    assert_eq!(bed.get(&path(&bed.app, &build)).await, json!({"data": expected}));
    claim(&bed).await;
    bed.world.clock.advance(Duration::from_secs(60));
    end(&bed, &build, BuildStatus::Success).await;
    for (name, value) in [
        ("started_on_worker_at", json!("2026-01-02T03:05:05Z")),
        ("environment_prepare_finished_at", json!("2026-01-02T03:05:05Z")),
        ("finished_at", json!("2026-01-02T03:06:05Z")),
        ("status", json!(1)),
        ("status_text", json!("success")),
        ("is_on_hold", json!(false)),
        ("is_processed", json!(true)),
        ("rebuildable", json!(true)),
    ] {
        expected[name] = value;
    }
    let paging = json!({"total_item_count": 1, "page_item_limit": 50});
    assert_eq!(bed.get(&builds_of(&bed.app)).await, json!({"data": [expected], "paging": paging}));
}

#[tokio::test]
async fn what_a_build_does_not_say_is_null() {
    let bed = Bed::new().await;
    let mut build = a_build(bed.app.id, "b1");
    build.params.branch.clear();
    build.params.tag = "v1".to_owned();
    start(&bed, vec![build.clone()]).await;
    let shown = bed.get(&path(&bed.app, &build)).await["data"].clone();
    for name in [
        "branch",
        "commit_hash",
        "commit_message",
        "commit_view_url",
        "pull_request_target_branch",
        "pull_request_view_url",
        "triggered_by",
        "machine_type_id",
        "stack_identifier",
    ] {
        assert_eq!(shown[name], json!(null), "{name}");
    }
    assert_eq!((&shown["tag"], &shown["pull_request_id"]), (&json!("v1"), &json!(0)));
}

#[tokio::test]
async fn a_log_grows_and_is_text_for_a_while_once_the_build_has_ended() {
    let bed = Bed::new().await;
    let build = a_build(bed.app.id, "b1");
    start(&bed, vec![build.clone()]).await;
    let log = format!("{}/log", path(&bed.app, &build));
    let empty = json!({"expiring_raw_log_url": null, "generated_log_chunks_num": 0, "is_archived": false,
        "log_chunks": [], "timestamp": null});
    assert_eq!(bed.get(&log).await, empty);
    claim(&bed).await;
    let known = bed.world.ports.store.build(build.uid).await.expect("read").expect("there");
    for piece in ["one\n", "two <b>\n"] {
        let now = bed.world.clock.now();
        bed.world.ports.store.append_log(known.id, None, piece.to_owned(), now).await.expect("appended");
    }
    let running = bed.get(&log).await;
    let chunks = json!([{"chunk": "one\n", "position": 0}, {"chunk": "two <b>\n", "position": 1}]);
    assert_eq!((&running["log_chunks"], &running["generated_log_chunks_num"]), (&chunks, &json!(2)));
    assert_eq!((&running["is_archived"], &running["expiring_raw_log_url"]), (&json!(false), &json!(null)));
    end(&bed, &build, BuildStatus::Success).await;
    let ended = bed.get(&log).await;
    assert_eq!((&ended["log_chunks"], &ended["is_archived"]), (&chunks, &json!(true)));
    assert!(ended["timestamp"].is_string());
    let url = ended["expiring_raw_log_url"].as_str().expect("a URL");
    let raw = url.strip_prefix("http://postrider.test").expect("on this server");
    let text = bed.world.ask("", "GET", raw, Value::Null).await;
    assert_eq!((text.status.as_u16(), text.text.as_str()), (200, "one\ntwo <b>\n"), "without a token");
    assert_eq!(
        (text.header("content-type"), text.header("x-content-type-options")),
        ("text/plain; charset=utf-8", "nosniff")
    );
    let tampered = raw.replace("expires=1", "expires=2");
    assert_eq!(bed.world.ask("", "GET", &tampered, Value::Null).await.status, 403);
    assert_eq!(bed.world.ask("", "GET", &format!("{log}/raw"), Value::Null).await.status, 403);
    bed.world.clock.advance(Duration::from_secs(600));
    assert_eq!(bed.world.ask("", "GET", raw, Value::Null).await.status, 403, "ten minutes later");
}

#[tokio::test]
async fn pipelines_stand_beside_builds_with_states_in_words() {
    let bed = Bed::new().await;
    six(&bed).await;
    let pipelines = format!("/v0.1/apps/{}/pipelines", bed.app.uid);
    let list = bed.get(&pipelines).await;
    let states: Vec<_> = list["data"].as_array().expect("a list").iter().map(|one| one["status"].clone()).collect();
    let expected = ["on_hold", "succeeded_with_abort", "aborted", "failed", "succeeded", "running"];
    assert_eq!(json!(states), json!(expected));
    for (at, state) in expected.iter().enumerate() {
        let found = bed.get(&format!("{pipelines}?status={state}")).await;
        assert_eq!(numbers(&found), [6 - at as u64], "{state}");
    }
    let first = list["data"][0].clone();
    assert_eq!((&first["is_pipeline"], &first["triggered_workflow"]), (&json!(true), &json!("release")));
    assert_eq!(list["data"][1]["is_pipeline"], json!(false));
    let one = format!("{pipelines}/{}", first["slug"].as_str().expect("a slug"));
    let shown = bed.get(&one).await;
    assert_eq!(
        (&shown["id"], &shown["name"], &shown["status"]),
        (&first["slug"], &json!("release"), &json!("on_hold"))
    );
    assert_eq!(bed.call("GET", &format!("{pipelines}?status=lost"), Value::Null).await.status, 400);
    let build = format!("{pipelines}/{}", list["data"][1]["slug"].as_str().expect("a slug"));
    assert_eq!(bed.call("GET", &build, Value::Null).await.status, 404, "no pipeline");
    assert_eq!(bed.call("POST", &format!("{one}/abort"), json!({"abort_reason": "stop"})).await.status, 200);
    let shown = bed.get(&one).await;
    assert_eq!((&shown["status"], &shown["abort_reason"]), (&json!("aborted"), &json!("stop")));
}
