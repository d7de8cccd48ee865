//! Repositories: lists, one, and its making, changing and end.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::account::{Account, OrgRole, Permission, Principal, Repository, Scope};
use domain::directory::Located;
use domain::id::AccountId;

use super::super::call::{Call, RawBody};
use super::super::errors::ApiError;
use super::super::json::Object;
use super::super::paging::{paginate, with_links};
use super::super::repository_events::{tell_changes, tell_created, tell_deleted};
use super::super::repository_fields::{RepositoryFields, new_repository};
use super::super::repository_json::{full, item};

/// `GET /user/repos`: everything the caller was given a part in.
pub(super) async fn mine(call: Call) -> Result<Response, ApiError> {
    let me = call.myself()?;
    let directory = call.app.ports.directory();
    let mut found = BTreeMap::new();
    let mut owners: Vec<AccountId> = directory.organizations_of(me.user.id).iter().map(|account| account.id).collect();
    owners.push(me.user.id);
    let owned = owners.into_iter().flat_map(|owner| directory.repositories_of(owner));
    for repository in owned.chain(directory.collaborations_of(me.user.id)) {
        found.insert(repository.id, repository);
    }
    Ok(page(&call, &found.into_values().collect::<Vec<_>>()))
}

/// `GET /users/{login}/repos`
pub(super) async fn of_user(call: Call) -> Result<Response, ApiError> {
    let owner = call.account("login")?;
    Ok(page(&call, &call.app.ports.directory().repositories_of(owner.id)))
}

/// `GET /orgs/{org}/repos`
pub(super) async fn of_organization(call: Call) -> Result<Response, ApiError> {
    let owner = call.organization()?;
    Ok(page(&call, &call.app.ports.directory().repositories_of(owner.id)))
}

/// Those of the repositories that the caller may see, page by page.
fn page(call: &Call, repositories: &[Arc<Repository>]) -> Response {
    let directory = call.app.ports.directory();
    let located = repositories.iter().filter_map(|repository| directory.locate_by_id(repository.id));
    let seen = located.filter_map(|found| call.permission(&found).map(|level| (found, level))).collect();
    let (page, links): (Vec<(Located, Permission)>, _) = paginate(call, seen);
    let whole: Vec<Object> = page.iter().map(|(found, level)| item(&call.links, found, *level)).collect();
    with_links(Json(whole).into_response(), &links)
}

/// `GET /repos/{owner}/{repo}`
pub(super) async fn get(call: Call) -> Result<Json<Object>, ApiError> {
    let (found, level) = call.repository()?;
    Ok(Json(full(&call, &found, level)))
}

/// `POST /user/repos`
pub(super) async fn create_mine(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let me = call.myself()?;
    create(&call, me, &me.user, &body).await
}

/// `POST /orgs/{org}/repos`
pub(super) async fn create_in_organization(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let me = call.asked.principal.as_ref().ok_or(ApiError::NotFound)?;
    let owner = call.organization()?;
    match call.app.ports.directory().role(owner.id, me.user.id) {
        Some(OrgRole::Owner) => create(&call, me, &owner, &body).await,
        Some(OrgRole::Member) => {
            Err(ApiError::Forbidden("You need admin access to the organization before adding a repository to it."))
        }
        None => Err(ApiError::NotFound),
    }
}

async fn create(call: &Call, me: &Principal, owner: &Arc<Account>, body: &RawBody) -> Result<Response, ApiError> {
    if !me.scopes.contains(Scope::Repo) && !me.scopes.contains(Scope::PublicRepo) {
        return Err(ApiError::NotFound);
    }
    let fields = RepositoryFields::read(&body.object()?)?;
    let new = new_repository(&call.app.ports, owner.id, fields)?;
    if new.private && !me.scopes.contains(Scope::Repo) {
        return Err(ApiError::NotFound);
    }
    let repository = call.app.ports.store.create_repository(new).await?;
    let found = Located { repository, owner: owner.clone() };
    tell_created(&call.app.ports, &found, &me.user).await;
    let json = Json(full(call, &found, Permission::Admin));
    let mut response = (StatusCode::CREATED, json).into_response();
    let url = call.links.repository(&found.owner, &found.repository);
    if let Ok(location) = HeaderValue::from_str(&url) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `PATCH /repos/{owner}/{repo}`
pub(super) async fn update(call: Call, body: RawBody) -> Result<Json<Object>, ApiError> {
    let found = administered(&call, Scope::Repo)?;
    let fields = RepositoryFields::read(&body.object()?)?;
    fields.check()?;
    if found.repository.archived && fields.archived != Some(false) {
        return Err(ApiError::Archived);
    }
    let now = call.app.ports.clock.now();
    let edit = Box::new(move |repository| fields.apply(repository));
    let repository = call.app.ports.store.update_repository(found.repository.id, now, edit).await?;
    let old = found.repository;
    let found = Located { repository, owner: found.owner };
    tell_changes(&call.app.ports, &old, &found, &call.myself()?.user).await;
    Ok(Json(full(&call, &found, Permission::Admin)))
}

/// `DELETE /repos/{owner}/{repo}`
pub(super) async fn delete(call: Call) -> Result<StatusCode, ApiError> {
    let found = administered(&call, Scope::DeleteRepo)?;
    tell_deleted(&call.app.ports, &found, &call.myself()?.user).await;
    call.app.ports.store.delete_repository(found.repository.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The repository the path names, if the caller administers it and its token has the scope. `public_repo` stands in for
/// `repo` where nothing is private.
fn administered(call: &Call, scope: Scope) -> Result<Located, ApiError> {
    let me = call.asked.principal.as_ref().ok_or(ApiError::NotFound)?;
    let (found, level) = call.repository()?;
    let public = scope == Scope::Repo && !found.repository.private && me.scopes.contains(Scope::PublicRepo);
    if level == Permission::Admin && (public || me.scopes.contains(scope)) {
        Ok(found)
    } else {
        Err(ApiError::Forbidden("Must have admin rights to Repository."))
    }
}
