//! Users: oneself and others.

use axum::Json;
use domain::account::{Account, AccountKind};
use serde_json::json;

use crate::github::api::call::Call;
use crate::github::api::errors::ApiError;
use crate::github::api::json::{Object, joined, object};
use crate::github::payload::shapes::User;

/// `GET /user`
pub(super) async fn myself(call: Call) -> Result<Json<Object>, ApiError> {
    let me = &call.myself()?.user;
    let mut whole = public_profile(&call, me);
    let own = call.app.ports.directory().repositories_of(me.id);
    let private = own.iter().filter(|repository| repository.private).count();
    whole.extend(object(json!({
        "private_gists": 0,
        "total_private_repos": private,
        "owned_private_repos": private,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": false,
    })));
    Ok(Json(whole))
}

/// `GET /users/{login}`; organizations are shown as users here, too.
pub(super) async fn get(call: Call) -> Result<Json<Object>, ApiError> {
    let account = call.account("login")?;
    Ok(Json(public_profile(&call, &account)))
}

/// A user with the members that only single users have.
fn public_profile(call: &Call, account: &Account) -> Object {
    let repositories = call.app.ports.directory().repositories_of(account.id);
    let extra = json!({
        "name": account.name,
        "company": null,
        "blog": "",
        "location": null,
        "email": account.email,
        "hireable": null,
        "bio": (account.kind == AccountKind::Organization).then_some(account.description.as_deref()).flatten(),
        "twitter_username": null,
        "public_repos": repositories.iter().filter(|repository| !repository.private).count(),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": account.created_at.rfc3339_seconds(),
        "updated_at": account.updated_at.rfc3339_seconds(),
    });
    joined(User::of(account, &call.links), extra)
}
