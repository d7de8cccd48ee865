//! The directory's tables, and what a committed change does to them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Change, Located};
use crate::account::{Account, OrgRole, Permission, Repository, Token, TokenHash};
use crate::application::Application;
use crate::ci::CiApp;
use crate::hook::{Hook, HookScope};
use crate::id::{AccountId, AppId, CiAppId, HookId, RepositoryId, TopicId, Uid};
use crate::topic::Topic;

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) accounts: HashMap<AccountId, Arc<Account>>,
    pub(super) logins: HashMap<String, AccountId>,
    /// Project keys that were set; the others are logins.
    pub(super) keys: HashMap<String, AccountId>,
    pub(super) emails: HashMap<String, AccountId>,
    pub(super) repositories: HashMap<RepositoryId, Arc<Repository>>,
    pub(super) names: HashMap<(AccountId, String), RepositoryId>,
    pub(super) tokens: HashMap<TokenHash, Arc<Token>>,
    pub(super) applications: HashMap<AppId, Arc<Application>>,
    pub(super) client_ids: HashMap<String, AppId>,
    /// By id.
    pub(super) ci_apps: BTreeMap<CiAppId, Arc<CiApp>>,
    pub(super) ci_app_uids: HashMap<Uid, CiAppId>,
    /// By organization, then user.
    pub(super) members: BTreeMap<(AccountId, AccountId), OrgRole>,
    pub(super) collaborators: BTreeMap<(RepositoryId, AccountId), Permission>,
    pub(super) topics: HashMap<TopicId, Arc<Topic>>,
    pub(super) topic_urls: HashMap<String, TopicId>,
    /// Topics that are pages of a repository.
    pub(super) pages: HashMap<RepositoryId, Vec<TopicId>>,
    /// Subscriptions of each topic by callback.
    pub(super) callbacks: HashMap<TopicId, HashMap<String, HookId>>,
    /// How many subscriptions each callback host has.
    pub(super) callback_hosts: HashMap<String, usize>,
    pub(super) hooks: HashMap<HookId, Arc<Hook>>,
    /// In creation order.
    pub(super) hooks_of: HashMap<HookScope, Vec<Arc<Hook>>>,
}

