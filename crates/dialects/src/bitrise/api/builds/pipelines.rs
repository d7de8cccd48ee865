//! `/apps/{app}/pipelines`: pipelines and builds side by side. One of our builds runs a whole pipeline.

use std::sync::Arc;

use domain::ci::{AppRole, Build, BuildFilter, BuildStatus, CiApp, Stage};
use serde::Serialize;
use serde_json::value::RawValue;

use super::abort::{Done, stop};
use super::filter::{Query, common};
use super::json::{as_received, name_of, some};
use super::{build_of, page_of};
use crate::bitrise::api::call::{Call, RawBody};
use crate::bitrise::api::errors::{Reject, Reply};
use crate::bitrise::api::paging::{Page, Wanted};
use crate::bitrise::api::times::Seconds;

/// How a pipeline stands, in words.
const STATUSES: [(&str, (BuildStatus, Option<Stage>)); 6] = [
    ("on_hold", (BuildStatus::InProgress, Some(Stage::Queued))),
    ("running", (BuildStatus::InProgress, Some(Stage::Running))),
    ("succeeded", (BuildStatus::Success, None)),
    ("failed", (BuildStatus::Error, None)),
    ("aborted", (BuildStatus::Aborted, None)),
    ("succeeded_with_abort", (BuildStatus::AbortedWithSuccess, None)),
];

fn status_of(build: &Build) -> &'static str {
    let fits = |(status, stage): (BuildStatus, Option<Stage>)| {
        build.status == status && stage.is_none_or(|stage| build.stage == stage)
    };
    STATUSES.iter().find(|(_, meant)| fits(*meant)).map_or("running", |(word, _)| *word)
}

/// A pipeline, or a build that belongs to none, in a list.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the wire has them")]
pub(super) struct ItemJson {
    slug: String,
    is_pipeline: bool,
    status: &'static str,
    build_number: u64,
    triggered_workflow: String,
    triggered_by: Option<String>,
    triggered_at: Seconds,
    started_at: Option<Seconds>,
    finished_at: Option<Seconds>,
    is_on_hold: bool,
    is_processed: bool,
    rebuildable: bool,
    branch: Option<String>,
    tag: Option<String>,
    commit_hash: Option<String>,
    commit_message: Option<String>,
    pull_request_id: u64,
    pull_request_target_branch: Option<String>,
    credit_cost: Option<u64>,
}

impl ItemJson {
    fn new(build: &Build) -> Self {
        let (params, ended) = (&build.params, build.stage == Stage::Ended);
        Self {
            slug: build.slug(),
            is_pipeline: build.target.pipeline().is_some(),
            status: status_of(build),
            build_number: build.number,
            triggered_workflow: name_of(&build.target).to_owned(),
            triggered_by: build.triggered_by.clone(),
            triggered_at: Seconds(build.triggered_at),
            started_at: build.started_at.map(Seconds),
            finished_at: build.finished_at.map(Seconds),
            is_on_hold: build.stage == Stage::Queued,
            is_processed: ended,
            rebuildable: ended,
            branch: some(&params.branch),
            tag: some(&params.tag),
            commit_hash: some(&params.commit_hash),
            commit_message: some(&params.commit_message),
            pull_request_id: params.pull_request_id,
            pull_request_target_branch: some(&params.branch_dest),
            credit_cost: None,
        }
    }
}

/// Lists pipelines and builds of an app, the newest first.
pub(super) async fn list(call: Call) -> Result<Reply<Page<ItemJson>>, Reject> {
    let app = call.app(AppRole::Tester)?;
    let wanted = Wanted::by(&call.asked)?;
    let state = Query(&call.asked).one_of("status", &STATUSES)?;
    let filter = BuildFilter {
        status: state.map(|(status, _)| status),
        stage: state.and_then(|(_, stage)| stage),
        ..common(&call.asked, &wanted)?
    };
    let found = page_of(&call, &app, filter).await?;
    let shown = found.builds.iter().map(|build| ItemJson::new(build)).collect();
    Ok(Reply::ok(wanted.page(shown, found.total, found.next.map(|uid| uid.to_string()))))
}

/// A pipeline by itself.
#[derive(Debug, Serialize)]
pub(super) struct PipelineJson {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    status: &'static str,
    abort_reason: Option<String>,
    app: AppRef,
    number_in_app_scope: u64,
    triggered_by: Option<String>,
    triggered_at: Seconds,
    put_on_hold_at: Option<Seconds>,
    started_at: Option<Seconds>,
    finished_at: Option<Seconds>,
    rebuildable: bool,
    trigger_params: Box<RawValue>,
    credit_cost: Option<u64>,
}

/// The app a pipeline is of.
#[derive(Debug, Serialize)]
struct AppRef {
    slug: String,
}

/// Shows a pipeline.
pub(super) async fn show(call: Call) -> Result<Reply<PipelineJson>, Reject> {
    let (app, build) = pipeline_of(&call, AppRole::Tester).await?;
    Ok(Reply::ok(PipelineJson {
        id: build.slug(),
        kind: "pipeline",
        name: name_of(&build.target).to_owned(),
        status: status_of(&build),
        abort_reason: build.abort_reason.clone(),
        app: AppRef { slug: app.slug() },
        number_in_app_scope: build.number,
        triggered_by: build.triggered_by.clone(),
        triggered_at: Seconds(build.triggered_at),
        put_on_hold_at: (build.stage == Stage::Queued).then_some(Seconds(build.triggered_at)),
        started_at: build.started_at.map(Seconds),
        finished_at: build.finished_at.map(Seconds),
        rebuildable: build.stage == Stage::Ended,
        trigger_params: as_received(&build.original),
        credit_cost: None,
    }))
}

/// Stops a pipeline.
pub(super) async fn abort(call: Call, body: RawBody) -> Result<Reply<Done>, Reject> {
    let (_, build) = pipeline_of(&call, AppRole::Developer).await?;
    stop(&call.shared.ports, &build, &body).await
}

/// The build that the path names, if it runs a pipeline.
async fn pipeline_of(call: &Call, least: AppRole) -> Result<(Arc<CiApp>, Arc<Build>), Reject> {
    let (app, build) = build_of(call, least).await?;
    if build.target.pipeline().is_none() {
        return Err(Reject::not_found());
    }
    Ok((app, build))
}
