//! What a path is about: a project, or one of its repositories.

use std::sync::Arc;

use domain::account::{Account, AccountKind, OrgRole, Permission, Principal, Repository};
use domain::directory::{Directory, Located};
use domain::event::Place;
use domain::hook::HookScope;
use domain::rules::access::{HookAccess, repository_hook_access};

/// Marks the key of a personal project.
pub(super) const PERSONAL: char = '~';

/// A project, or a repository in it.
#[derive(Clone, Debug)]
pub(super) struct At {
    /// The project.
    pub(super) project: Arc<Account>,
    /// The repository, if the path names one.
    pub(super) repository: Option<Arc<Repository>>,
}

impl At {
    /// The scope of hooks here.
    pub(super) fn scope(&self) -> HookScope {
        match &self.repository {
            Some(repository) => HookScope::Repository(repository.id),
            None => HookScope::Account(self.project.id),
        }
    }

    /// Where test requests from here happen.
    pub(super) fn place(&self) -> Place {
        Place {
            account: self.project.id,
            repository: self.repository.as_ref().map(|repository| repository.id),
            app: None,
        }
    }

    /// May this caller administer it? `REPO_ADMIN` and `PROJECT_ADMIN` are `admin:repo_hook` here, beside the user's own
    /// role; the latter implies the former for each repository of the project. Reading takes no less (section 1).
    pub(super) fn is_administered_by(&self, directory: &Directory, me: &Principal) -> bool {
        let role = match &self.repository {
            Some(repository) => directory.permission(repository, me.user.id) == Some(Permission::Admin),
            None => owns(directory, &self.project, me),
        };
        let private = self.repository.as_ref().is_none_or(|repository| repository.private);
        role && repository_hook_access(me.scopes, private) == Some(HookAccess::Admin)
    }

    /// The project alone.
    pub(super) fn project_alone(&self) -> Self {
        Self { project: self.project.clone(), repository: None }
    }
}

/// Does the caller own the project?
fn owns(directory: &Directory, project: &Account, me: &Principal) -> bool {
    match project.kind {
        AccountKind::User => project.id == me.user.id || me.user.site_admin,
        AccountKind::Organization => directory.role(project.id, me.user.id) == Some(OrgRole::Owner),
    }
}

/// The project of that key, in any case: an organization's key, or `~login` for what a user owns.
pub(super) fn project(directory: &Directory, key: &str) -> Option<Arc<Account>> {
    let (found, kind) = match key.strip_prefix(PERSONAL) {
        Some(login) => (directory.account(login), AccountKind::User),
        None => (directory.account_by_key(key), AccountKind::Organization),
    };
    found.filter(|account| account.kind == kind)
}

/// The repository of that slug in a project.
pub(super) fn repository(directory: &Directory, project: &Account, slug: &str) -> Option<Arc<Repository>> {
    directory.locate(&project.login, slug).map(|Located { repository, .. }| repository)
}
