//! `GET /builds`: the builds of all apps the caller has to do with.

use std::collections::HashMap;
use std::sync::Arc;

use domain::ci::{Build, BuildFilter, CiApp, Stage};
use domain::id::CiAppId;
use serde::Serialize;

use super::filter::{Query, from};
use super::json::BuildJson;
use super::listed;
use crate::bitrise::api::apps::json::AppJson;
use crate::bitrise::api::apps::{OwnerFilter, known_apps, last_builds};
use crate::bitrise::api::call::Call;
use crate::bitrise::api::errors::{Reject, Reply};
use crate::bitrise::api::paging::{Page, Wanted};

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
    let apps: HashMap<CiAppId, Arc<CiApp>> = apps.into_iter().map(|app| (app.id, app)).collect();
    let ids: Vec<_> = apps.keys().copied().collect();
    let filter = BuildFilter { status, stage, from: from(&wanted)?, limit: wanted.limit, ..BuildFilter::default() };
    let found = listed(call.shared.ports.store.builds_of(&ids, filter).await)?;
    let mut of_page: Vec<_> = found.builds.iter().map(|build| build.app).collect();
    of_page.sort_unstable();
    of_page.dedup();
    // The status of an app is that of its last build, which may be on another page.
    let last = last_builds(&call, &of_page).await?;
    let placed = |build: &Arc<Build>| {
        let app = apps.get(&build.app)?;
        let repository = AppJson::new(call.shared.ports.directory(), app, last.get(&app.id).map(|build| &**build));
        Some(Placed { build: BuildJson::new(app, build), repository })
    };
    let shown = found.builds.iter().filter_map(placed).collect();
    Ok(Reply::ok(wanted.page(shown, found.total, found.next.map(|uid| uid.to_string()))))
}

/// What waits, or what runs.
fn stage_of(on_hold: bool) -> Stage {
    if on_hold { Stage::Queued } else { Stage::Running }
}
