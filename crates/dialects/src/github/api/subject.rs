//! What hooks belong to: a repository or an organization.

use std::sync::Arc;

use domain::account::{Account, OrgRole, Permission, Principal, Scope};
use domain::attempt::Exchange;
use domain::directory::{Directory, Located};
use domain::event::Place;
use domain::hook::{Hook, HookConflict, HookScope, SiblingRule};
use domain::id::HookId;
use domain::ports::StoreError;
use domain::rules::access::{HookAccess, repository_hook_access, sees_hook};
use serde_json::Value;

use super::app::App;
use super::call::Call;
use super::errors::{ApiError, Problem};
use super::hook_json::{organization_hook, repository_hook};
use crate::github::dialect::{NAME, isolated};
use crate::github::links::Links;
use crate::http::{Terms, sibling_rule};

/// The owner of a list of hooks.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// Its hooks hear what happens in it.
    Repository(Located),
    /// Its hooks hear what happens in all its repositories, and to itself.
    Organization(Arc<Account>),
}

impl Subject {
    /// What its hooks listen to.
    pub(super) fn scope(&self) -> HookScope {
        match self {
            Self::Repository(at) => HookScope::Repository(at.repository.id),
            Self::Organization(account) => HookScope::Account(account.id),
        }
    }

    /// Where its events happen.
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Repository(at) => at.place(),
            Self::Organization(account) => Place { account: account.id, repository: None, app: None },
        }
    }

    /// Itself, or the owner of the repository.
    pub(super) fn account(&self) -> &Arc<Account> {
        match self {
            Self::Repository(at) => &at.owner,
            Self::Organization(account) => account,
        }
    }

    /// The repository, if it is one.
    pub(super) fn repository(&self) -> Option<&Located> {
        match self {
            Self::Repository(at) => Some(at),
            Self::Organization(_) => None,
        }
    }

    /// The CloudEvents source of its events.
    pub(super) fn source(&self) -> String {
        match self {
            Self::Repository(at) => format!("/repos/{}/{}", at.owner.login, at.repository.name),
            Self::Organization(account) => format!("/orgs/{}", account.login),
        }
    }

    /// Where one of its hooks is found.
    pub(super) fn hook_url(&self, links: &Links, hook: &Hook) -> String {
        let base = match self {
            Self::Repository(at) => links.repository(&at.owner, &at.repository),
            Self::Organization(account) => links.organization(account),
        };
        format!("{base}/hooks/{}", hook.id)
    }

    /// One of its hooks as an object. `last` is the hook's newest exchange.
    pub(super) fn hook_json(&self, links: &Links, hook: &Hook, last: Option<&Exchange>) -> Value {
        let url = self.hook_url(links, hook);
        match self {
            Self::Repository(_) => repository_hook(&url, hook, last),
            Self::Organization(_) => organization_hook(&url, hook),
        }
    }

    /// What its hooks may not be beside each other. `kept`: the events of a hook before an edit.
    pub(super) fn sibling_rule(&self, app: &App, kept: Vec<String>) -> SiblingRule {
        let limit = app.settings.max_hooks_per_event;
        sibling_rule(Terms { limit, kept, isolated: isolated(self.scope()) })
    }

    /// Its hooks that such a token sees, in creation order; of the others it learns nothing (contract section 2).
    pub(super) fn hooks_for(&self, directory: &Directory, me: &Principal) -> Vec<Arc<Hook>> {
        let mut hooks = directory.hooks_of(self.scope(), NAME);
        hooks.retain(|hook| sees_hook(isolated(self.scope()), hook.app, me.app));
        hooks
    }

    /// Why the store did not save one of its hooks.
    pub(super) fn refused(&self, error: StoreError) -> ApiError {
        let kind = match self {
            Self::Repository(_) => "repository",
            Self::Organization(_) => "organization",
        };
        match error {
            StoreError::Conflict(HookConflict::Duplicate) => {
                ApiError::Invalid(vec![Problem::custom(None, format!("Hook already exists on this {kind}"))])
            }
            StoreError::Conflict(HookConflict::TooMany { events, limit }) => {
                let full = |event| format!("The \"{event}\" event cannot have more than {limit} hooks");
                ApiError::Invalid(events.into_iter().map(|event| Problem::custom(None, full(event))).collect())
            }
            error => error.into(),
        }
    }
}

impl Call {
    /// What the path names, if the caller may use its hooks at that level. Every denial reads as absence (contract
    /// section 2), except a write to an archived repository.
    pub(super) fn subject(&self, need: HookAccess) -> Result<Subject, ApiError> {
        self.admitted(self.named_subject()?, need)
    }

    /// The same for what something else than the path names.
    pub(super) fn admitted(&self, subject: Subject, need: HookAccess) -> Result<Subject, ApiError> {
        let me = self.asked.principal.as_ref().ok_or(ApiError::NotFound)?;
        if !self.manages(&subject, me, need) {
            return Err(ApiError::NotFound);
        }
        match &subject {
            Subject::Repository(at) if need >= HookAccess::Write && at.repository.archived => Err(ApiError::Archived),
            Subject::Repository(_) | Subject::Organization(_) => Ok(subject),
        }
    }

    /// What the path names, whoever asks.
    fn named_subject(&self) -> Result<Subject, ApiError> {
        if ["org", "organization_id"].iter().any(|name| !self.asked.param(name).is_empty()) {
            return self.organization().map(Subject::Organization);
        }
        self.named_repository().map(Subject::Repository)
    }

    /// Do role and scopes suffice?
    fn manages(&self, subject: &Subject, me: &Principal, need: HookAccess) -> bool {
        let directory = self.app.ports.directory();
        match subject {
            Subject::Repository(at) => {
                let granted = repository_hook_access(me.scopes, at.repository.private);
                let administers = directory.permission(&at.repository, me.user.id) == Some(Permission::Admin);
                administers && granted.is_some_and(|granted| granted >= need)
            }
            Subject::Organization(account) => {
                let owns = directory.role(account.id, me.user.id) == Some(OrgRole::Owner);
                owns && me.scopes.contains(Scope::AdminOrgHook)
            }
        }
    }

    /// The hook the path names, if it is one of this surface on that subject.
    pub(super) fn hook(&self, need: HookAccess) -> Result<(Subject, Arc<Hook>), ApiError> {
        let subject = self.subject(need)?;
        let id = HookId(self.id("hook_id")?);
        let hooks = subject.hooks_for(self.app.ports.directory(), self.myself()?);
        let hook = hooks.into_iter().find(|hook| hook.id == id).ok_or(ApiError::NotFound)?;
        Ok((subject, hook))
    }
}
