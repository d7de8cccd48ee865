//! Builds: lists, single ones, logs and their end (contract bitrise section 4).

mod ending;
mod lists;
mod single;

use std::time::Duration;

use domain::ci::{BuildEnd, BuildStatus, CiApp, ClaimBuild, Ended, NewBuild, Target};
use domain::flow::builds;
use domain::ports::Clock as _;
use serde_json::{Value, json};
use testkit::a_build;

use super::Bed;

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
