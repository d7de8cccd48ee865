//! Build requests: builds from forks that wait until somebody approves them (contract bitrise section 4).

use axum::routing::{get, patch};
use domain::ci::{AppRole, BuildRequest, CiApp};
use domain::flow::builds;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Table;
use super::builds::json::as_received;
use super::builds::links::pull_request_page;
use super::call::{Call, RawBody};
use super::errors::{Data, Reject, Reply};
use super::members::{Members, required};
use super::times::Seconds;

/// Most build requests listed.
const MAX_LISTED: usize = 1_000;

/// The paths of build requests.
pub(super) fn table() -> Table {
    vec![("/apps/{app}/build-requests", get(list)), ("/apps/{app}/build-requests/{request}", patch(decide))]
}

/// A build that waits.
#[derive(Debug, Serialize)]
struct RequestJson {
    slug: String,
    build_params: Box<RawValue>,
    pull_request_url: Option<String>,
    created_at: Seconds,
}

impl RequestJson {
    fn new(app: &CiApp, request: &BuildRequest) -> Self {
        Self {
            slug: request.uid.to_string(),
            build_params: as_received(&request.original),
            pull_request_url: pull_request_page(app, request.params.pull_request_id),
            created_at: Seconds(request.created_at),
        }
    }
}

/// Lists what waits, the newest first.
async fn list(call: Call) -> Result<Reply<Data<Vec<RequestJson>>>, Reject> {
    let app = call.app(AppRole::Tester)?;
    let found = call.shared.ports.store.build_requests(app.id, MAX_LISTED).await?;
    Ok(Reply::ok(Data { data: found.iter().map(|request| RequestJson::new(&app, request)).collect() }))
}

/// Approves a build, which starts it, or refuses it; either way the request is gone then.
async fn decide(call: Call, body: RawBody) -> Result<Reply<Data<RequestJson>>, Reject> {
    let app = call.app(AppRole::Developer)?;
    let ports = &call.shared.ports;
    let request = ports.store.build_request(call.slug("request")?).await?;
    let request = request.filter(|request| request.app == app.id).ok_or_else(Reject::not_found)?;
    let approved = required(Members(body.object()?).flag("is_approved")?, "is_approved")?;
    if approved && app.is_disabled {
        return Err(Reject::bad("the app is disabled"));
    }
    builds::decide(ports, &request, approved).await?.ok_or_else(Reject::not_found)?;
    Ok(Reply::ok(Data { data: RequestJson::new(&app, &request) }))
}
