//! The registry: who there is, and what was granted.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Edit, Stored};
use crate::account::{Account, AccountKind, OrgRole, Permission, Repository, Scopes, Token, TokenHash};
use crate::application::{Application, NewApplication};
use crate::grant::{CodeJudge, Device, DeviceAnswer, NewCode, NewDevice, Polled, Redeemed, Session};
use crate::id::{AccountId, AppId, RepositoryId, TokenId, Uid};
use crate::time::Timestamp;

/// A new account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// See [`Account::uid`].
    pub uid: Uid,
    /// See [`Account::kind`].
    pub kind: AccountKind,
    /// See [`Account::login`]; checked by `account::is_valid_name`.
    pub login: String,
    /// See [`Account::name`].
    pub name: Option<String>,
    /// See [`Account::email`].
    pub email: Option<String>,
    /// See [`Account::description`].
    pub description: Option<String>,
    /// See [`Account::project_key`]; checked by `account::is_valid_project_key`.
    pub project_key: Option<String>,
    /// See [`Account::site_admin`].
    pub site_admin: bool,
    /// For an organization: its first owner.
    pub owner: Option<AccountId>,
    /// See [`Account::created_at`].
    pub created_at: Timestamp,
}

/// A new repository.
#[derive(Clone, Debug)]
pub struct NewRepository {
    /// See [`Repository::uid`].
    pub uid: Uid,
    /// See [`Repository::owner`].
    pub owner: AccountId,
    /// See [`Repository::name`]; checked by `account::is_valid_name`.
    pub name: String,
    /// See [`Repository::description`].
    pub description: Option<String>,
    /// See [`Repository::homepage`].
    pub homepage: Option<String>,
    /// See [`Repository::default_branch`].
    pub default_branch: String,
    /// See [`Repository::private`].
    pub private: bool,
    /// See [`Repository::fork_of`].
    pub fork_of: Option<RepositoryId>,
    /// See [`Repository::created_at`].
    pub created_at: Timestamp,
}

/// A new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The SHA-256 of its value.
    pub hash: TokenHash,
    /// See [`Token::user`].
    pub user: AccountId,
    /// See [`Token::app`].
    pub app: Option<AppId>,
    /// See [`Token::scopes`].
    pub scopes: Scopes,
    /// See [`Token::note`].
    pub note: Option<String>,
    /// See [`Token::created_at`].
    pub created_at: Timestamp,
    /// See [`Token::expires_at`].
    pub expires_at: Option<Timestamp>,
}

/// The registry: accounts, repositories, members, tokens. Reads go to the [`Directory`](crate::directory::Directory).
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Creates a user or an organization. [`StoreError::NameTaken`](super::StoreError::NameTaken) if the login exists in
    /// any case.
    async fn create_account(&self, new: NewAccount) -> Stored<Arc<Account>>;
    /// Edits an account; `id`, `uid` and `created_at` stay, `updated_at` becomes `now`.
    async fn update_account(&self, id: AccountId, now: Timestamp, edit: Edit<Account>) -> Stored<Arc<Account>>;
    /// Deletes an account with its repositories, hooks, tokens and memberships. Events and the log stay.
    async fn delete_account(&self, id: AccountId) -> Stored<()>;
    /// Makes a user member or owner of an organization, or removes them.
    async fn set_membership(&self, organization: AccountId, user: AccountId, role: Option<OrgRole>) -> Stored<()>;
    /// Creates a repository. [`StoreError::NameTaken`](super::StoreError::NameTaken) if the owner has one of that name in
    /// any case.
    async fn create_repository(&self, new: NewRepository) -> Stored<Arc<Repository>>;
    /// Edits a repository; `id`, `uid` and `created_at` stay, `updated_at` becomes `now`.
    async fn update_repository(
        &self,
        id: RepositoryId,
        now: Timestamp,
        edit: Edit<Repository>,
    ) -> Stored<Arc<Repository>>;
    /// Deletes a repository with its hooks. Events and the log stay.
    async fn delete_repository(&self, id: RepositoryId) -> Stored<()>;
    /// Gives a user a permission on a repository, or takes it away.
    async fn set_collaborator(
        &self,
        repository: RepositoryId,
        user: AccountId,
        level: Option<Permission>,
    ) -> Stored<()>;
    /// Stores a token. Of the tokens an application holds for one user with the same scopes, only the newest
    /// [`MAX_TOKENS_OF_A_GRANT`](crate::application::MAX_TOKENS_OF_A_GRANT) stay; older ones are revoked.
    async fn create_token(&self, new: NewToken) -> Stored<Arc<Token>>;
    /// Tokens of a user, by id.
    async fn tokens_of(&self, user: AccountId) -> Stored<Vec<Token>>;
    /// Revokes a token.
    async fn delete_token(&self, id: TokenId) -> Stored<()>;
    /// Notes when tokens were last used. Called at most once a minute, for all tokens seen since.
    async fn touch_tokens(&self, seen: Vec<(TokenId, Timestamp)>) -> Stored<()>;
}

