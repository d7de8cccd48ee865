//! What executors ask and report: give me a build, I take this one, it is over.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use domain::ci::{AppRole, Build, BuildSecret, BuildStatus, CiApp, ClaimBuild, Stage};
use domain::id::{BuildId, CiAppId};
use tokio::time::sleep;

use super::build_json::{BuildJson, WorkJson, stage};
use super::{OWN_EXECUTOR, end, find, has_ended, status};
use crate::standard::api::apps::{managed, need_scope, roles};
use crate::standard::api::caller::Caller;
use crate::standard::api::errors::Reject;
use crate::standard::api::fields::Fields;
use crate::standard::api::request::{JsonBody, Names};
use crate::standard::api::{Answer, Api, Context};

/// Longest name of an executor, in bytes.
const MAX_EXECUTOR: usize = 100;
/// Longest an executor may wait for a build, in seconds.
const MAX_WAIT: u64 = 30;
/// How often is looked for one meanwhile.
const LOOK: Duration = Duration::from_secs(1);
/// Answers show secrets: no cache keeps them.
const SECRET: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// Gives the caller a queued build: of the apps it names, or of all it develops. 204: there is none.
pub(crate) async fn claim(State(context): Api, caller: Caller, JsonBody(mut body): JsonBody) -> Answer<Response> {
    let executor = executor(&mut body)?;
    let named: Option<Vec<String>> = body.optional("apps")?;
    let wait: u64 = body.optional("wait_seconds")?.unwrap_or(0);
    body.finish()?;
    if wait > MAX_WAIT {
        return Err(Reject::invalid("wait_seconds", format!("must be at most {MAX_WAIT}")));
    }
    // Told at once: waiting for builds that never come would hide that the token is the wrong one.
    need_scope(&caller, true)?;
    let apps = apps(&context, &caller, named)?;
    // A claim is never cut short, or a build would be given to nobody: who goes away does so between two of them.
    for looked in 0..=wait {
        if looked > 0 {
            sleep(LOOK).await;
        }
        if let Some((app, build, secrets)) = take(&context, apps.clone(), None, &executor).await? {
            tracing::info!(
                build = build.id.0,
                executor,
                user = caller.0.user.login,
                "a build was given to an executor"
            );
            return Ok((SECRET, Json(WorkJson::new(&context, &app, &build, &secrets))).into_response());
        }
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Gives the caller this very build, if nobody has it.
pub(crate) async fn start(
    State(context): Api,
    caller: Caller,
    Names(slug): Names<String>,
    JsonBody(mut body): JsonBody,
) -> Answer<impl IntoResponse> {
    let (app, build) = find(&context, &caller, &slug, AppRole::Developer).await?;
    let executor = executor(&mut body)?;
    body.finish()?;
    let taken = take(&context, vec![app.id], Some(build.id), &executor).await?;
    let Some((app, build, secrets)) = taken else {
        let now = find(&context, &caller, &slug, AppRole::Developer).await?.1;
        return Err(match now.stage {
            Stage::Ended => has_ended(&now),
            Stage::Queued | Stage::Running => {
                let who = now.executor.as_deref().unwrap_or("somebody");
                Reject::conflict(format!("the build was started before, by {who}"))
            }
        });
    };
    Ok((SECRET, Json(WorkJson::new(&context, &app, &build, &secrets))))
}

/// Ends a build that runs elsewhere.
pub(crate) async fn finish(
    State(context): Api,
    caller: Caller,
    Names(slug): Names<String>,
    JsonBody(mut body): JsonBody,
) -> Answer<Json<BuildJson>> {
    let (app, build) = find(&context, &caller, &slug, AppRole::Developer).await?;
    let status = status(&body.required::<String>("status")?).ok().filter(|status| *status != BuildStatus::InProgress);
    let reason = body.text("reason")?;
    body.finish()?;
    let status =
        status.ok_or_else(|| Reject::invalid("status", "must be success, error, aborted or aborted-with-success"))?;
    reported(&build)?;
    let build = end(&context, &build, status, reason).await?;
    Ok(Json(BuildJson::new(&context, &app, &build)))
}

/// May somebody outside report on this build? It must have been given to somebody outside.
pub(super) fn reported(build: &Build) -> Answer<()> {
    match build.stage {
        Stage::Ended => Err(has_ended(build)),
        Stage::Queued => Err(Reject::conflict(format!("the build is {}: start it first", stage(build.stage)))),
        Stage::Running if build.executor.as_deref() == Some(OWN_EXECUTOR) => {
            Err(Reject::conflict("the build is run by the server itself"))
        }
        Stage::Running => Ok(()),
    }
}

fn executor(body: &mut Fields) -> Answer<String> {
    let name = body.text("executor")?.ok_or_else(|| Reject::invalid("executor", "is missing"))?;
    if name.len() > MAX_EXECUTOR || name == OWN_EXECUTOR {
        let rule = format!("must be a name of at most {MAX_EXECUTOR} bytes, and not {OWN_EXECUTOR:?}");
        return Err(Reject::invalid("executor", rule));
    }
    Ok(name)
}

/// Whose builds the caller may take.
fn apps(context: &Context, caller: &Caller, named: Option<Vec<String>>) -> Answer<Vec<CiAppId>> {
    match named {
        None => {
            let developed = roles(context, caller).filter(|(_, role)| *role >= AppRole::Developer);
            Ok(developed.map(|(app, _)| app.id).collect())
        }
        Some(slugs) => slugs
            .iter()
            .map(|slug| Ok(managed(context, caller, slug, AppRole::Developer).map_err(|no| no.at("apps"))?.0.id))
            .collect(),
    }
}

type Taken = (Arc<CiApp>, Arc<Build>, Vec<BuildSecret>);

async fn take(context: &Context, apps: Vec<CiAppId>, only: Option<BuildId>, executor: &str) -> Answer<Option<Taken>> {
    let now = context.ports.clock.now();
    let claim = ClaimBuild { apps: Some(apps), only, executor: executor.to_owned(), local: false, now };
    let Some((build, secrets)) = context.ports.store.claim_build(claim).await? else { return Ok(None) };
    let app = context.ports.directory().ci_app_by_id(build.app);
    let app = app.ok_or_else(|| Reject::not_found("the app of the build is gone"))?;
    Ok(Some((app, build, secrets)))
}
