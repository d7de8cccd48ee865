//! Accounts at git hosts.

use async_trait::async_trait;

use super::Stored;
use crate::ci::{GitAccount, GitHost};
use crate::id::AccountId;

/// Credentials at git hosts: one for each account and host. They go with the account.
#[async_trait]
pub trait GitAccounts: Send + Sync {
    /// Connects an account with a host; what was connected before is forgotten.
    async fn set_git_account(&self, new: GitAccount) -> Stored<()>;
    /// What an account has at a host.
    async fn git_account(&self, owner: AccountId, host: GitHost) -> Stored<Option<GitAccount>>;
    /// All that an account has, in the order of [`GitHost::ALL`].
    async fn git_accounts(&self, owner: AccountId) -> Stored<Vec<GitAccount>>;
    /// Forgets what an account has at a host. [`StoreError::NotFound`](super::StoreError::NotFound) if there is nothing.
    async fn remove_git_account(&self, owner: AccountId, host: GitHost) -> Stored<()>;
}
