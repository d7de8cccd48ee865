//! What the documentation says about each operation: its page, and the scopes and permission it accepts.

use axum::http::Method;

/// One documented operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// Path and anchor under `https://docs.github.com/rest`.
    pub(super) docs: &'static str,
    /// `X-Accepted-OAuth-Scopes`.
    pub(super) scopes: &'static str,
    /// `X-Accepted-GitHub-Permissions`.
    pub(super) permission: Option<&'static str>,
}

/// Anything not in the table below.
pub(super) const OTHER: Operation = Operation { docs: "", scopes: "", permission: None };

/// Scopes that read and ping repository hooks (contract section 2).
const READ: &str = "admin:repo_hook, public_repo, read:repo_hook, repo, write:repo_hook";
/// Scopes that create, edit and redeliver.
const WRITE: &str = "admin:repo_hook, public_repo, repo, write:repo_hook";
/// Scopes that delete.
const DELETE: &str = "admin:repo_hook, public_repo, repo";

/// The operation of a method on a route pattern, prefix and repository part removed.
pub(super) fn operation(method: &Method, pattern: &str) -> Operation {
    let on_repository =
        pattern.strip_prefix("/repos/{owner}/{repo}").or_else(|| pattern.strip_prefix("/repositories/{repository_id}"));
    if let Some(tail) = on_repository {
        return on_repository_path(method, tail).unwrap_or(OTHER);
    }
    let on_organization =
        pattern.strip_prefix("/orgs/{org}").or_else(|| pattern.strip_prefix("/organizations/{organization_id}"));
    if let Some(tail) = on_organization {
        return on_organization_path(method, tail).unwrap_or(OTHER);
    }
    if method == Method::POST && pattern == "/hub" {
        let scopes = "admin:repo_hook, write:repo_hook";
        return Operation { docs: "/webhooks#pubsubhubbub", scopes, permission: Some("repository_hooks=write") };
    }
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let (docs, scopes) = match (method.as_str(), pattern) {
        ("GET", "/user") => ("/users/users#get-the-authenticated-user", ""),
        ("GET", "/users/{login}") => ("/users/users#get-a-user", ""),
        ("GET", "/user/orgs") => ("/orgs/orgs#list-organizations-for-the-authenticated-user", "read:org, user"),
        ("GET", "/user/repos") => ("/repos/repos#list-repositories-for-the-authenticated-user", "repo"),
        ("POST", "/user/repos") => ("/repos/repos#create-a-repository-for-the-authenticated-user", "public_repo, repo"),
        ("GET", "/users/{login}/repos") => ("/repos/repos#list-repositories-for-a-user", "repo"),
        ("GET", "/") => ("/meta/meta#github-api-root", ""),
        ("GET", "/meta") => ("/meta/meta#get-apiname-meta-information", ""),
        ("GET", "/versions") => ("/meta/meta#get-all-api-versions", ""),
        ("GET", "/zen") => ("/meta/meta#get-the-zen-of-github", ""),
        ("GET", "/rate_limit") => ("/rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user", ""),
        ("POST", "/admin/users") => ("/enterprise-admin/users#create-a-user", "site_admin"),
        ("DELETE", "/admin/users/{login}") => ("/enterprise-admin/users#delete-a-user", "site_admin"),
        ("POST", "/admin/users/{login}/authorizations") => {
            ("/enterprise-admin/users#create-an-impersonation-oauth-token", "site_admin")
        }
        ("POST", "/applications/{client_id}/token") => ("/apps/oauth-applications#check-a-token", ""),
        ("PATCH", "/applications/{client_id}/token") => ("/apps/oauth-applications#reset-a-token", ""),
        ("DELETE", "/applications/{client_id}/token") => ("/apps/oauth-applications#delete-an-app-token", ""),
        ("DELETE", "/applications/{client_id}/grant") => ("/apps/oauth-applications#delete-an-app-authorization", ""),
        ("POST", "/admin/organizations") => ("/enterprise-admin/orgs#create-an-organization", "site_admin"),
        ("PATCH", "/admin/organizations/{org}") => ("/enterprise-admin/orgs#update-an-organization-name", "site_admin"),
        _ => return OTHER,
    };
    Operation { docs, scopes, permission: None }
}

/// Operations on a repository and its hooks.
fn on_repository_path(method: &Method, tail: &str) -> Option<Operation> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let (docs, scopes, permission) = match (method.as_str(), tail) {
        ("GET", "") => ("/repos/repos#get-a-repository", "repo", "metadata=read"),
        ("PATCH", "") => ("/repos/repos#update-a-repository", "public_repo, repo", "administration=write"),
        ("DELETE", "") => ("/repos/repos#delete-a-repository", "delete_repo", "administration=write"),
        (method, tail) => {
            let (anchor, scopes, permission) = on_hook_path(method, tail.strip_prefix("/hooks")?)?;
            return Some(Operation { docs: anchor, scopes, permission: Some(permission) });
        }
    };
    Some(Operation { docs, scopes, permission: Some(permission) })
}

