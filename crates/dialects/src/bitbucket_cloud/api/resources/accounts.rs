//! Users: oneself and others. None has a `username` (check 26).

use axum::Json;
use domain::account::{Account as Row, AccountKind};
use serde_json::json;

use super::{Object, joined};
use crate::bitbucket_cloud::api::call::{Call, braced_uid, plain_uid};
use crate::bitbucket_cloud::api::errors::ApiError;
use crate::bitbucket_cloud::payload::shapes::{Account, Micros};

/// `GET /user`
pub(in crate::bitbucket_cloud::api) async fn myself(call: Call) -> Result<Json<Object>, ApiError> {
    Ok(Json(profile(&call, &call.myself()?.user)))
}

/// `GET /users/{selected_user}`: by uuid in braces or by account id.
pub(in crate::bitbucket_cloud::api) async fn get(call: Call) -> Result<Json<Object>, ApiError> {
    let name = call.asked.param("selected_user");
    let uid = braced_uid(name).or_else(|| plain_uid(name.split_once(':')?.1));
    let found = uid.and_then(|uid| call.app.ports.directory().account_by_uid(uid));
    match found.filter(|account| account.kind == AccountKind::User) {
        Some(account) => Ok(Json(profile(&call, &account))),
        None => Err(ApiError::NotFound("There is no such user; users are named by {uuid} or account_id.")),
    }
}

fn profile(call: &Call, row: &Row) -> Object {
    let extra = json!({ "account_status": "active", "created_on": Micros(row.created_at) });
    joined(Account::of(row, &call.links), extra)
}
