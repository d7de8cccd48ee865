//! Builds: lists, single ones, logs and their end (contract bitrise section 4).

use std::time::Duration;

use domain::account::{OrgRole, Permission};
use domain::ci::{BuildEnd, BuildStatus, CiApp, ClaimBuild, Ended, NewBuild, Target};
use domain::flow::builds;
use domain::ports::Clock as _;
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::a_build;

use super::{Bed, assert_refused, made, simple};

/// Where the app's builds are.
fn builds_of(app: &CiApp) -> String {
    format!("/v0.1/apps/{}/builds", app.uid)
}

/// Where one of them is.
fn path(app: &CiApp, build: &NewBuild) -> String {
    format!("{}/{}", builds_of(app), build.uid)
}

/// Starts builds in that order, a minute apart.
async fn start(bed: &Bed, new: Vec<NewBuild>) {
    for mut build in new {
        build.triggered_at = bed.world.clock.now();
        builds::start(&bed.world.ports, vec![build], Vec::new()).await.expect("started");
        bed.world.clock.advance(Duration::from_secs(60));
    }
}

/// A build with these parameters.
fn with(bed: &Bed, name: &str, params: Value) -> NewBuild {
    let mut build = a_build(bed.app.id, name);
    build.original = params.to_string().into();
    build.params = serde_json::from_value(params).expect("parameters");
    if !build.params.workflow_id.is_empty() {
        build.target = Target::Workflow(build.params.workflow_id.clone());
    }
    build
}

/// An executor takes the next build.
async fn claim(bed: &Bed) {
    let now = bed.world.clock.now();
    let claim = ClaimBuild { apps: None, only: None, executor: "ci".to_owned(), local: false, now };
    assert!(bed.world.ports.store.claim_build(claim).await.expect("asked").is_some());
}

/// A build ends.
async fn end(bed: &Bed, build: &NewBuild, status: BuildStatus) -> Ended {
    let known = bed.world.ports.store.build(build.uid).await.expect("read").expect("there");
    let end = BuildEnd { status, reason: None, at: bed.world.clock.now() };
    builds::end(&bed.world.ports, &known, end).await.expect("asked")
}

/// Numbers of the builds of a list, in order.
fn numbers(list: &Value) -> Vec<u64> {
    list["data"].as_array().expect("a list").iter().map(|build| build["build_number"].as_u64().expect("one")).collect()
}

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

/// Six builds: pushes, a pull request, a tag and a pipeline, of which some ended.
async fn six(bed: &Bed) {
    let mut pipeline = with(bed, "b6", json!({"branch": "main"}));
    pipeline.target = Target::Pipeline("release".to_owned());
    let six = vec![
        with(bed, "b1", json!({"branch": "main", "workflow_id": "primary", "commit_message": "Fix 50%_of it"})),
        with(bed, "b2", json!({"branch": "dev", "workflow_id": "deploy", "commit_message": "Deploy now"})),
        with(
            bed,
            "b3",
            json!({"branch": "dev", "branch_dest": "main", "pull_request_id": 7, "workflow_id": "primary"}),
        ),
        with(bed, "b4", json!({"tag": "v1", "workflow_id": "deploy"})),
        with(bed, "b5", json!({"branch": "main", "workflow_id": "primary"})),
        pipeline,
    ];
    start(bed, six.clone()).await;
    claim(bed).await;
    for (at, status) in [
        (1, BuildStatus::Success),
        (2, BuildStatus::Error),
        (3, BuildStatus::Aborted),
        (4, BuildStatus::AbortedWithSuccess),
    ] {
        end(bed, &six[at], status).await;
    }
}

#[tokio::test]
async fn every_filter_of_section_4_narrows_the_list() {
    let bed = Bed::new().await;
    six(&bed).await;
    let began = bed.world.app.created_at.as_secs();
    for (query, expected) in [
        (String::new(), &[6, 5, 4, 3, 2, 1][..]),
        ("sort_by=created_at".to_owned(), &[6, 5, 4, 3, 2, 1]),
        ("sort_by=running_first".to_owned(), &[6, 1, 5, 4, 3, 2]),
        ("branch=main".to_owned(), &[6, 5, 1]),
        ("workflow=deploy".to_owned(), &[4, 2]),
        ("commit_message=ploy".to_owned(), &[2]),
        ("commit_message=50%25_".to_owned(), &[1]),
        ("trigger_event_type=push".to_owned(), &[6, 5, 2, 1]),
        ("trigger_event_type=pull-request".to_owned(), &[3]),
        ("trigger_event_type=tag".to_owned(), &[4]),
        ("pull_request_id=7".to_owned(), &[3]),
        ("build_number=5".to_owned(), &[5]),
        (format!("after={}", began + 180), &[6, 5]),
        (format!("before={}", began + 120), &[2, 1]),
        (format!("after={}&before={}", began + 60, began + 240), &[4, 3]),
        ("status=0".to_owned(), &[6, 1]),
        ("status=1".to_owned(), &[2]),
        ("status=2".to_owned(), &[3]),
        ("status=3".to_owned(), &[4]),
        ("status=4".to_owned(), &[5]),
        ("is_pipeline_build=true".to_owned(), &[6]),
        ("is_pipeline_build=false".to_owned(), &[5, 4, 3, 2, 1]),
        ("branch=dev&workflow=primary&status=2".to_owned(), &[3]),
        ("branch=&status=".to_owned(), &[6, 5, 4, 3, 2, 1]),
        ("branch=nowhere".to_owned(), &[]),
    ] {
        let list = bed.get(&format!("{}?{query}", builds_of(&bed.app))).await;
        assert_eq!(numbers(&list), expected, "{query}");
        assert_eq!(list["paging"]["total_item_count"], expected.len(), "{query}");
    }
    for query in [
        "sort_by=name",
        "trigger_event_type=cron",
        "pull_request_id=x",
        "build_number=-1",
        "after=monday",
        "before=1.5",
        "status=5",
        "status=done",
        "is_pipeline_build=maybe",
        "limit=0",
        "limit=51",
        "next=x",
    ] {
        let answer = bed.call("GET", &format!("{}?{query}", builds_of(&bed.app)), Value::Null).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        let name = query.split('=').next().expect("a name");
        assert!(answer.json()["message"].as_str().expect("a text").starts_with(&format!("{name}: ")), "{query}");
    }
}

