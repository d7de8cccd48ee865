//! Who belongs to an organization.

use axum::Json;
use axum::http::StatusCode;
use domain::account::{Account, OrgRole, Principal, Scope};
use serde_json::json;

use crate::github::api::call::{Call, RawBody};
use crate::github::api::errors::{ApiError, Problem};
use crate::github::api::json::{Object, joined, object};
use crate::github::api::types::Types;
use crate::github::payload::shapes::{Membership, Organization, User};
use crate::members::{MembershipError, membership, set_membership};

/// `GET /orgs/{org}/memberships/{login}`: members see each other's, and anyone may ask for their own.
pub(super) async fn get(call: Call) -> Result<Json<Object>, ApiError> {
    let me = call.asked.principal.as_ref().ok_or(ApiError::NotFound)?;
    let (organization, user) = (call.organization()?, call.user("login")?);
    let directory = call.app.ports.directory();
    let scoped = [Scope::ReadOrg, Scope::WriteOrg, Scope::AdminOrg].iter().any(|scope| me.scopes.contains(*scope));
    let sees = user.id == me.user.id || directory.role(organization.id, me.user.id).is_some();
    let role = membership(directory, &organization, &user).filter(|_| sees && scoped);
    role.map(|role| Json(whole(&call, &organization, &user, role))).ok_or(ApiError::NotFound)
}

/// `PUT /orgs/{org}/memberships/{login}`: nobody is invited here, whoever is added belongs to it at once.
pub(super) async fn set(call: Call, body: RawBody) -> Result<Json<Object>, ApiError> {
    let (organization, user) = (call.organization()?, call.user("login")?);
    let me = owner(&call, &organization)?;
    let body = body.object()?;
    let mut types = Types::default();
    let name = types.string(&body, "role");
    types.verdict()?;
    let role = match name.as_deref() {
        None | Some("member") => OrgRole::Member,
        Some("admin") => OrgRole::Owner,
        Some(other) => {
            return Err(ApiError::Invalid(vec![Problem::invalid("role", other).of("OrganizationMembership")]));
        }
    };
    change(&call, &organization, &user, Some(role), me).await?;
    Ok(Json(whole(&call, &organization, &user, role)))
}

/// `DELETE /orgs/{org}/memberships/{login}`
pub(super) async fn remove(call: Call) -> Result<StatusCode, ApiError> {
    let (organization, user) = (call.organization()?, call.user("login")?);
    let me = owner(&call, &organization)?;
    membership(call.app.ports.directory(), &organization, &user).ok_or(ApiError::NotFound)?;
    change(&call, &organization, &user, None, me).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    call: &Call,
    organization: &Account,
    user: &Account,
    role: Option<OrgRole>,
    me: &Principal,
) -> Result<(), ApiError> {
    let changed = set_membership(&call.app.ports, organization, user, role, &me.user).await;
    changed.map_err(|error| match error {
        MembershipError::LastOwner => ApiError::Forbidden("An organization must have at least one owner."),
        MembershipError::Store(error) => error.into(),
    })
}

/// The caller, if it may change who belongs to the organization. Members learn that they may not, others nothing.
fn owner<'a>(call: &'a Call, organization: &Account) -> Result<&'a Principal, ApiError> {
    let me = call.asked.principal.as_ref().ok_or(ApiError::NotFound)?;
    let scoped = me.scopes.contains(Scope::AdminOrg) || me.scopes.contains(Scope::WriteOrg);
    match call.app.ports.directory().role(organization.id, me.user.id) {
        Some(OrgRole::Owner) if scoped => Ok(me),
        Some(OrgRole::Member) => Err(ApiError::Forbidden("You must be an owner of the organization.")),
        Some(OrgRole::Owner) | None => Err(ApiError::NotFound),
    }
}

/// The membership object as the API shows it.
fn whole(call: &Call, organization: &Account, user: &Account, role: OrgRole) -> Object {
    let told = Membership::of(User::of(user, &call.links), Some(role), organization, &call.links);
    let extra = json!({
        "organization": object(Organization::of(organization, &call.links)),
        "permissions": { "can_create_repository": role == OrgRole::Owner },
    });
    joined(told, extra)
}