/// Operations on repository hooks (contract sections 1 and 1.6).
fn on_hook_path(method: &str, tail: &str) -> Option<(&'static str, &'static str, &'static str)> {
    const READS: &str = "repository_hooks=read";
    const WRITES: &str = "repository_hooks=write";
    Some(match (method, tail) {
        ("GET", "") => ("/repos/webhooks#list-repository-webhooks", READ, READS),
        ("POST", "") => ("/repos/webhooks#create-a-repository-webhook", WRITE, WRITES),
        ("GET", "/{hook_id}") => ("/repos/webhooks#get-a-repository-webhook", READ, READS),
        ("PATCH", "/{hook_id}") => ("/repos/webhooks#update-a-repository-webhook", WRITE, WRITES),
        ("DELETE", "/{hook_id}") => ("/repos/webhooks#delete-a-repository-webhook", DELETE, WRITES),
        ("GET", "/{hook_id}/config") => ("/repos/webhooks#get-a-webhook-configuration-for-a-repository", READ, READS),
        ("PATCH", "/{hook_id}/config") => {
            ("/repos/webhooks#update-a-webhook-configuration-for-a-repository", WRITE, WRITES)
        }
        ("GET", "/{hook_id}/deliveries") => ("/repos/webhooks#list-deliveries-for-a-repository-webhook", READ, READS),
        ("GET", "/{hook_id}/deliveries/{delivery_id}") => {
            ("/repos/webhooks#get-a-delivery-for-a-repository-webhook", READ, READS)
        }
        ("POST", "/{hook_id}/deliveries/{delivery_id}/attempts") => {
            ("/repos/webhooks#redeliver-a-delivery-for-a-repository-webhook", WRITE, WRITES)
        }
        ("POST", "/{hook_id}/pings") => ("/repos/webhooks#ping-a-repository-webhook", READ, READS),
        ("POST", "/{hook_id}/tests" | "/{hook_id}/test") => {
            ("/repos/webhooks#test-the-push-repository-webhook", READ, READS)
        }
        _ => return None,
    })
}

/// Operations on an organization and its hooks (contract sections 1 and 1.6).
fn on_organization_path(method: &Method, tail: &str) -> Option<Operation> {
    const HOOKS: &str = "admin:org_hook";
    const READS: &str = "organization_hooks=read";
    const WRITES: &str = "organization_hooks=write";
    const MANAGES: &str = "admin:org, write:org";
    const READS_MEMBERS: &str = "members=read";
    const WRITES_MEMBERS: &str = "members=write";
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let (docs, scopes, permission) = match (method.as_str(), tail) {
        ("GET", "") => ("/orgs/orgs#get-an-organization", "admin:org, read:org, repo, user, write:org", None),
        ("DELETE", "") => ("/orgs/orgs#delete-an-organization", "admin:org", None),
        ("GET", "/repos") => ("/repos/repos#list-organization-repositories", "repo", None),
        ("POST", "/repos") => ("/repos/repos#create-an-organization-repository", "public_repo, repo", None),
        ("GET", "/memberships/{login}") => {
            let scopes = "admin:org, read:org, repo, user, write:org";
            ("/orgs/members#get-organization-membership-for-a-user", scopes, Some(READS_MEMBERS))
        }
        ("PUT", "/memberships/{login}") => {
            ("/orgs/members#set-organization-membership-for-a-user", MANAGES, Some(WRITES_MEMBERS))
        }
        ("DELETE", "/memberships/{login}") => {
            ("/orgs/members#remove-organization-membership-for-a-user", MANAGES, Some(WRITES_MEMBERS))
        }
        ("GET", "/hooks") => ("/orgs/webhooks#list-organization-webhooks", HOOKS, Some(READS)),
        ("POST", "/hooks") => ("/orgs/webhooks#create-an-organization-webhook", HOOKS, Some(WRITES)),
        ("GET", "/hooks/{hook_id}") => ("/orgs/webhooks#get-an-organization-webhook", HOOKS, Some(READS)),
        ("PATCH", "/hooks/{hook_id}") => ("/orgs/webhooks#update-an-organization-webhook", HOOKS, Some(WRITES)),
        ("DELETE", "/hooks/{hook_id}") => ("/orgs/webhooks#delete-an-organization-webhook", HOOKS, Some(WRITES)),
        ("GET", "/hooks/{hook_id}/config") => {
            ("/orgs/webhooks#get-a-webhook-configuration-for-an-organization", HOOKS, Some(READS))
        }
        ("PATCH", "/hooks/{hook_id}/config") => {
            ("/orgs/webhooks#update-a-webhook-configuration-for-an-organization", HOOKS, Some(WRITES))
        }
        ("GET", "/hooks/{hook_id}/deliveries") => {
            ("/orgs/webhooks#list-deliveries-for-an-organization-webhook", HOOKS, Some(READS))
        }
        ("GET", "/hooks/{hook_id}/deliveries/{delivery_id}") => {
            ("/orgs/webhooks#get-a-webhook-delivery-for-an-organization-webhook", HOOKS, Some(READS))
        }
        ("POST", "/hooks/{hook_id}/deliveries/{delivery_id}/attempts") => {
            ("/orgs/webhooks#redeliver-a-delivery-for-an-organization-webhook", HOOKS, Some(WRITES))
        }
        ("POST", "/hooks/{hook_id}/pings") => ("/orgs/webhooks#ping-an-organization-webhook", HOOKS, Some(WRITES)),
        _ => return None,
    };
    Some(Operation { docs, scopes, permission })
}
