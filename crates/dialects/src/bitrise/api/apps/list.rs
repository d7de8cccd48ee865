//! Apps as lists and one by one, and what was built of them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use domain::ci::{AppRole, Build, CiApp};
use domain::id::{CiAppId, Uid};

use super::json::AppJson;
use crate::bitrise::api::call::Call;
use crate::bitrise::api::errors::{Data, Reject, Reply};
use crate::bitrise::api::paging::{Page, Wanted};
use crate::http::Asked;

/// Most branches listed.
const MAX_BRANCHES: usize = 1_000;

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// What was built last goes first; what was never built goes by when it was made.
    LastBuild,
    /// The newest first.
    Created,
}

/// Lists the apps the caller has to do with.
pub(super) async fn list(call: Call) -> Result<Reply<Page<AppJson>>, Reject> {
    page(&call, known_apps(&call, &OwnerFilter::Any)).await
}

/// Lists those of one account.
pub(super) async fn of_owner(call: Call) -> Result<Reply<Page<AppJson>>, Reject> {
    let owner = call.slug("owner")?;
    let known = call.shared.ports.directory().account_by_uid(owner).ok_or_else(Reject::not_found)?;
    page(&call, known_apps(&call, &OwnerFilter::Of(known.uid))).await
}

async fn page(call: &Call, apps: Vec<Arc<CiApp>>) -> Result<Reply<Page<AppJson>>, Reject> {
    let wanted = Wanted::by(&call.asked)?;
    let order = match call.asked.query("sort_by").filter(|text| !text.is_empty()) {
        None | Some("last_build_at") => Order::LastBuild,
        Some("created_at") => Order::Created,
        Some(_) => return Err(Reject::bad("sort_by: must be one of last_build_at, created_at")),
    };
    let given = |name| call.asked.query(name).filter(|text| !text.is_empty());
    let title = given("title").map(str::to_lowercase);
    let kind = given("project_type");
    let named = |app: &CiApp| title.as_ref().is_none_or(|part| app.title.to_lowercase().contains(part));
    let of_kind = |app: &CiApp| kind.is_none_or(|kind| app.project_type.as_deref() == Some(kind));
    let mut apps: Vec<_> = apps.into_iter().filter(|app| named(app) && of_kind(app)).collect();
    let ids: Vec<_> = apps.iter().map(|app| app.id).collect();
    let last = last_builds(call, &ids).await?;
    apps.sort_by_key(|app| {
        let built = last.get(&app.id).filter(|_| order == Order::LastBuild);
        Reverse((built.map(|build| build.triggered_at), app.created_at, app.id))
    });
    let directory = call.shared.ports.directory();
    let show = |app: &Arc<CiApp>| AppJson::new(directory, app, last.get(&app.id).map(|build| &**build));
    Ok(Reply::ok(wanted.of(&apps, |app| app.slug(), show)?))
}

/// Shows an app.
pub(super) async fn show(call: Call) -> Result<Reply<Data<AppJson>>, Reject> {
    let app = call.app(AppRole::Tester)?;
    let last = last_builds(&call, &[app.id]).await?;
    let last = last.get(&app.id).map(|build| &**build);
    Ok(Reply::ok(Data { data: AppJson::new(call.shared.ports.directory(), &app, last) }))
}

/// Lists the branches that were built, the last one first.
pub(super) async fn branches(call: Call) -> Result<Reply<Data<Vec<String>>>, Reject> {
    let app = call.app(AppRole::Tester)?;
    Ok(Reply::ok(Data { data: call.shared.ports.store.branches_of(app.id, MAX_BRANCHES).await? }))
}

/// Lists the workflows that can be triggered: those of the configuration that are no parts of others.
pub(super) async fn workflows(call: Call) -> Result<Reply<Data<Vec<String>>>, Reject> {
    let app = call.app(AppRole::Tester)?;
    Ok(Reply::ok(Data { data: super::config::workflows(&app) }))
}

/// The newest build of each of these apps.
pub(in crate::bitrise::api) async fn last_builds(
    call: &Call,
    apps: &[CiAppId],
) -> Result<HashMap<CiAppId, Arc<Build>>, Reject> {
    let builds = call.shared.ports.store.last_builds(apps).await?;
    Ok(builds.into_iter().map(|build| (build.app, build)).collect())
}

/// Whose apps are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bitrise::api) enum OwnerFilter {
    /// Anybody's.
    Any,
    /// Those of this account.
    Of(Uid),
    /// Of somebody who does not exist.
    Nobody,
}

impl OwnerFilter {
    /// Reads `owner_slug`.
    pub(in crate::bitrise::api) fn by(asked: &Asked) -> Self {
        match asked.query("owner_slug").filter(|text| !text.is_empty()) {
            None => Self::Any,
            Some(slug) => Uid::parse(slug).map_or(Self::Nobody, Self::Of),
        }
    }
}

/// The apps a caller has to do with, by id. That everyone may look at one is not enough: it would fill the lists of all.
pub(in crate::bitrise::api) fn known_apps(call: &Call, whose: &OwnerFilter) -> Vec<Arc<CiApp>> {
    let directory = call.shared.ports.directory();
    let owner = match whose {
        OwnerFilter::Any => None,
        OwnerFilter::Of(uid) => match directory.account_by_uid(*uid) {
            Some(owner) => Some(owner.id),
            None => return Vec::new(),
        },
        OwnerFilter::Nobody => return Vec::new(),
    };
    let apps = owner.map_or_else(|| directory.ci_apps(), |owner| directory.ci_apps_of(owner));
    let me = call.me.user.id;
    let knows = |app: &CiApp| match directory.app_role(app, me) {
        None => false,
        Some(AppRole::Tester) => !app.is_public || owner.is_some() || directory.role(app.owner, me).is_some(),
        Some(AppRole::Developer | AppRole::Admin | AppRole::Owner) => true,
    };
    apps.into_iter().filter(|app| knows(app) && call.reaches(app.is_public)).collect()
}
