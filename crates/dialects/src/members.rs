//! Members: who belongs to an organization and who works on a repository, and the events that tell of it.

use std::sync::Arc;

use domain::account::{Account, OrgRole, Permission};
use domain::directory::{Directory, Located};
use domain::flow::Ports;
use domain::ports::StoreError;
use serde_json::{Map, Value, json};

use crate::announce::announce;

/// Why a membership did not change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MembershipError {
    /// An organization needs somebody who can still manage it.
    #[error("the organization has no other owner")]
    LastOwner,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a user member or owner of an organization, or removes them; `actor` is who asked for it. Another role for a
/// member is no news.
pub(crate) async fn set_membership(
    ports: &Ports,
    organization: &Account,
    user: &Account,
    role: Option<OrgRole>,
    actor: &Account,
) -> Result<(), MembershipError> {
    let before = membership(ports.directory(), organization, user);
    if role != Some(OrgRole::Owner) && is_last_owner(ports.directory(), organization, user) {
        return Err(MembershipError::LastOwner);
    }
    ports.store.set_membership(organization.id, user.id, role).await?;
    let (kind, role) = match (before, role) {
        (None, Some(role)) => ("organization.member_added", role),
        (Some(role), None) => ("organization.member_removed", role),
        (Some(_), Some(_)) | (None, None) => return Ok(()),
    };
    let data = members([("member", json!({ "login": user.login })), ("role", json!(role))]);
    announce(ports, format!("/orgs/{}", organization.login), actor, kind, data).await;
    Ok(())
}

/// The role a user was given in an organization. Unlike [`Directory::role`], site admins have none.
pub(crate) fn membership(directory: &Directory, organization: &Account, user: &Account) -> Option<OrgRole> {
    let members = directory.members(organization.id);
    members.into_iter().find(|(member, _)| member.id == user.id).map(|(_, role)| role)
}

fn is_last_owner(directory: &Directory, organization: &Account, user: &Account) -> bool {
    let members = directory.members(organization.id);
    let mut owners = members.iter().filter(|(_, role)| *role == OrgRole::Owner).map(|(owner, _)| owner.id);
    owners.next() == Some(user.id) && owners.next().is_none()
}

/// Gives an organization another login. [`StoreError::NameTaken`] if there is one of that name.
pub(crate) async fn rename_organization(
    ports: &Ports,
    organization: &Account,
    login: String,
    actor: &Account,
) -> Result<Arc<Account>, StoreError> {
    let edit = Box::new(|account| Account { login, ..account });
    let renamed = ports.store.update_account(organization.id, ports.clock.now(), edit).await?;
    if renamed.login != organization.login {
        let data = members([("from", json!(organization.login))]);
        announce(ports, format!("/orgs/{}", renamed.login), actor, "organization.renamed", data).await;
    }
    Ok(renamed)
}

/// Deletes an organization with everything in it. Told before, while its name still finds it.
pub(crate) async fn delete_organization(
    ports: &Ports,
    organization: &Account,
    actor: &Account,
) -> Result<(), StoreError> {
    announce(ports, format!("/orgs/{}", organization.login), actor, "organization.deleted", Map::new()).await;
    ports.store.delete_account(organization.id).await
}

/// Gives a user a permission on a repository, or takes it away; `actor` is who asked for it.
pub(crate) async fn set_collaborator(
    ports: &Ports,
    at: &Located,
    user: &Account,
    level: Option<Permission>,
    actor: &Account,
) -> Result<(), StoreError> {
    let collaborators = ports.directory().collaborators(at.repository.id);
    let before = collaborators.into_iter().find(|(one, _)| one.id == user.id).map(|(_, level)| level);
    ports.store.set_collaborator(at.repository.id, user.id, level).await?;
    let member = ("member", json!({ "login": user.login }));
    let (kind, data) = match (before, level) {
        (None, Some(level)) => ("member.added", members([member, ("permission", json!(level))])),
        (Some(before), Some(level)) if before != level => {
            let old = ("previous_permission", json!(before));
            ("member.edited", members([member, ("permission", json!(level)), old]))
        }
        (Some(_), None) => ("member.removed", members([member])),
        (Some(_), Some(_)) | (None, None) => return Ok(()),
    };
    announce(ports, format!("/repos/{}/{}", at.owner.login, at.repository.name), actor, kind, data).await;
    Ok(())
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
