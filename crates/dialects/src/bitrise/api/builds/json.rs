//! A build as this API shows it (contract bitrise section 4).

use domain::ci::{Build, CiApp, Stage, Target};
use serde::Serialize;
use serde_json::value::RawValue;

use super::links::{commit_page, pull_request_page};
use crate::bitrise::api::times::Seconds;

/// Workflows whose names begin so are parts of others.
const UTILITY: char = '_';

/// A build.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the wire has them")]
pub(in crate::bitrise::api) struct BuildJson {
    triggered_at: Seconds,
    started_on_worker_at: Option<Seconds>,
    /// Executors report the start when they are ready.
    environment_prepare_finished_at: Option<Seconds>,
    finished_at: Option<Seconds>,
    slug: String,
    status: u8,
    status_text: &'static str,
    abort_reason: Option<String>,
    /// No executor has it yet.
    is_on_hold: bool,
    is_processed: bool,
    /// The git host heard of it: it was linked, and not told to keep quiet.
    is_status_sent: bool,
    rebuildable: bool,
    utility: bool,
    branch: Option<String>,
    build_number: u64,
    commit_hash: Option<String>,
    commit_message: Option<String>,
    tag: Option<String>,
    triggered_workflow: String,
    triggered_by: Option<String>,
    machine_type_id: Option<String>,
    stack_identifier: Option<String>,
    original_build_params: Box<RawValue>,
    pipeline_workflow_id: Option<String>,
    pull_request_id: u64,
    pull_request_target_branch: Option<String>,
    pull_request_view_url: Option<String>,
    commit_view_url: Option<String>,
    /// The text of logs, as executors write it.
    log_format: Option<&'static str>,
    /// Nothing is charged for.
    credit_cost: Option<u64>,
}

impl BuildJson {
    /// A build of that app.
    pub(in crate::bitrise::api) fn new(app: &CiApp, build: &Build) -> Self {
        let params = &build.params;
        let ended = build.stage == Stage::Ended;
        Self {
            triggered_at: Seconds(build.triggered_at),
            started_on_worker_at: build.started_at.map(Seconds),
            environment_prepare_finished_at: build.started_at.map(Seconds),
            finished_at: build.finished_at.map(Seconds),
            slug: build.slug(),
            status: build.status.code(),
            status_text: build.status.as_str(),
            abort_reason: build.abort_reason.clone(),
            is_on_hold: build.stage == Stage::Queued,
            is_processed: ended,
            is_status_sent: app.repository.is_some() && !params.skip_git_status_report,
            rebuildable: ended,
            utility: build.target.workflow().is_some_and(|name| name.starts_with(UTILITY)),
            branch: some(&params.branch),
            build_number: build.number,
            commit_hash: some(&params.commit_hash),
            commit_message: some(&params.commit_message),
            tag: some(&params.tag),
            triggered_workflow: name_of(&build.target).to_owned(),
            triggered_by: build.triggered_by.clone(),
            machine_type_id: params.machine_type_id.clone(),
            stack_identifier: params.stack.clone(),
            original_build_params: as_received(&build.original),
            pipeline_workflow_id: build.target.pipeline().map(|_| build.slug()),
            pull_request_id: params.pull_request_id,
            pull_request_target_branch: some(&params.branch_dest),
            pull_request_view_url: pull_request_page(app, params.pull_request_id),
            commit_view_url: commit_page(app, &params.commit_hash),
            log_format: None,
            credit_cost: None,
        }
    }
}

/// The workflow's name, or the pipeline's.
pub(in crate::bitrise::api) fn name_of(target: &Target) -> &str {
    match target {
        Target::Workflow(name) | Target::Pipeline(name) => name,
    }
}

/// What says nothing is `null`.
pub(in crate::bitrise::api) fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Stored JSON, byte for byte; `null` should it not be any.
pub(in crate::bitrise::api) fn as_received(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap_or_default()
}
