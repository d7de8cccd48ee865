//! The HTTP API (contract bitbucket-cloud section 1).
//!
//! A handler extracts a `Call`, uses one store call or looks into the directory, and maps the answer; `errors` words
//! every refusal. Every path is served with and without a trailing slash.
//!
//! One token works on every surface and carries GitHub's names of scopes. Cloud's are these:
//!
//! | Cloud | here |
//! | --- | --- |
//! | `read:webhook:bitbucket` | `read:repo_hook` |
//! | `write:webhook:bitbucket` | `write:repo_hook`, which can read, too |
//! | `delete:webhook:bitbucket`, `webhook` | `admin:repo_hook`, which can do everything with hooks |
//! | `repository` | `repo`; `public_repo` where nothing is private |
//!
//! They count for workspace hooks as well; for those alone there is `admin:org_hook`. The scopes of single events
//! (`issue`, `pullrequest`) are not asked for.

mod app;
mod call;
mod errors;
mod hook_events;
mod hook_fields;
mod hook_json;
mod hooks;
mod ip_ranges;
mod paging;
mod problems;
mod resources;
mod scopes;
mod subject;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, any, get};
use domain::flow::Ports;

use super::settings::BitbucketCloudSettings;
use crate::ApiSettings;
use app::App;
use errors::ApiError;

/// Where the API lives.
const PREFIX: &str = "/2.0";

/// All routes.
pub(super) fn routes(ports: Ports, settings: ApiSettings, own: Arc<BitbucketCloudSettings>) -> Router {
    let mut router = Router::new();
    for (path, methods) in table() {
        let path = format!("{PREFIX}{path}");
        router = router.route(&format!("{path}/"), methods.clone()).route(&path, methods);
    }
    for path in [PREFIX, "/2.0/", "/2.0/{*rest}"] {
        router = router.route(path, any(absent));
    }
    router
        .route("/.well-known/ip-ranges.json", get(ip_ranges::get))
        .method_not_allowed_fallback(not_allowed)
        .with_state(Arc::new(App::new(ports, settings, own)))
}

/// Path patterns and their methods.
fn table() -> [(&'static str, MethodRouter<Arc<App>>); 15] {
    let all = || get(hooks::list).post(hooks::create);
    let one = || get(hooks::get).put(hooks::update).delete(hooks::delete);
    [
        ("/repositories/{workspace}/{repo_slug}/hooks", all()),
        ("/repositories/{workspace}/{repo_slug}/hooks/{uid}", one()),
        ("/workspaces/{workspace}/hooks", all()),
        ("/workspaces/{workspace}/hooks/{uid}", one()),
        ("/hook_events", get(hook_events::index)),
        ("/hook_events/{subject_type}", get(hook_events::list)),
        ("/user", get(resources::accounts::myself)),
        ("/user/workspaces", get(resources::workspaces::accesses)),
        ("/users/{selected_user}", get(resources::accounts::get)),
        ("/workspaces", get(resources::workspaces::list)),
        ("/workspaces/{workspace}", get(resources::workspaces::get)),
        ("/workspaces/{workspace}/projects", get(resources::workspaces::projects)),
        ("/workspaces/{workspace}/projects/{project_key}", get(resources::workspaces::project)),
        ("/repositories/{workspace}", get(resources::repositories::list)),
        ("/repositories/{workspace}/{repo_slug}", get(resources::repositories::get)),
    ]
}

/// What is not there.
async fn absent() -> ApiError {
    ApiError::NotFound("Nothing is served at this URL.")
}

/// A method that a path does not have.
async fn not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}