#[tokio::test]
async fn pages_of_builds_begin_with_the_build_that_next_names() {
    let bed = Bed::new().await;
    six(&bed).await;
    for (order, expected) in [("created_at", [6, 5, 4, 3, 2, 1]), ("running_first", [6, 1, 5, 4, 3, 2])] {
        let (mut found, mut next) = (Vec::new(), Some(String::new()));
        while let Some(slug) = next {
            let list = bed.get(&format!("{}?sort_by={order}&limit=1&next={slug}", builds_of(&bed.app))).await;
            found.extend(numbers(&list));
            assert_eq!(list["paging"]["total_item_count"], 6);
            next = list["paging"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(found, expected, "{order}");
    }
    let elsewhere = another_app(&bed).await;
    let build = a_build(elsewhere.id, "elsewhere");
    builds::start(&bed.world.ports, vec![build.clone()], Vec::new()).await.expect("started");
    let answer = bed.call("GET", &format!("{}?next={}", builds_of(&bed.app), build.uid), Value::Null).await;
    assert_refused(&answer, 400, "next: names no item of this list", "a build of another app");
    assert_eq!(bed.call("GET", &path(&bed.app, &build), Value::Null).await.status, 404);
}

/// One more app of acme's.
async fn another_app(bed: &Bed) -> std::sync::Arc<CiApp> {
    made(&bed.world, |app| {
        app.owner = bed.world.app.owner;
        app.uid = domain::id::Uid::new(app.created_at, &testkit::SeededEntropy::new(9));
    })
    .await
}

#[tokio::test]
async fn the_builds_of_all_apps_are_one_list() {
    let bed = Bed::new().await;
    let other = another_app(&bed).await;
    for (app, name) in [(&bed.app, "b1"), (&other, "b2"), (&bed.app, "b3"), (&other, "b4")] {
        builds::start(&bed.world.ports, vec![a_build(app.id, name)], Vec::new()).await.expect("started");
    }
    let (mut found, mut next) = (Vec::new(), Some(String::new()));
    while let Some(slug) = next {
        let list = bed.get(&format!("/v0.1/builds?limit=1&next={slug}")).await;
        assert_eq!(list["paging"]["total_item_count"], 4);
        found.push((list["data"][0]["repository"]["slug"].clone(), numbers(&list)[0]));
        next = list["paging"]["next"].as_str().map(str::to_owned);
    }
    let (mine, others) = (json!(bed.app.slug()), json!(other.slug()));
    assert_eq!(found, [(others.clone(), 2), (mine.clone(), 2), (others, 1), (mine, 1)]);
    claim(&bed).await;
    let count = async |query: &str| numbers(&bed.get(&format!("/v0.1/builds?{query}")).await).len();
    assert_eq!((count("is_on_hold=false").await, count("is_on_hold=true").await, count("status=1").await), (1, 3, 0));
    let now = bed.world.clock.now();
    let end = BuildEnd { status: BuildStatus::Success, reason: None, at: now };
    let newest = bed.get(&format!("/v0.1/apps/{}/builds?limit=1", other.slug())).await;
    let newest = domain::id::Uid::parse(newest["data"][0]["slug"].as_str().expect("a slug")).expect("a uid");
    let newest = bed.world.ports.store.build(newest).await.expect("reads").expect("a build");
    builds::end(&bed.world.ports, &newest, end).await.expect("ends");
    let list = bed.get("/v0.1/builds").await;
    let statuses: Vec<_> = (0..4)
        .map(|at| (list["data"][at]["status"].as_u64(), list["data"][at]["repository"]["status"].as_i64()))
        .collect();
    let expected = [(1, 1), (0, 0), (0, 1), (0, 0)].map(|(build, app)| (Some(build), Some(app)));
    assert_eq!(statuses, expected, "an app's status is that of its last build");
    let acme = bed.world.ports.directory().account("acme").expect("exists").uid;
    assert_eq!((count(&format!("owner_slug={acme}")).await, count("owner_slug=x").await), (4, 0));
    let mallory = bed.world.token_for("mallory", "repo").await;
    let seen = bed.world.ask(&mallory, "GET", "/v0.1/builds", Value::Null).await.json();
    assert_eq!(seen["data"], json!([]));
}

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
