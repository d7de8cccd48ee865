//! Repositories: one, and a workspace's.

use axum::Json;
use domain::account::Permission;
use domain::directory::Located;
use serde_json::json;

use super::{Object, joined, refuse_search, unknown_role};
use crate::bitbucket_cloud::api::call::Call;
use crate::bitbucket_cloud::api::errors::ApiError;
use crate::bitbucket_cloud::api::paging::{PAGELEN, Page, page};
use crate::bitbucket_cloud::payload::shapes::Repository;

/// `GET /repositories/{workspace}`: those the caller may see.
pub(in crate::bitbucket_cloud::api) async fn list(call: Call) -> Result<Json<Page<Object>>, ApiError> {
    let owner = call.workspace()?;
    refuse_search(&call)?;
    let least = match call.asked.query("role") {
        None | Some("" | "member") => Permission::Read,
        Some("contributor") => Permission::Write,
        Some("admin" | "owner") => Permission::Admin,
        Some(_) => return Err(unknown_role("member, contributor, admin, owner")),
    };
    let all = call.app.ports.directory().repositories_of(owner.id).into_iter();
    let located = all.map(|repository| Located { repository, owner: owner.clone() });
    let seen: Vec<_> =
        located.filter(|found| call.permission(found) >= Some(least) && call.token_sees(found).is_ok()).collect();
    page(&call, &seen, PAGELEN, |found| repository(&call, found))
}

/// `GET /repositories/{workspace}/{repo_slug}`
pub(in crate::bitbucket_cloud::api) async fn get(call: Call) -> Result<Json<Object>, ApiError> {
    let (found, _) = call.visible_repository()?;
    call.token_sees(&found)?;
    Ok(Json(repository(&call, &found)))
}

fn repository(call: &Call, found: &Located) -> Object {
    let directory = call.app.ports.directory();
    joined(Repository::for_api(&found.repository, &found.owner, directory, &call.links), json!({}))
}
