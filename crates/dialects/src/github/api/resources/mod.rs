//! What clients walk through on their way to hooks: accounts, repositories, and facts about the server.

mod accounts;
mod admin;
mod memberships;
mod organizations;
mod repositories;
pub(super) mod root;

use std::sync::Arc;

use axum::routing::{MethodRouter, get, patch, post};

use super::app::App;

/// Path patterns and their methods, hooks aside.
pub(super) fn table() -> Vec<(String, MethodRouter<Arc<App>>)> {
    let one = || get(repositories::get).patch(repositories::update).delete(repositories::delete);
    let membership = get(memberships::get).put(memberships::set).delete(memberships::remove);
    let routes: [(&str, MethodRouter<Arc<App>>); 22] = [
        ("/", get(root::index)),
        ("/meta", get(root::meta)),
        ("/rate_limit", get(root::rate_limit)),
        ("/versions", get(root::versions)),
        ("/zen", get(root::zen)),
        ("/user", get(accounts::myself)),
        ("/user/orgs", get(organizations::mine)),
        ("/user/repos", get(repositories::mine).post(repositories::create_mine)),
        ("/users/{login}", get(accounts::get)),
        ("/users/{login}/orgs", get(organizations::of_user)),
        ("/users/{login}/repos", get(repositories::of_user)),
        ("/orgs/{org}", get(organizations::get).delete(organizations::delete)),
        ("/organizations/{organization_id}", get(organizations::get)),
        ("/orgs/{org}/memberships/{login}", membership),
        ("/orgs/{org}/repos", get(repositories::of_organization).post(repositories::create_in_organization)),
        ("/repos/{owner}/{repo}", one()),
        ("/repositories/{repository_id}", one()),
        ("/admin/users", post(admin::create_user)),
        ("/admin/users/{login}", axum::routing::delete(admin::delete_user)),
        ("/admin/users/{login}/authorizations", post(admin::impersonate).delete(admin::end_impersonation)),
        ("/admin/organizations", post(admin::create_organization)),
        ("/admin/organizations/{org}", patch(admin::rename_organization)),
    ];
    routes.into_iter().map(|(path, methods)| (path.to_owned(), methods)).collect()
}
