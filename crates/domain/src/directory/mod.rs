//! Accounts, repositories, tokens and hooks in memory: what publishing, matching and sending ask on every event.
//!
//! Every backend fills a directory when it opens, and applies a [`Change`] to it after each commit (ADR 0004). Reading
//! never touches the disk and never waits for it.

mod tables;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::account::{Account, AccountKind, OrgRole, Permission, Principal, Repository, Scopes, Token, TokenHash};
use crate::application::Application;
use crate::ci::{AppRole, CiApp};
use crate::event::Place;
use crate::hook::{DialectName, Hook, HookScope};
use crate::id::{AccountId, AppId, CiAppId, HookId, RepositoryId, TokenId, TopicId, Uid};
use crate::time::Timestamp;
use crate::topic::Topic;

use self::tables::{Tables, fold};

/// A repository and its owner.
#[derive(Clone, Debug)]
pub struct Located {
    /// The repository.
    pub repository: Arc<Repository>,
    /// Its owner.
    pub owner: Arc<Account>,
}

impl Located {
    /// Where events of this repository happen.
    pub fn place(&self) -> Place {
        Place { account: self.owner.id, repository: Some(self.repository.id), app: None }
    }
}

/// One committed change.
#[derive(Clone, Debug)]
pub enum Change {
    /// An account was created or edited.
    Account(Arc<Account>),
    /// An account is gone, with its repositories, hooks, tokens and memberships.
    AccountGone(AccountId),
    /// A repository was created or edited.
    Repository(Arc<Repository>),
    /// A repository is gone, with its hooks and collaborators.
    RepositoryGone(RepositoryId),
    /// A hook was created or edited.
    Hook(Arc<Hook>),
    /// A hook is gone.
    HookGone(HookId),
    /// A token was created.
    Token(TokenHash, Arc<Token>),
    /// A token was revoked.
    TokenGone(TokenId),
    /// An OAuth application was created or edited.
    Application(Arc<Application>),
    /// An OAuth application is gone, with its tokens; its hooks stay, as hooks of no application.
    ApplicationGone(AppId),
    /// An app was made or edited.
    CiApp(Arc<CiApp>),
    /// An app is gone, with its hooks.
    CiAppGone(CiAppId),
    /// A topic was made, or got new content.
    Topic(Arc<Topic>),
    /// A topic is gone, with its subscriptions.
    TopicGone(TopicId),
    /// A user's role in an organization; `None`: not a member (any more).
    Membership(AccountId, AccountId, Option<OrgRole>),
    /// A user's own permission on a repository; `None`: no collaborator (any more).
    Collaborator(RepositoryId, AccountId, Option<Permission>),
}

/// The directory. Cheap to share; all methods take a short lock.
#[derive(Debug, Default)]
pub struct Directory {
    tables: RwLock<Tables>,
    /// When tokens were last used, since somebody asked.
    seen: Mutex<HashMap<TokenId, Timestamp>>,
}

