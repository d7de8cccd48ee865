//! The event keys there are (contract bitbucket-cloud section 1, rows 11 and 12). Public.

use axum::Json;
use serde::Serialize;
use serde_json::{Value, json};

use super::call::Call;
use super::errors::ApiError;
use super::paging::{Page, page};
use crate::bitbucket_cloud::events::EVENTS;

/// Keys per page unless the caller says otherwise: all of them, for clients that do not turn pages.
const PAGELEN: usize = 30;

/// A key as it is listed.
#[derive(Debug, Serialize)]
pub(super) struct Key {
    category: &'static str,
    event: &'static str,
    label: &'static str,
    description: &'static str,
}

/// `GET /hook_events`: where the lists are.
pub(super) async fn index(call: Call) -> Json<Value> {
    let list = |of: &str| json!({"links": {"events": {"href": format!("{}/hook_events/{of}", call.links.api)}}});
    Json(json!({ "repository": list("repository"), "workspace": list("workspace") }))
}

/// `GET /hook_events/{subject_type}`
pub(super) async fn list(call: Call) -> Result<Json<Page<Key>>, ApiError> {
    let everything = match call.asked.param("subject_type") {
        "workspace" => true,
        "repository" => false,
        _ => return Err(ApiError::NotFound("There are events of a repository and of a workspace.")),
    };
    let events: Vec<_> = EVENTS.iter().filter(|event| everything || !event.workspace_only).collect();
    page(&call, &events, PAGELEN, |event| Key {
        category: event.category,
        event: event.key,
        label: event.label,
        description: event.description,
    })
}
