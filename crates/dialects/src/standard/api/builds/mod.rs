//! `/api/v1/builds`: builds as people and executors see them (docs/builds.md).

mod build_json;
mod executors;
mod log;
mod trigger;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::ci::{AppRole, Build, BuildEnd, BuildFilter, BuildStatus, CiApp, Ended};
use domain::flow::builds as flow;
use domain::id::Uid;
use serde::{Deserialize, Serialize};

use super::apps::{managed, visible};
use super::caller::Caller;
use super::errors::Reject;
use super::request::{JsonBody, Names, Params};
use super::{Answer, Api, Context};

use build_json::BuildJson;
pub(crate) use executors::{claim, finish, start};
pub(crate) use log::{append, read};
pub(crate) use trigger::trigger;

/// What `executor` shows for builds that the server itself runs; others cannot call themselves so.
const OWN_EXECUTOR: &str = "command";
/// Builds per page unless asked for otherwise, and at most.
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// Which builds.
#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    app: Option<String>,
    branch: Option<String>,
    workflow: Option<String>,
    commit: Option<String>,
    status: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// A page of builds. Unlike elsewhere, the cursor names the first build of the next page.
#[derive(Debug, Serialize)]
pub(crate) struct Builds {
    items: Vec<BuildJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists the builds of an app, newest first.
pub(crate) async fn list(State(context): Api, caller: Caller, Params(which): Params<Which>) -> Answer<Json<Builds>> {
    let slug = which.app.ok_or_else(|| Reject::bad_request("say whose: ?app=SLUG").at("app"))?;
    let (app, _) = visible(&context, &caller, &slug)?;
    let cursor = |text: String| Uid::parse(&text).ok_or_else(unknown_cursor);
    let filter = BuildFilter {
        branch: which.branch,
        workflow: which.workflow,
        commit: which.commit,
        status: which.status.map(|text| status(&text).map_err(|problem| problem.at("status"))).transpose()?,
        from: which.cursor.map(cursor).transpose()?,
        limit: limit(which.limit.as_deref())?,
        ..BuildFilter::default()
    };
    let page = context.ports.store.builds(app.id, filter).await.map_err(|error| match error {
        domain::ports::StoreError::NotFound => unknown_cursor(),
        other => other.into(),
    })?;
    let items = page.builds.iter().map(|build| BuildJson::new(&context, &app, build)).collect();
    Ok(Json(Builds { items, next: page.next.map(|uid| uid.to_string()) }))
}

fn unknown_cursor() -> Reject {
    Reject::bad_request("is not a cursor that was given out").at("cursor")
}

fn limit(text: Option<&str>) -> Answer<usize> {
    let Some(text) = text else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| Reject::bad_request("must be a number from 1 to 200").at("limit"))
}

/// A status by its word.
fn status(text: &str) -> Answer<BuildStatus> {
    BuildStatus::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
        let words: Vec<_> = BuildStatus::ALL.iter().map(|status| status.as_str()).collect();
        Reject::bad_request(format!("must be one of {}", words.join(", ")))
    })
}

/// Shows a build.
pub(crate) async fn show(State(context): Api, caller: Caller, Names(slug): Names<String>) -> Answer<Json<BuildJson>> {
    let (app, build) = find(&context, &caller, &slug, AppRole::Tester).await?;
    Ok(Json(BuildJson::new(&context, &app, &build)))
}

/// Stops a build: queued, it never starts; running, its executor is told.
pub(crate) async fn abort(
    State(context): Api,
    caller: Caller,
    Names(slug): Names<String>,
    JsonBody(mut body): JsonBody,
) -> Answer<Json<BuildJson>> {
    let (app, build) = find(&context, &caller, &slug, AppRole::Developer).await?;
    let reason = body.text("reason")?;
    let as_success = body.optional("success")?.unwrap_or(false);
    body.finish()?;
    let status = if as_success { BuildStatus::AbortedWithSuccess } else { BuildStatus::Aborted };
    let build = end(&context, &build, status, reason).await?;
    tracing::info!(build = build.id.0, user = caller.0.user.login, "build {} was aborted", build.uid);
    Ok(Json(BuildJson::new(&context, &app, &build)))
}

/// Ends a build that has not ended.
async fn end(context: &Context, build: &Build, status: BuildStatus, reason: Option<String>) -> Answer<Arc<Build>> {
    let end = BuildEnd { status, reason, at: context.ports.clock.now() };
    match flow::end(&context.ports, build, end).await? {
        Ended::Now(build) => Ok(build),
        Ended::Before(build) => Err(has_ended(&build)),
    }
}

fn has_ended(build: &Build) -> Reject {
    Reject::conflict(format!("the build has ended before: {}", build.status.as_str()))
}

/// The build of that slug and its app, if the caller's role in the app reaches that far.
async fn find(context: &Context, caller: &Caller, slug: &str, least: AppRole) -> Answer<(Arc<CiApp>, Arc<Build>)> {
    let unknown = || Reject::not_found("there is no such build");
    let uid = Uid::parse(slug).ok_or_else(unknown)?;
    let build = context.ports.store.build(uid).await?.ok_or_else(unknown)?;
    let app = context.ports.directory().ci_app_by_id(build.app).ok_or_else(unknown)?;
    let allowed = managed(context, caller, &app.slug(), least);
    let (app, _) = allowed.map_err(|refusal| match refusal.status() {
        axum::http::StatusCode::NOT_FOUND => unknown(),
        _ => refusal,
    })?;
    Ok((app, build))
}
