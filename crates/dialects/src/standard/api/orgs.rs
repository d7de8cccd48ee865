//! `/api/v1/orgs`: organizations and their members.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::account::{Account, AccountKind, OrgRole, Scope, is_valid_project_key};
use domain::event::Place;
use domain::id::Uid;
use domain::ports::NewAccount;

use super::caller::Caller;
use super::errors::Reject;
use super::paging::{Items, Page};
use super::request::{JsonBody, Names, Params};
use super::users::{AccountJson, login_taken};
use super::{Answer, Api, Context};
use crate::members::{MembershipError, delete_organization, set_membership};

/// Scopes that manage organizations.
const MANAGE: &[Scope] = &[Scope::AdminOrg, Scope::SiteAdmin];

/// Creates an organization.
pub(crate) async fn create(
    State(context): Api,
    caller: Caller,
    JsonBody(mut body): JsonBody,
) -> Answer<(StatusCode, Json<AccountJson>)> {
    caller.need_any(MANAGE)?;
    let login = body.name("login")?;
    let name = body.text("name")?;
    let owner = match body.optional::<String>("owner")? {
        Some(owner) if !owner.eq_ignore_ascii_case(&caller.0.user.login) => {
            caller.need_site_admin()?;
            user(&context, &owner).ok_or_else(|| Reject::invalid("owner", "there is no such user"))?
        }
        _ => caller.0.user.clone(),
    };
    let project_key = body.text("project_key")?;
    if let Some(key) = &project_key {
        if !is_valid_project_key(key) {
            return Err(Reject::invalid("project_key", "must be a letter, then letters, digits and underscores"));
        }
        if context.ports.directory().account_by_key(key).is_some() {
            return Err(Reject::invalid("project_key", "is taken"));
        }
    }
    body.finish()?;
    let now = context.ports.clock.now();
    let new = NewAccount {
        uid: Uid::new(now, &*context.ports.entropy),
        kind: AccountKind::Organization,
        login,
        name,
        email: None,
        description: None,
        project_key,
        site_admin: false,
        owner: Some(owner.id),
        created_at: now,
    };
    let account = context.ports.store.create_account(new).await.map_err(login_taken)?;
    Ok((StatusCode::CREATED, Json(AccountJson::from(&*account))))
}

/// Lists the organizations the caller belongs to; site admins see all.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
) -> Answer<Json<Items<AccountJson>>> {
    let directory = context.ports.directory();
    let found = if caller.is_site_admin() {
        directory.accounts(AccountKind::Organization)
    } else {
        directory.organizations_of(caller.0.user.id)
    };
    Ok(page.window()?.cut(&found, |account| account.id.0, |account| AccountJson::from(&**account)))
}

/// Deletes an organization.
pub(crate) async fn remove(State(context): Api, caller: Caller, Names(login): Names<String>) -> Answer<StatusCode> {
    let organization = owned(&context, &caller, &login)?;
    delete_organization(&context.ports, &organization, &caller.0.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a member, or changes a member's role.
pub(crate) async fn add_member(
    State(context): Api,
    caller: Caller,
    Names((login, member)): Names<(String, String)>,
    JsonBody(mut body): JsonBody,
) -> Answer<StatusCode> {
    let organization = owned(&context, &caller, &login)?;
    let role: OrgRole = body.required("role")?;
    body.finish()?;
    let member = user(&context, &member).ok_or_else(|| Reject::not_found("there is no such user"))?;
    change(&context, &caller, &organization, &member, Some(role)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a member.
pub(crate) async fn remove_member(
    State(context): Api,
    caller: Caller,
    Names((login, member)): Names<(String, String)>,
) -> Answer<StatusCode> {
    let organization = owned(&context, &caller, &login)?;
    let members = context.ports.directory().members(organization.id);
    let member = members.into_iter().map(|(user, _)| user).find(|user| user.login.eq_ignore_ascii_case(&member));
    let member = member.ok_or_else(|| Reject::not_found("there is no such member"))?;
    change(&context, &caller, &organization, &member, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    context: &Context,
    caller: &Caller,
    organization: &Account,
    member: &Account,
    role: Option<OrgRole>,
) -> Answer<()> {
    let changed = set_membership(&context.ports, organization, member, role, &caller.0.user).await;
    changed.map_err(|error| match error {
        MembershipError::LastOwner => Reject::conflict("the organization has no other owner"),
        MembershipError::Store(error) => error.into(),
    })
}

/// The organization, if the caller owns it. Members learn that they do not, others nothing.
fn owned(context: &Context, caller: &Caller, login: &str) -> Answer<Arc<Account>> {
    let directory = context.ports.directory();
    let found = directory.account(login).filter(|account| account.kind == AccountKind::Organization);
    let role = found
        .as_ref()
        .and_then(|account| caller.role(directory, Place { account: account.id, repository: None, app: None }));
    match (found, role) {
        (Some(account), Some(OrgRole::Owner)) => caller.need_any(MANAGE).map(|()| account),
        (Some(_), Some(OrgRole::Member)) => Err(Reject::forbidden("only owners may do this")),
        _ => Err(Reject::not_found("there is no such organization")),
    }
}

/// The user of that login.
fn user(context: &Context, login: &str) -> Option<Arc<Account>> {
    context.ports.directory().account(login).filter(|account| account.kind == AccountKind::User)
}
