//! What a principal may do with a repository or an account (design section 5).

use crate::account::{Scope, Scopes};
use crate::id::AppId;

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

/// Does `scope` include `other`? Each includes itself.
fn includes(scope: Scope, other: Scope) -> bool {
    use Scope::{
        AdminOrg, AdminRepoHook, PublicRepo, ReadOrg, ReadRepoHook, ReadUser, Repo, User, UserEmail, WriteOrg,
        WriteRepoHook,
    };
    let included: &[Scope] = match scope {
        Repo => &[PublicRepo, AdminRepoHook, WriteRepoHook, ReadRepoHook],
        AdminRepoHook => &[WriteRepoHook, ReadRepoHook],
        WriteRepoHook => &[ReadRepoHook],
        AdminOrg => &[WriteOrg, ReadOrg],
        WriteOrg => &[ReadOrg],
        User => &[ReadUser, UserEmail],
        _ => &[],
    };
    scope == other || included.contains(&other)
}

/// Those of the wanted scopes that a holder of `held` has, as such or as part of a larger one.
pub fn held_of(wanted: Scopes, held: Scopes) -> Scopes {
    wanted.iter().filter(|scope| held.iter().any(|has| includes(has, *scope))).collect()
}

/// The same scopes without those that others of them include, as GitHub normalises what it is asked for.
pub fn normalised(scopes: Scopes) -> Scopes {
    let larger = |small: Scope| scopes.iter().any(|scope| scope != small && includes(scope, small));
    scopes.iter().filter(|scope| !larger(*scope)).collect()
}

/// May a token of the application `asker` (none: a token that a person made) see a hook made by a token of `maker`? Where
/// hooks are isolated, an application has its own only, and people have those that no application made: a hook's target
/// can be a secret in itself (contract github section 2).
pub fn sees_hook(isolated: bool, maker: Option<AppId>, asker: Option<AppId>) -> bool {
    !isolated || maker == asker
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
    fn a_scope_is_held_as_such_or_as_part_of_a_larger_one() {
        let of = |wanted: &str, held: &str| {
            held_of(Scopes::parse(wanted).expect("known"), Scopes::parse(held).expect("known")).to_string()
        };
        assert_eq!(of("repo, user:email, admin:org", "repo, user"), "repo, user:email");
        assert_eq!(of("read:repo_hook, read:org", "write:repo_hook, admin:org"), "read:repo_hook, read:org");
        assert_eq!(of("repo, delete_repo, site_admin", "public_repo, admin:repo_hook"), "");
        let plain = |scopes: &str| normalised(Scopes::parse(scopes).expect("known")).to_string();
        assert_eq!(plain("repo, public_repo, write:repo_hook, read:org, user, user:email"), "repo, read:org, user");
        assert_eq!(plain("read:user, user:email"), "read:user, user:email");
    }

    #[test]
    fn applications_and_people_see_each_other_s_hooks_only_where_these_are_not_isolated() {
        let tokens = [None, Some(AppId(1)), Some(AppId(2))];
        for maker in tokens {
            for asker in tokens {
                assert!(sees_hook(false, maker, asker));
                assert_eq!(sees_hook(true, maker, asker), maker == asker, "{maker:?} {asker:?}");
            }
        }
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
