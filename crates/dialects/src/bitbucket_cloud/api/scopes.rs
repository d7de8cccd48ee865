//! Scopes under Cloud's names (see the table at [`super`]).

use domain::account::{Scope, Scopes};
use domain::rules::access::{HookAccess, repository_hook_access};

/// Sees private repositories.
pub(super) const REPOSITORY: &str = "repository";

/// The scope that grants that much, as Cloud calls it.
pub(super) fn required(access: HookAccess) -> &'static str {
    match access {
        HookAccess::Read => "read:webhook:bitbucket",
        HookAccess::Write => "write:webhook:bitbucket",
        HookAccess::Admin => "delete:webhook:bitbucket",
    }
}

/// What a token may do here, as Cloud calls it.
pub(super) fn granted(scopes: Scopes) -> Vec<&'static str> {
    let access = repository_hook_access(scopes, true);
    let levels = [HookAccess::Read, HookAccess::Write, HookAccess::Admin];
    let mut names: Vec<_> = levels.into_iter().filter(|level| access >= Some(*level)).map(required).collect();
    if scopes.contains(Scope::Repo) {
        names.push(REPOSITORY);
    }
    names
}

/// The access that scopes grant to the hooks of a workspace, before the user's role is asked. Whoever owns a workspace
/// administers all its repositories, so that the scopes for their hooks serve here, too.
pub(super) fn workspace_hook_access(scopes: Scopes) -> Option<HookAccess> {
    if scopes.contains(Scope::AdminOrgHook) { Some(HookAccess::Admin) } else { repository_hook_access(scopes, true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_14_scopes_have_clouds_names() {
        let named = |scopes: &str| granted(Scopes::parse(scopes).expect("known scopes")).join(" ");
        let (read, write, delete) = ("read:webhook:bitbucket", "write:webhook:bitbucket", "delete:webhook:bitbucket");
        assert_eq!(named("read:repo_hook"), read);
        assert_eq!(named("write:repo_hook"), format!("{read} {write}"));
        assert_eq!(named("admin:repo_hook"), format!("{read} {write} {delete}"));
        assert_eq!(named("repo"), format!("{read} {write} {delete} repository"));
        assert_eq!(named("user"), "");
    }
}
