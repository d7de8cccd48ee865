//! `GET /builds`: the builds of all apps the caller has to do with.

use std::cmp::Reverse;

use domain::ci::{Build, BuildFilter, CiApp, Stage};
use serde::Serialize;

use super::filter::{Query, from};
use super::json::BuildJson;
use crate::bitrise::api::apps::json::AppJson;
use crate::bitrise::api::apps::{OwnerFilter, known_apps};
use crate::bitrise::api::call::Call;
use crate::bitrise::api::errors::{Reject, Reply};
use crate::bitrise::api::paging::{Page, Wanted, unknown_next};

/// A build, and the app it is of.
#[derive(Debug, Serialize)]
pub(super) struct Placed {
    #[serde(flatten)]
    build: BuildJson,
    repository: AppJson,
}

/// Lists builds, the newest first. `is_on_hold` tells those no executor has from those that run.
pub(super) async fn list(call: Call) -> Result<Reply<Page<Placed>>, Reject> {
    let wanted = Wanted::by(&call.asked)?;
    let query = Query(&call.asked);
    let status = query.status()?;
    let stage = query.parsed("is_on_hold", "must be true or false")?.map(stage_of);
    let apps = known_apps(&call, &OwnerFilter::by(&call.asked));
    let store = &call.shared.ports.store;
    let first = match from(&wanted)? {
        Some(uid) => Some(store.build(uid).await?.ok_or_else(unknown_next)?),
        None => None,
    };
    let up_to = first.as_ref().map(|first| first.id);
    let (mut found, mut total) = (Vec::new(), 0);
    for app in apps {
        let filter = BuildFilter { status, stage, up_to, limit: wanted.limit + 1, ..BuildFilter::default() };
        let page = store.builds(app.id, filter).await?;
        total += page.total;
        found.extend(page.builds.into_iter().map(|build| (app.clone(), build)));
    }
    found.sort_by_key(|(_, build)| Reverse(build.id));
    if first.is_some_and(|first| found.first().is_none_or(|(_, build)| build.id != first.id)) {
        return Err(unknown_next());
    }
    let next = found.get(wanted.limit).map(|(_, build)| build.slug());
    let shown = found.iter().take(wanted.limit).map(|(app, build)| placed(&call, app, build));
    Ok(Reply::ok(wanted.page(shown.collect(), total, next)))
}

/// What waits, or what runs.
fn stage_of(on_hold: bool) -> Stage {
    if on_hold { Stage::Queued } else { Stage::Running }
}

fn placed(call: &Call, app: &CiApp, build: &Build) -> Placed {
    let directory = call.shared.ports.directory();
    Placed { build: BuildJson::new(app, build), repository: AppJson::new(directory, app, Some(build)) }
}