/// Names compare without regard to ASCII case (contract github section 0).
pub(super) fn fold(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl Tables {
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Account(account) => {
                self.forget_account_names(account.id);
                self.logins.insert(fold(&account.login), account.id);
                if let Some(key) = &account.project_key {
                    self.keys.insert(fold(key), account.id);
                }
                if let Some(email) = &account.email {
                    self.emails.insert(fold(email), account.id);
                }
                self.accounts.insert(account.id, account);
            }
            Change::AccountGone(id) => self.forget_account(id),
            Change::Repository(repository) => {
                if let Some(old) = self.repositories.get(&repository.id) {
                    self.names.remove(&(old.owner, fold(&old.name)));
                }
                self.names.insert((repository.owner, fold(&repository.name)), repository.id);
                self.repositories.insert(repository.id, repository);
            }
            Change::RepositoryGone(id) => self.forget_repository(id),
            Change::Hook(hook) => {
                if let Some(old) = self.hooks.get(&hook.id).cloned() {
                    self.note_subscription(&old, false);
                }
                self.note_subscription(&hook, true);
                // In creation order, and so sorted by id: a topic can have a hundred thousand.
                let siblings = self.hooks_of.entry(hook.scope).or_default();
                match siblings.binary_search_by_key(&hook.id, |sibling| sibling.id) {
                    Ok(at) => siblings[at] = hook.clone(),
                    Err(at) => siblings.insert(at, hook.clone()),
                }
                self.hooks.insert(hook.id, hook);
            }
            Change::HookGone(id) => {
                if let Some(hook) = self.hooks.remove(&id) {
                    self.note_subscription(&hook, false);
                    if let Some(siblings) = self.hooks_of.get_mut(&hook.scope)
                        && let Ok(at) = siblings.binary_search_by_key(&id, |sibling| sibling.id)
                    {
                        siblings.remove(at);
                    }
                }
            }
            Change::Topic(topic) => {
                self.forget_topic(topic.id);
                if let Some(page) = &topic.page {
                    self.pages.entry(page.repository).or_default().push(topic.id);
                }
                self.topic_urls.insert(topic.url.clone(), topic.id);
                self.topics.insert(topic.id, topic);
            }
            Change::TopicGone(id) => {
                self.forget_topic(id);
                self.forget_hooks_of(HookScope::Topic(id));
            }
            Change::Token(hash, token) => {
                self.tokens.insert(hash, token);
            }
            Change::TokenGone(id) => self.tokens.retain(|_, token| token.id != id),
            Change::Application(app) => {
                self.client_ids.insert(app.client_id.clone(), app.id);
                self.applications.insert(app.id, app);
            }
            Change::ApplicationGone(id) => {
                if let Some(app) = self.applications.remove(&id) {
                    self.client_ids.remove(&app.client_id);
                }
                self.tokens.retain(|_, token| token.app != Some(id));
                self.orphan_hooks(id);
            }
            Change::CiApp(app) => {
                self.ci_app_uids.insert(app.uid, app.id);
                self.ci_apps.insert(app.id, app);
            }
            Change::CiAppGone(id) => self.forget_ci_app(id),
            Change::Membership(organization, user, role) => match role {
                Some(role) => drop(self.members.insert((organization, user), role)),
                None => drop(self.members.remove(&(organization, user))),
            },
            Change::Collaborator(repository, user, level) => match level {
                Some(level) => drop(self.collaborators.insert((repository, user), level)),
                None => drop(self.collaborators.remove(&(repository, user))),
            },
        }
    }

    /// Forgets an account with all that is its own.
    fn forget_account(&mut self, id: AccountId) {
        self.forget_account_names(id);
        self.accounts.remove(&id);
        let repositories: Vec<_> = self.repositories.values().filter(|r| r.owner == id).map(|r| r.id).collect();
        for repository in repositories {
            self.forget_repository(repository);
        }
        self.forget_hooks_of(HookScope::Account(id));
        let apps: Vec<_> = self.ci_apps.values().filter(|app| app.owner == id).map(|app| app.id).collect();
        for app in apps {
            self.forget_ci_app(app);
        }
        self.tokens.retain(|_, token| token.user != id);
        self.members.retain(|(organization, user), _| *organization != id && *user != id);
        self.collaborators.retain(|(_, user), _| *user != id);
    }

    /// Forgets a repository with its hooks; apps that built it build nothing of ours any more.
    fn forget_repository(&mut self, id: RepositoryId) {
        if let Some(old) = self.repositories.remove(&id) {
            self.names.remove(&(old.owner, fold(&old.name)));
        }
        self.forget_hooks_of(HookScope::Repository(id));
        self.collaborators.retain(|(repository, _), _| *repository != id);
        for app in self.ci_apps.values_mut().filter(|app| app.repository == Some(id)) {
            *app = Arc::new(CiApp { repository: None, ..(**app).clone() });
        }
    }

    /// Forgets an app with its hooks.
    fn forget_ci_app(&mut self, id: CiAppId) {
        if let Some(app) = self.ci_apps.remove(&id) {
            self.ci_app_uids.remove(&app.uid);
        }
        self.forget_hooks_of(HookScope::App(id));
    }

    fn forget_account_names(&mut self, id: AccountId) {
        if let Some(old) = self.accounts.get(&id) {
            self.logins.remove(&fold(&old.login));
            if let Some(key) = &old.project_key {
                self.keys.remove(&fold(key));
            }
            // Two accounts may share an address; the other's entry stays.
            if let Some(email) = old.email.as_deref().map(fold)
                && self.emails.get(&email) == Some(&id)
            {
                self.emails.remove(&email);
            }
        }
    }

    fn forget_hooks_of(&mut self, scope: HookScope) {
        for hook in self.hooks_of.remove(&scope).unwrap_or_default() {
            self.note_subscription(&hook, false);
            self.hooks.remove(&hook.id);
        }
    }

    /// Hooks of an application that is gone become hooks of no application.
    fn orphan_hooks(&mut self, app: AppId) {
        let orphans: Vec<_> = self.hooks.values().filter(|hook| hook.app == Some(app)).cloned().collect();
        for hook in orphans {
            self.apply(Change::Hook(Arc::new(Hook { app: None, ..(*hook).clone() })));
        }
    }

    /// Forgets a topic's URL and page; its subscriptions stay.
    fn forget_topic(&mut self, id: TopicId) {
        let Some(topic) = self.topics.remove(&id) else { return };
        self.topic_urls.remove(&topic.url);
        if let Some(pages) = topic.page.as_ref().and_then(|page| self.pages.get_mut(&page.repository)) {
            pages.retain(|page| *page != id);
        }
    }

    /// Notes a subscription among its topic's and its host's, or forgets it.
    fn note_subscription(&mut self, hook: &Hook, arrives: bool) {
        let HookScope::Topic(topic) = hook.scope else { return };
        let callbacks = self.callbacks.entry(topic).or_default();
        if arrives {
            callbacks.insert(hook.url.as_str().to_owned(), hook.id);
        } else {
            callbacks.remove(hook.url.as_str());
        }
        if callbacks.is_empty() {
            self.callbacks.remove(&topic);
        }
        let Ok(target) = hook.url.target() else { return };
        let host = target.host.to_string();
        if arrives {
            *self.callback_hosts.entry(host).or_default() += 1;
        } else if let Some(count) = self.callback_hosts.get_mut(&host) {
            *count -= 1;
            if *count == 0 {
                self.callback_hosts.remove(&host);
            }
        }
    }

    pub(super) fn located(&self, id: RepositoryId) -> Option<Located> {
        let repository = self.repositories.get(&id)?.clone();
        let owner = self.accounts.get(&repository.owner)?.clone();
        Some(Located { repository, owner })
    }

    pub(super) fn is_site_admin(&self, user: AccountId) -> bool {
        self.accounts.get(&user).is_some_and(|account| account.site_admin)
    }
}
