//! Organizations: one, a user's, and their end.

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::account::{Account, OrgRole, Scope};
use serde_json::json;

use crate::github::api::call::Call;
use crate::github::api::errors::ApiError;
use crate::github::api::json::{Object, joined, object};
use crate::github::api::paging::{paginate, with_links};
use crate::github::payload::shapes::Organization;
use crate::members::delete_organization;

/// `GET /orgs/{org}`
pub(super) async fn get(call: Call) -> Result<Json<Object>, ApiError> {
    let account = call.organization()?;
    let repositories = call.app.ports.directory().repositories_of(account.id);
    let extra = json!({
        "name": account.name,
        "company": null,
        "blog": "",
        "location": null,
        "email": account.email,
        "twitter_username": null,
        "is_verified": false,
        "has_organization_projects": false,
        "has_repository_projects": false,
        "public_repos": repositories.iter().filter(|repository| !repository.private).count(),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": call.links.account_page(&account),
        "type": "Organization",
        "created_at": account.created_at.rfc3339_seconds(),
        "updated_at": account.updated_at.rfc3339_seconds(),
        "archived_at": null,
    });
    Ok(Json(joined(Organization::of(&account, &call.links), extra)))
}

/// `GET /user/orgs`
pub(super) async fn mine(call: Call) -> Result<Response, ApiError> {
    let me = call.myself()?.user.id;
    let organizations = call.app.ports.directory().organizations_of(me);
    Ok(page(&call, organizations))
}

/// `GET /users/{login}/orgs`
pub(super) async fn of_user(call: Call) -> Result<Response, ApiError> {
    let user = call.account("login")?;
    let organizations = call.app.ports.directory().organizations_of(user.id);
    Ok(page(&call, organizations))
}

fn page(call: &Call, organizations: Vec<Arc<Account>>) -> Response {
    let (page, links) = paginate(call, organizations);
    let whole: Vec<Object> = page.iter().map(|account| object(Organization::of(account, &call.links))).collect();
    with_links(Json(whole).into_response(), &links)
}

/// `DELETE /orgs/{org}`: its owners may, with the scope for it.
pub(super) async fn delete(call: Call) -> Result<Response, ApiError> {
    let account = call.organization()?;
    let me = call.asked.principal.as_ref().ok_or(ApiError::NotFound)?;
    let owner = call.app.ports.directory().role(account.id, me.user.id) == Some(OrgRole::Owner);
    if !owner || !me.scopes.contains(Scope::AdminOrg) {
        return Err(ApiError::NotFound);
    }
    delete_organization(&call.app.ports, &account, &me.user).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}