impl Directory {
    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        // A panic while holding the lock leaves at worst one change half applied; serving on beats poisoning all.
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies committed changes, in order, as one step for readers.
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            tables.apply(change);
        }
    }

    /// The account of that login, in any case.
    pub fn account(&self, login: &str) -> Option<Arc<Account>> {
        let tables = self.read();
        tables.accounts.get(tables.logins.get(&fold(login))?).cloned()
    }

    /// The account of that project key, in any case; a key that was set wins over a login.
    pub fn account_by_key(&self, key: &str) -> Option<Arc<Account>> {
        let tables = self.read();
        let folded = fold(key);
        if let Some(id) = tables.keys.get(&folded) {
            return tables.accounts.get(id).cloned();
        }
        let found = tables.accounts.get(tables.logins.get(&folded)?)?;
        found.project_key.is_none().then(|| found.clone())
    }

    /// The account of that uid.
    pub fn account_by_uid(&self, uid: Uid) -> Option<Arc<Account>> {
        self.read().accounts.values().find(|account| account.uid == uid).cloned()
    }

    /// The account of that id.
    pub fn account_by_id(&self, id: AccountId) -> Option<Arc<Account>> {
        self.read().accounts.get(&id).cloned()
    }

    /// The user with that e-mail address, in any case.
    pub fn account_by_email(&self, email: &str) -> Option<Arc<Account>> {
        let tables = self.read();
        tables.accounts.get(tables.emails.get(&fold(email))?).cloned()
    }

    /// Accounts of a kind, by id.
    pub fn accounts(&self, kind: AccountKind) -> Vec<Arc<Account>> {
        let mut found: Vec<_> = self.read().accounts.values().filter(|a| a.kind == kind).cloned().collect();
        found.sort_by_key(|account| account.id);
        found
    }

    /// The repository `owner/name`, in any case.
    pub fn locate(&self, owner: &str, name: &str) -> Option<Located> {
        let tables = self.read();
        let owner = tables.logins.get(&fold(owner))?;
        tables.located(*tables.names.get(&(*owner, fold(name)))?)
    }

    /// The repository of that id.
    pub fn locate_by_id(&self, id: RepositoryId) -> Option<Located> {
        self.read().located(id)
    }

    /// Repositories of an account, by id.
    pub fn repositories_of(&self, owner: AccountId) -> Vec<Arc<Repository>> {
        let tables = self.read();
        let mut found: Vec<_> = tables.repositories.values().filter(|r| r.owner == owner).cloned().collect();
        found.sort_by_key(|repository| repository.id);
        found
    }

    /// Who presents this token, unless it is unknown or has expired. Notes the use.
    pub fn authenticate(&self, hash: &TokenHash, now: Timestamp) -> Option<Principal> {
        let tables = self.read();
        let token = tables.tokens.get(hash)?;
        if token.expires_at.is_some_and(|end| end <= now) {
            return None;
        }
        let user = tables.accounts.get(&token.user)?.clone();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(token.id, now);
        let (app, scopes, expires_at) = (token.app, token.scopes, token.expires_at);
        Some(Principal { user, token: token.id, app, scopes, expires_at })
    }

    /// The token of that hash, expired or not. Notes no use: for those who ask about a token, not with it.
    pub fn token(&self, hash: &TokenHash) -> Option<Arc<Token>> {
        self.read().tokens.get(hash).cloned()
    }

    /// The OAuth application of that client id.
    pub fn application(&self, client_id: &str) -> Option<Arc<Application>> {
        let tables = self.read();
        tables.applications.get(tables.client_ids.get(client_id)?).cloned()
    }

    /// The OAuth application of that id.
    pub fn application_by_id(&self, id: AppId) -> Option<Arc<Application>> {
        self.read().applications.get(&id).cloned()
    }

    /// The OAuth applications of an account, by id.
    pub fn applications_of(&self, owner: AccountId) -> Vec<Arc<Application>> {
        let mut found: Vec<_> = self.read().applications.values().filter(|app| app.owner == owner).cloned().collect();
        found.sort_by_key(|app| app.id);
        found
    }

    /// The app of that uid.
    pub fn ci_app(&self, uid: Uid) -> Option<Arc<CiApp>> {
        let tables = self.read();
        tables.ci_apps.get(tables.ci_app_uids.get(&uid)?).cloned()
    }

    /// The app of that id.
    pub fn ci_app_by_id(&self, id: CiAppId) -> Option<Arc<CiApp>> {
        self.read().ci_apps.get(&id).cloned()
    }

    /// All apps, by id.
    pub fn ci_apps(&self) -> Vec<Arc<CiApp>> {
        self.read().ci_apps.values().cloned().collect()
    }

    /// The apps of an account, by id.
    pub fn ci_apps_of(&self, owner: AccountId) -> Vec<Arc<CiApp>> {
        self.read().ci_apps.values().filter(|app| app.owner == owner).cloned().collect()
    }

    /// What a user may do with an app. Its owner, owners of the owning organization and site admins do everything; admins
    /// of its repository manage it, who may write there starts and stops builds; members of the organization look on,
    /// and everyone does if the app is public.
    pub fn app_role(&self, app: &CiApp, user: AccountId) -> Option<AppRole> {
        let tables = self.read();
        if app.owner == user || tables.is_site_admin(user) {
            return Some(AppRole::Owner);
        }
        let as_member = tables.members.get(&(app.owner, user)).map(|role| match role {
            OrgRole::Owner => AppRole::Owner,
            OrgRole::Member => AppRole::Tester,
        });
        drop(tables);
        let linked = app.repository.and_then(|id| self.locate_by_id(id));
        let there = linked.and_then(|at| self.permission(&at.repository, user)).and_then(|level| match level {
            Permission::Admin => Some(AppRole::Admin),
            Permission::Write => Some(AppRole::Developer),
            Permission::Read => None,
        });
        let as_anyone = app.is_public.then_some(AppRole::Tester);
        as_member.max(there).max(as_anyone)
    }

    /// The tokens used since this was last asked, and when: for [`Accounts::touch_tokens`](crate::ports::Accounts).
    pub fn take_seen(&self) -> Vec<(TokenId, Timestamp)> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }

    /// What a user has given an application: the scopes of its live tokens together; `None` if it has none.
    pub fn granted(&self, app: AppId, user: AccountId, now: Timestamp) -> Option<Scopes> {
        let tables = self.read();
        let live = |token: &Token| token.expires_at.is_none_or(|end| now < end);
        let given = tables.tokens.values().filter(|token| token.app == Some(app) && token.user == user && live(token));
        given.map(|token| token.scopes).reduce(|all, more| all.iter().chain(more.iter()).collect())
    }

    /// A user's role in an organization. Site admins own every organization.
    pub fn role(&self, organization: AccountId, user: AccountId) -> Option<OrgRole> {
        let tables = self.read();
        if tables.is_site_admin(user) {
            return Some(OrgRole::Owner);
        }
        tables.members.get(&(organization, user)).copied()
    }

    /// Members of an organization and their roles, by user id.
    pub fn members(&self, organization: AccountId) -> Vec<(Arc<Account>, OrgRole)> {
        let tables = self.read();
        let range = (organization, AccountId(i64::MIN))..=(organization, AccountId(i64::MAX));
        let members = tables.members.range(range);
        members.filter_map(|((_, user), role)| Some((tables.accounts.get(user)?.clone(), *role))).collect()
    }

    /// Organizations a user belongs to, by id.
    pub fn organizations_of(&self, user: AccountId) -> Vec<Arc<Account>> {
        let tables = self.read();
        let belongs = tables.members.keys().filter(|(_, member)| *member == user);
        belongs.filter_map(|(organization, _)| tables.accounts.get(organization).cloned()).collect()
    }

    /// What a user may do in a repository: owners of the account and site admins administer, members of the owning
    /// organization read, collaborators have what they were given, everyone reads what is public.
    pub fn permission(&self, repository: &Repository, user: AccountId) -> Option<Permission> {
        let tables = self.read();
        if repository.owner == user || tables.is_site_admin(user) {
            return Some(Permission::Admin);
        }
        let as_member = tables.members.get(&(repository.owner, user)).map(|role| match role {
            OrgRole::Owner => Permission::Admin,
            OrgRole::Member => Permission::Read,
        });
        let as_collaborator = tables.collaborators.get(&(repository.id, user)).copied();
        let as_anyone = (!repository.private).then_some(Permission::Read);
        as_member.max(as_collaborator).max(as_anyone)
    }

    /// Collaborators of a repository and their permissions, by user id.
    pub fn collaborators(&self, repository: RepositoryId) -> Vec<(Arc<Account>, Permission)> {
        let tables = self.read();
        let range = (repository, AccountId(i64::MIN))..=(repository, AccountId(i64::MAX));
        let rows = tables.collaborators.range(range);
        rows.filter_map(|((_, user), level)| Some((tables.accounts.get(user)?.clone(), *level))).collect()
    }

    /// Repositories a user is a collaborator of, by id.
    pub fn collaborations_of(&self, user: AccountId) -> Vec<Arc<Repository>> {
        let tables = self.read();
        let rows = tables.collaborators.keys().filter(|(_, collaborator)| *collaborator == user);
        rows.filter_map(|(repository, _)| tables.repositories.get(repository).cloned()).collect()
    }

    /// A hook, unless it was deleted.
    pub fn hook(&self, id: HookId) -> Option<Arc<Hook>> {
        self.read().hooks.get(&id).cloned()
    }

    /// The hooks of one scope and dialect, in creation order.
    pub fn hooks_of(&self, scope: HookScope, dialect: DialectName) -> Vec<Arc<Hook>> {
        let tables = self.read();
        let hooks = tables.hooks_of.get(&scope).map_or(&[][..], Vec::as_slice);
        hooks.iter().filter(|hook| hook.dialect == dialect).cloned().collect()
    }

    /// All hooks that may be asked about events at `place`: the repository's, then the account's, then the app's.
    pub fn subscribers(&self, place: Place) -> Vec<Arc<Hook>> {
        let tables = self.read();
        let of = |scope| tables.hooks_of.get(&scope).map_or(&[][..], Vec::as_slice);
        let of_repository = place.repository.map_or(&[][..], |id| of(HookScope::Repository(id)));
        let of_account = of(HookScope::Account(place.account));
        let of_app = place.app.map_or(&[][..], |id| of(HookScope::App(id)));
        of_repository.iter().chain(of_account).chain(of_app).cloned().collect()
    }

    /// The topic of that URL.
    pub fn topic(&self, url: &str) -> Option<Arc<Topic>> {
        let tables = self.read();
        tables.topics.get(tables.topic_urls.get(url)?).cloned()
    }

    /// The topic of that id.
    pub fn topic_by_id(&self, id: TopicId) -> Option<Arc<Topic>> {
        self.read().topics.get(&id).cloned()
    }

    /// All topics, by id.
    pub fn topics(&self) -> Vec<Arc<Topic>> {
        let mut found: Vec<_> = self.read().topics.values().cloned().collect();
        found.sort_by_key(|topic| topic.id);
        found
    }

    /// Topics that are pages of a repository and have subscriptions.
    pub fn topics_of(&self, repository: RepositoryId) -> Vec<Arc<Topic>> {
        let tables = self.read();
        let pages = tables.pages.get(&repository).map_or(&[][..], Vec::as_slice);
        let subscribed =
            |id: &&TopicId| tables.hooks_of.get(&HookScope::Topic(**id)).is_some_and(|all| !all.is_empty());
        pages.iter().filter(subscribed).filter_map(|id| tables.topics.get(id).cloned()).collect()
    }

    /// Every subscription of a topic, lapsed ones included, in creation order.
    pub fn subscriptions(&self, topic: TopicId) -> Vec<Arc<Hook>> {
        self.read().hooks_of.get(&HookScope::Topic(topic)).cloned().unwrap_or_default()
    }

    /// The subscription of a topic and a callback, compared as exact texts.
    pub fn subscription(&self, topic: TopicId, callback: &str) -> Option<Arc<Hook>> {
        let tables = self.read();
        tables.hooks.get(tables.callbacks.get(&topic)?.get(callback)?).cloned()
    }

    /// How many subscriptions a topic has.
    pub fn subscription_count(&self, topic: TopicId) -> usize {
        self.read().hooks_of.get(&HookScope::Topic(topic)).map_or(0, Vec::len)
    }

    /// How many subscriptions call this host, over all topics.
    pub fn subscriptions_at(&self, host: &str) -> usize {
        self.read().callback_hosts.get(host).copied().unwrap_or(0)
    }

    /// How many hooks there are.
    pub fn hook_count(&self) -> usize {
        self.read().hooks.len()
    }
}
