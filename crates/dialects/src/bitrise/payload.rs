//! Payloads: builds, as Bitrise tells of them (contract bitrise section 8).

use domain::canonical::{Build, BuildAction, BuildState, Happening};
use domain::ci::BuildStatus;
use domain::dialect::{Draft, Scene};
use serde::Serialize;

use super::events::{BUILD_FINISHED, BUILD_TRIGGERED, PIPELINE_FINISHED, PIPELINE_TRIGGERED};
use crate::json::compact;

/// The messages of one happening: of builds of an app, and of nothing else.
pub(super) fn translate(happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    let (Happening::Build(action, event), Some(app)) = (happening, scene.app) else { return Vec::new() };
    let (of_build, of_pipeline) = match action {
        BuildAction::Triggered => (BUILD_TRIGGERED, PIPELINE_TRIGGERED),
        BuildAction::Finished => (BUILD_FINISHED, PIPELINE_FINISHED),
    };
    let build = &event.build;
    // A build of a pipeline is a build like any other; hooks for pipelines hear of it as such, too.
    let kinds = [Some(of_build), build.pipeline.is_some().then_some(of_pipeline)];
    let kinds = kinds.into_iter().flatten().filter(|kind| wanted(kind)).collect::<Vec<_>>();
    if kinds.is_empty() {
        return Vec::new();
    }
    let slug = app.slug();
    let body = compact(&Payload::of(build, &slug, app.provider.as_str()), 512);
    kinds.into_iter().map(|kind| Draft { kind: kind.into(), action: None, body: body.clone() }).collect()
}

/// The body of either event.
#[derive(Serialize)]
struct Payload<'a> {
    build_slug: &'a str,
    build_number: u64,
    app_slug: &'a str,
    build_status: u8,
    /// Empty when neither a workflow nor a pipeline is named.
    build_triggered_workflow: &'a str,
    git: Git<'a>,
}

/// Where the code is from.
#[derive(Serialize)]
struct Git<'a> {
    provider: &'a str,
    /// Empty for a build of a tag or a commit alone.
    src_branch: &'a str,
    /// Where a pull request goes; for everything else the same as `src_branch`.
    dst_branch: &'a str,
    /// 0 when there is none.
    pull_request_id: u64,
    tag: Option<&'a str>,
}

impl<'a> Payload<'a> {
    fn of(build: &'a Build, app_slug: &'a str, provider: &'a str) -> Self {
        let branch = build.branch.as_deref().unwrap_or_default();
        Self {
            build_slug: &build.id,
            build_number: build.number,
            app_slug,
            build_status: status(build.state).code(),
            build_triggered_workflow: build.workflow.as_deref().or(build.pipeline.as_deref()).unwrap_or_default(),
            git: Git {
                provider: build.provider.as_deref().unwrap_or(provider),
                src_branch: branch,
                dst_branch: build.target_branch.as_deref().unwrap_or(branch),
                pull_request_id: build.pull_request.unwrap_or(0),
                tag: build.tag.as_deref(),
            },
        }
    }
}

/// How a build stands, in the vendor's numbers.
fn status(state: BuildState) -> BuildStatus {
    match state {
        BuildState::Running => BuildStatus::InProgress,
        BuildState::Succeeded => BuildStatus::Success,
        BuildState::Failed => BuildStatus::Error,
        BuildState::Aborted => BuildStatus::Aborted,
        BuildState::AbortedAsSuccess => BuildStatus::AbortedWithSuccess,
    }
}

#[cfg(test)]
mod tests;
