//! Apps: listed, shown, registered, configured (contract bitrise section 4).

mod config;
pub(super) mod json;
mod list;
mod register;

use axum::routing::{get, post};

use super::Table;

pub(super) use list::{OwnerFilter, known_apps, last_builds};

/// The paths of apps.
pub(super) fn table() -> Table {
    vec![
        ("/apps", get(list::list)),
        ("/apps/register", post(register::register)),
        ("/apps/{app}", get(list::show)),
        ("/apps/{app}/finish", post(register::finish)),
        ("/apps/{app}/bitrise.yml", get(config::show).post(config::save)),
        ("/apps/{app}/branches", get(list::branches)),
        ("/apps/{app}/build-workflows", get(list::workflows)),
        ("/organizations/{owner}/apps", get(list::of_owner)),
        ("/users/{owner}/apps", get(list::of_owner)),
    ]
}
