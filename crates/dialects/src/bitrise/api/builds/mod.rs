//! Builds: listed, shown, stopped, and their logs (contract bitrise section 4). Starting one is elsewhere.

mod abort;
mod everywhere;
mod filter;
pub(super) mod json;
pub(super) mod links;
mod log;
mod pipelines;

use std::sync::Arc;

use axum::routing::{get, post};
use domain::ci::{AppRole, Build, BuildFilter, BuildPage, CiApp};
use domain::ports::{StoreError, Stored};

use super::Table;
use super::call::Call;
use super::errors::{Data, Reject, Reply};
use super::paging::{Page, Wanted, unknown_next};
use json::BuildJson;

/// The paths of builds.
pub(super) fn table() -> Table {
    vec![
        ("/builds", get(everywhere::list)),
        ("/apps/{app}/builds", get(list)),
        ("/apps/{app}/builds/{build}", get(show)),
        ("/apps/{app}/builds/{build}/abort", post(abort::abort)),
        ("/apps/{app}/builds/{build}/log", get(log::show)),
        ("/apps/{app}/builds/{build}/log/raw", get(log::raw)),
        ("/apps/{app}/pipelines", get(pipelines::list)),
        ("/apps/{app}/pipelines/{build}", get(pipelines::show)),
        ("/apps/{app}/pipelines/{build}/abort", post(pipelines::abort)),
    ]
}

/// Lists builds of an app: the newest first, unless asked for otherwise.
async fn list(call: Call) -> Result<Reply<Page<BuildJson>>, Reject> {
    let app = call.app(AppRole::Tester)?;
    let wanted = Wanted::by(&call.asked)?;
    let found = page_of(&call, &app, filter::filter(&call.asked, &wanted)?).await?;
    let shown = found.builds.iter().map(|build| BuildJson::new(&app, build)).collect();
    Ok(Reply::ok(wanted.page(shown, found.total, found.next.map(|uid| uid.to_string()))))
}

/// Shows a build.
async fn show(call: Call) -> Result<Reply<Data<BuildJson>>, Reject> {
    let (app, build) = build_of(&call, AppRole::Tester).await?;
    Ok(Reply::ok(Data { data: BuildJson::new(&app, &build) }))
}

/// The app and the build that the path names, for a caller whose role in the app reaches that far.
async fn build_of(call: &Call, least: AppRole) -> Result<(Arc<CiApp>, Arc<Build>), Reject> {
    let app = call.app(least)?;
    let build = call.shared.ports.store.build(call.slug("build")?).await?;
    let build = build.filter(|build| build.app == app.id).ok_or_else(Reject::not_found)?;
    Ok((app, build))
}

/// A page of an app's builds.
async fn page_of(call: &Call, app: &CiApp, filter: BuildFilter) -> Result<BuildPage, Reject> {
    listed(call.shared.ports.store.builds(app.id, filter).await)
}

/// A page, or why there is none.
fn listed(found: Stored<BuildPage>) -> Result<BuildPage, Reject> {
    // What the page was to begin with is no build of the list's apps.
    found.map_err(|error| if matches!(error, StoreError::NotFound) { unknown_next() } else { error.into() })
}
