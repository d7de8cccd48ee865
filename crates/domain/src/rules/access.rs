//! What a principal may do with a repository or an account (design section 5).

use crate::account::{Scope, Scopes};

/// Levels of access to hooks, each including the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookAccess {
    /// Read, ping and test.
    Read,
    /// Create, edit and redeliver.
    Write,
    /// Delete.
    Admin,
}

/// The hook access that scopes grant on a repository, before the user's role is asked.
pub fn repository_hook_access(scopes: Scopes, private: bool) -> Option<HookAccess> {
    let whole = scopes.contains(Scope::Repo)
        || scopes.contains(Scope::AdminRepoHook)
        || (!private && scopes.contains(Scope::PublicRepo));
    if whole {
        Some(HookAccess::Admin)
    } else if scopes.contains(Scope::WriteRepoHook) {
        Some(HookAccess::Write)
    } else if scopes.contains(Scope::ReadRepoHook) {
        Some(HookAccess::Read)
    } else {
        None
    }
}

/// May these scopes see a repository that the user can see?
pub fn sees_repository(scopes: Scopes, private: bool) -> bool {
    !private || scopes.contains(Scope::Repo)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(scopes: &str, private: bool) -> Option<HookAccess> {
        repository_hook_access(Scopes::parse(scopes).expect("known scopes"), private)
    }

    #[test]
    fn scopes_grant_hook_access_as_the_github_contract_section_2_says() {
        assert_eq!(access("repo", true), Some(HookAccess::Admin));
        assert_eq!(access("public_repo", false), Some(HookAccess::Admin));
        assert_eq!(access("public_repo", true), None);
        assert_eq!(access("admin:repo_hook", true), Some(HookAccess::Admin));
        assert_eq!(access("write:repo_hook", true), Some(HookAccess::Write));
        assert_eq!(access("read:repo_hook", true), Some(HookAccess::Read));
        assert_eq!(access("admin:org_hook,user", false), None);
    }
}
