//! What hooks belong to: a repository or a workspace.

use std::sync::Arc;

use domain::account::{Account, Permission};
use domain::directory::Located;
use domain::hook::{Hook, HookScope};
use domain::rules::access::{HookAccess, repository_hook_access};

use super::call::{Call, braced_uid, plain_uid};
use super::errors::ApiError;
use super::scopes::{required, workspace_hook_access};
use crate::bitbucket_cloud::dialect::NAME;
use crate::bitbucket_cloud::links::{Links, uid_segment};

/// The owner of a list of hooks.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// Its hooks hear what happens in it.
    Repository(Located),
    /// Its hooks hear what happens in all its repositories, and to itself.
    Workspace(Arc<Account>),
}

impl Subject {
    /// What its hooks listen to.
    pub(super) fn scope(&self) -> HookScope {
        match self {
            Self::Repository(at) => HookScope::Repository(at.repository.id),
            Self::Workspace(account) => HookScope::Account(account.id),
        }
    }

    /// `repository` or `workspace`
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Repository(_) => "repository",
            Self::Workspace(_) => "workspace",
        }
    }

    /// Where one of its hooks is found.
    pub(super) fn hook_url(&self, links: &Links, hook: &Hook) -> String {
        let base = match self {
            Self::Repository(at) => links.repository(&at.owner, &at.repository),
            Self::Workspace(account) => links.workspace(account),
        };
        format!("{base}/hooks/{}", uid_segment(hook.uid))
    }
}

impl Call {
    /// What the path names, if the caller may use its hooks at that level.
    pub(super) fn subject(&self, need: HookAccess) -> Result<Subject, ApiError> {
        let me = self.myself()?;
        let (subject, granted, administers) = if self.asked.param("repo_slug").is_empty() {
            let account = self.workspace()?;
            let owns = self.owns(&account);
            (Subject::Workspace(account), workspace_hook_access(me.scopes), owns)
        } else {
            let (found, permission) = self.visible_repository()?;
            let granted = repository_hook_access(me.scopes, found.repository.private);
            (Subject::Repository(found), granted, permission == Permission::Admin)
        };
        if granted.is_none_or(|granted| granted < need) {
            return Err(ApiError::MissingScope { required: required(need), granted: me.scopes });
        }
        match &subject {
            _ if !administers => Err(ApiError::Forbidden("Only its administrators may see and change webhooks.")),
            Subject::Repository(at) if need >= HookAccess::Write && at.repository.archived => {
                Err(ApiError::Forbidden("The repository is archived, and read-only."))
            }
            Subject::Repository(_) | Subject::Workspace(_) => Ok(subject),
        }
    }

    /// The hook the path names, if it is one of this surface on that subject. Its uuid may have braces or not.
    pub(super) fn hook(&self, need: HookAccess) -> Result<(Subject, Arc<Hook>), ApiError> {
        let subject = self.subject(need)?;
        let name = self.asked.param("uid");
        let uid = braced_uid(name).or_else(|| plain_uid(name));
        let hooks = self.app.ports.directory().hooks_of(subject.scope(), NAME);
        let found = hooks.into_iter().find(|hook| Some(hook.uid) == uid);
        Ok((subject, found.ok_or(ApiError::NotFound("There is no such webhook here."))?))
    }
}
