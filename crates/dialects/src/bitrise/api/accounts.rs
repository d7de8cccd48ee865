//! `/me` and `/organizations`, as far as clients walk through them.

use axum::routing::get;
use domain::account::{Account, AccountKind, OrgRole};
use domain::directory::Directory;
use serde::Serialize;

use super::Table;
use super::call::Call;
use super::errors::{Data, Reject, Reply};
use super::times::Micros;

/// The paths of accounts.
pub(super) fn table() -> Table {
    vec![
        ("/me", get(me)),
        ("/users/{owner}", get(user)),
        ("/organizations", get(organizations)),
        ("/organizations/{owner}", get(organization)),
    ]
}

/// A user.
#[derive(Debug, Serialize)]
struct UserJson {
    username: String,
    slug: String,
    avatar_url: Option<String>,
}

/// The caller.
#[derive(Debug, Serialize)]
struct MeJson {
    #[serde(flatten)]
    user: UserJson,
    email: String,
    unconfirmed_email: Option<String>,
    created_at: Micros,
    has_used_organization_trial: bool,
    data_id: i64,
    payment_processor: Option<String>,
}

/// An organization.
#[derive(Debug, Serialize)]
struct OrganizationJson {
    name: String,
    slug: String,
    avatar_icon_url: Option<String>,
    /// What runs at once is up to the executors.
    concurrency_count: Option<u64>,
    owners: Vec<OwnerJson>,
}

/// Who owns it.
#[derive(Debug, Serialize)]
struct OwnerJson {
    slug: String,
    username: String,
    email: String,
}

impl UserJson {
    fn new(user: &Account) -> Self {
        Self { username: user.login.clone(), slug: user.uid.to_string(), avatar_url: None }
    }
}

impl OrganizationJson {
    fn new(directory: &Directory, organization: &Account) -> Self {
        let members = directory.members(organization.id).into_iter();
        let owners = members.filter(|(_, role)| *role == OrgRole::Owner).map(|(owner, _)| OwnerJson {
            slug: owner.uid.to_string(),
            username: owner.login.clone(),
            email: owner.email.clone().unwrap_or_default(),
        });
        Self {
            name: organization.login.clone(),
            slug: organization.uid.to_string(),
            avatar_icon_url: None,
            concurrency_count: None,
            owners: owners.collect(),
        }
    }
}

/// Who asks. Any token may know whose it is.
async fn me(call: Call) -> Reply<Data<MeJson>> {
    let me = &call.me.user;
    Reply::ok(Data {
        data: MeJson {
            user: UserJson::new(me),
            email: me.email.clone().unwrap_or_default(),
            unconfirmed_email: None,
            created_at: Micros(me.created_at),
            has_used_organization_trial: false,
            data_id: me.id.0,
            payment_processor: None,
        },
    })
}

/// A user, by slug.
async fn user(call: Call) -> Result<Reply<Data<UserJson>>, Reject> {
    let found = call.shared.ports.directory().account_by_uid(call.slug("owner")?);
    let found = found.filter(|account| account.kind == AccountKind::User).ok_or_else(Reject::not_found)?;
    Ok(Reply::ok(Data { data: UserJson::new(&found) }))
}

/// The organizations the caller belongs to.
async fn organizations(call: Call) -> Reply<Data<Vec<OrganizationJson>>> {
    let directory = call.shared.ports.directory();
    let found = directory.organizations_of(call.me.user.id);
    Reply::ok(Data { data: found.iter().map(|one| OrganizationJson::new(directory, one)).collect() })
}

/// One of them.
async fn organization(call: Call) -> Result<Reply<Data<OrganizationJson>>, Reject> {
    let directory = call.shared.ports.directory();
    let found = directory.account_by_uid(call.slug("owner")?);
    let found = found.filter(|account| account.kind == AccountKind::Organization).ok_or_else(Reject::not_found)?;
    directory.role(found.id, call.me.user.id).ok_or_else(Reject::not_found)?;
    Ok(Reply::ok(Data { data: OrganizationJson::new(directory, &found) }))
}
