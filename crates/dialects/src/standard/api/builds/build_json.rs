//! Builds as they are answered.

use std::sync::Arc;

use domain::ci::{Build, BuildSecret, CiApp, Environment, Stage};
use domain::flow::builds::url_of;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::bitrise::build_variables;
use crate::standard::api::Context;

/// A build.
#[derive(Debug, Serialize)]
pub(crate) struct BuildJson {
    slug: String,
    app: String,
    number: u64,
    status: &'static str,
    stage: &'static str,
    workflow: Option<String>,
    pipeline: Option<String>,
    branch: String,
    tag: String,
    commit: String,
    message: String,
    pull_request: u64,
    triggered_by: Option<String>,
    executor: Option<String>,
    reason: Option<String>,
    triggered_at: String,
    started_at: Option<String>,
    finished_at: Option<String>,
    url: String,
}

impl BuildJson {
    /// As everybody sees it who may see it.
    pub(super) fn new(context: &Context, app: &CiApp, build: &Build) -> Self {
        let params = &build.params;
        Self {
            slug: build.slug(),
            app: app.slug(),
            number: build.number,
            status: build.status.as_str(),
            stage: stage(build.stage),
            workflow: build.target.workflow().map(str::to_owned),
            pipeline: build.target.pipeline().map(str::to_owned),
            branch: params.branch.clone(),
            tag: params.tag.clone(),
            commit: params.commit_hash.clone(),
            message: params.commit_message.clone(),
            pull_request: params.pull_request_id,
            triggered_by: build.triggered_by.clone(),
            executor: build.executor.clone(),
            reason: build.abort_reason.clone(),
            triggered_at: build.triggered_at.rfc3339_millis(),
            started_at: build.started_at.map(Timestamp::rfc3339_millis),
            finished_at: build.finished_at.map(Timestamp::rfc3339_millis),
            url: url_of(&context.ports, app, build),
        }
    }
}

/// Where a build is on its way.
pub(super) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "queued",
        Stage::Running => "running",
        Stage::Ended => "ended",
    }
}

/// A build as its executor gets it: all it needs to run.
#[derive(Debug, Serialize)]
pub(crate) struct WorkJson {
    #[serde(flatten)]
    build: BuildJson,
    repo_url: String,
    /// The app's `bitrise.yml`.
    config: Option<Arc<str>>,
    /// The parameters as they came.
    params: Option<Box<RawValue>>,
    environment: Vec<Variable>,
    secrets: Vec<Variable>,
}

/// A variable for a build.
#[derive(Debug, Serialize)]
struct Variable {
    key: String,
    value: String,
    is_expand: bool,
}

impl WorkJson {
    /// The only answer that shows a build's secrets.
    pub(super) fn new(context: &Context, app: &CiApp, build: &Build, secrets: &[BuildSecret]) -> Self {
        let page = url_of(&context.ports, app, build);
        let own = build_variables(app, build, &page, None).into_iter();
        let own = own.map(|(key, value)| Variable { key, value, is_expand: false });
        let given = build.params.environments.iter().cloned();
        let given =
            given.map(|Environment { mapped_to, value, is_expand }| Variable { key: mapped_to, value, is_expand });
        let secret = |secret: &BuildSecret| Variable {
            key: secret.key.clone(),
            value: secret.value.expose().to_owned(),
            is_expand: secret.is_expand,
        };
        Self {
            build: BuildJson::new(context, app, build),
            repo_url: app.repo_url.clone(),
            config: app.config.clone(),
            params: RawValue::from_string(build.original.to_string()).ok(),
            environment: own.chain(given).collect(),
            secrets: secrets.iter().map(secret).collect(),
        }
    }
}
