//! Workspaces: the caller's, and any by name.

use std::sync::Arc;

use axum::Json;
use domain::account::{Account, Principal};
use serde::Serialize;
use serde_json::json;

use super::{Object, joined, refuse_search, unknown_role};
use crate::bitbucket_cloud::api::call::Call;
use crate::bitbucket_cloud::api::errors::ApiError;
use crate::bitbucket_cloud::api::paging::{PAGELEN, Page, page};
use crate::bitbucket_cloud::payload::shapes::{Micros, Project, Workspace};

/// That somebody belongs to a workspace.
#[derive(Debug, Serialize)]
pub(in crate::bitbucket_cloud::api) struct Access {
    #[serde(rename = "type")]
    kind: &'static str,
    administrator: bool,
    workspace: Object,
}

/// `GET /workspaces`: the caller's own, and those the caller belongs to.
pub(in crate::bitbucket_cloud::api) async fn list(call: Call) -> Result<Json<Page<Object>>, ApiError> {
    let me = call.myself()?;
    refuse_search(&call)?;
    let owned = match call.asked.query("role") {
        None | Some("" | "member") => false,
        Some("owner") => true,
        Some(_) => return Err(unknown_role("member, owner")),
    };
    let mine: Vec<_> = mine(&call, me).into_iter().filter(|row| !owned || call.owns(row)).collect();
    page(&call, &mine, PAGELEN, |row| workspace(&call, row))
}

/// `GET /user/workspaces`: the same with what the caller is there.
pub(in crate::bitbucket_cloud::api) async fn accesses(call: Call) -> Result<Json<Page<Access>>, ApiError> {
    let me = call.myself()?;
    let access = |row: &Arc<Account>| Access {
        kind: "workspace_access",
        administrator: call.owns(row),
        workspace: workspace(&call, row),
    };
    page(&call, &mine(&call, me), PAGELEN, access)
}

/// `GET /workspaces/{workspace}`
pub(in crate::bitbucket_cloud::api) async fn get(call: Call) -> Result<Json<Object>, ApiError> {
    Ok(Json(workspace(&call, &*call.workspace()?)))
}

/// `GET /workspaces/{workspace}/projects`: the one project that every workspace has.
pub(in crate::bitbucket_cloud::api) async fn projects(call: Call) -> Result<Json<Page<Object>>, ApiError> {
    let row = call.workspace()?;
    page(&call, &[row], PAGELEN, |row| joined(Project::of(row, &call.links), json!({})))
}

/// `GET /workspaces/{workspace}/projects/{project_key}`
pub(in crate::bitbucket_cloud::api) async fn project(call: Call) -> Result<Json<Object>, ApiError> {
    let row = call.workspace()?;
    if call.asked.param("project_key").eq_ignore_ascii_case(&row.key()) {
        Ok(Json(joined(Project::of(&row, &call.links), json!({}))))
    } else {
        Err(ApiError::NotFound("There is no such project in this workspace."))
    }
}

fn mine(call: &Call, me: &Principal) -> Vec<Arc<Account>> {
    let mut mine = vec![me.user.clone()];
    mine.extend(call.app.ports.directory().organizations_of(me.user.id));
    mine
}

/// A workspace with what only the API tells.
fn workspace(call: &Call, row: &Account) -> Object {
    let (links, own) = (&call.links, call.links.workspace(row));
    let name = own.rsplit('/').next().unwrap_or_default();
    let extra = json!({
        "is_private": false,
        "created_on": Micros(row.created_at),
        "updated_on": Micros(row.updated_at),
        "links": {
            "hooks": {"href": format!("{own}/hooks")},
            "projects": {"href": format!("{own}/projects")},
            "repositories": {"href": format!("{}/repositories/{name}", links.api)},
        },
    });
    joined(Workspace::of(row, links), extra)
}
