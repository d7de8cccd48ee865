//! Payloads: what happened, as Data Center tells it (contract bitbucket-datacenter section 3).

use domain::canonical::Happening;
use domain::dialect::{Draft, Scene};

/// The messages of one happening.
pub(super) fn translate(_happening: &Happening, _scene: &Scene<'_>, _wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    Vec::new()
}