/// OAuth applications. Reads go to the [`Directory`](crate::directory::Directory).
#[async_trait]
pub trait Applications: Send + Sync {
    /// Registers an application.
    async fn create_application(&self, new: NewApplication) -> Stored<Arc<Application>>;
    /// Edits an application; `id`, `client_id` and `created_at` stay, `updated_at` becomes `now`.
    async fn update_application(&self, id: AppId, now: Timestamp, edit: Edit<Application>) -> Stored<Arc<Application>>;
    /// Deletes an application with its tokens and codes. Its hooks become hooks of no application.
    async fn delete_application(&self, id: AppId) -> Stored<()>;
    /// Gives a token a new value; the old one is refused from now on.
    async fn reset_token(&self, id: TokenId, hash: TokenHash, now: Timestamp) -> Stored<Arc<Token>>;
    /// Takes back all that a user gave an application: its tokens, and codes on their way.
    async fn revoke_grant(&self, app: AppId, user: AccountId) -> Stored<()>;
}

/// What OAuth flows hold between their steps. What has ended is deleted as new things come.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Keeps an authorization code.
    async fn keep_code(&self, new: NewCode) -> Stored<()>;
    /// Redeems an authorization code, at most once.
    async fn redeem_code(&self, hash: TokenHash, judge: CodeJudge) -> Stored<Redeemed>;
    /// Keeps a device code. [`StoreError::NameTaken`](super::StoreError::NameTaken) if the user code is in use,
    /// [`StoreError::Busy`](super::StoreError::Busy) if the application has
    /// [`MAX_WAITING_DEVICES`](crate::grant::MAX_WAITING_DEVICES).
    async fn keep_device(&self, new: NewDevice) -> Stored<()>;
    /// The device with that user code, expired or not.
    async fn device(&self, user_code: TokenHash) -> Stored<Option<Device>>;
    /// Writes down the user's answer; `false` if there is no such user code, or it was answered or has ended.
    async fn answer_device(&self, user_code: TokenHash, now: Timestamp, answer: DeviceAnswer) -> Stored<bool>;
    /// Polls with a device code; if it was approved, `value` becomes a token, and the code is spent.
    async fn poll_device(&self, hash: TokenHash, app: AppId, now: Timestamp, value: TokenHash) -> Stored<Polled>;
    /// Begins a session of a token, at `now`.
    async fn begin_session(&self, hash: TokenHash, token: TokenId, now: Timestamp) -> Stored<()>;
    /// The session of that hash, ended or not; none if its token is gone.
    async fn session(&self, hash: TokenHash) -> Stored<Option<Session>>;
    /// Notes that a session was used.
    async fn touch_session(&self, hash: TokenHash, now: Timestamp) -> Stored<()>;
    /// Ends a session.
    async fn end_session(&self, hash: TokenHash) -> Stored<()>;
}
