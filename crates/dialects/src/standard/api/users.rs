//! `/api/v1/users`, and how accounts are shown.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::account::{Account, AccountKind};
use domain::id::Uid;
use domain::ports::{NewAccount, StoreError};
use serde::Serialize;

use super::caller::Caller;
use super::errors::Reject;
use super::paging::{Items, Page};
use super::request::{JsonBody, Names, Params};
use super::{Answer, Api};

/// An account as it is answered.
#[derive(Debug, Serialize)]
pub(crate) struct AccountJson {
    id: i64,
    uid: String,
    kind: AccountKind,
    login: String,
    name: Option<String>,
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_key: Option<String>,
    site_admin: bool,
    created_at: String,
}

impl From<&Account> for AccountJson {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.0,
            uid: account.uid.to_string(),
            kind: account.kind,
            login: account.login.clone(),
            name: account.name.clone(),
            email: account.email.clone(),
            project_key: account.project_key.clone(),
            site_admin: account.site_admin,
            created_at: account.created_at.rfc3339_millis(),
        }
    }
}

/// Creates a user.
pub(crate) async fn create(
    State(context): Api,
    caller: Caller,
    JsonBody(mut body): JsonBody,
) -> Answer<(StatusCode, Json<AccountJson>)> {
    caller.need_site_admin()?;
    let now = context.ports.clock.now();
    let new = NewAccount {
        uid: Uid::new(now, &*context.ports.entropy),
        kind: AccountKind::User,
        login: body.name("login")?,
        name: body.text("name")?,
        email: body.text("email")?.map(checked_email).transpose()?,
        description: None,
        project_key: None,
        site_admin: body.optional("site_admin")?.unwrap_or(false),
        owner: None,
        created_at: now,
    };
    body.finish()?;
    let account = context.ports.store.create_account(new).await.map_err(login_taken)?;
    Ok((StatusCode::CREATED, Json(AccountJson::from(&*account))))
}

/// Names the field when a login is taken.
pub(crate) fn login_taken(error: StoreError) -> Reject {
    match error {
        StoreError::NameTaken => Reject::conflict("an account of that name exists").at("login"),
        other => other.into(),
    }
}

fn checked_email(email: String) -> Answer<String> {
    let parts = email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if parts && !email.contains([' ', '<', '>']) {
        return Ok(email);
    }
    Err(Reject::invalid("email", "must look like user@host"))
}

/// Lists users.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
) -> Answer<Json<Items<AccountJson>>> {
    caller.need_site_admin()?;
    let users = context.ports.directory().accounts(AccountKind::User);
    Ok(page.window()?.cut(&users, |user| user.id.0, |user| AccountJson::from(&**user)))
}

/// Deletes a user. Not oneself: the last site admin could not be brought back through the API.
pub(crate) async fn remove(State(context): Api, caller: Caller, Names(login): Names<String>) -> Answer<StatusCode> {
    caller.need_site_admin()?;
    let account = context.ports.directory().account(&login).filter(|account| account.kind == AccountKind::User);
    let account = account.ok_or_else(|| Reject::not_found("there is no such user"))?;
    if account.id == caller.0.user.id {
        return Err(Reject::conflict("you cannot delete the user you act as"));
    }
    context.ports.store.delete_account(account.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
