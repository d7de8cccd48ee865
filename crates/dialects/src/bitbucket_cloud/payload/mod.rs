//! Payloads: what happened, as Cloud tells it (contract bitbucket-cloud section 3).

pub(in crate::bitbucket_cloud) mod shapes;

use domain::canonical::Happening;
use domain::dialect::{Draft, Scene};

/// The messages of one happening.
pub(super) fn translate(_happening: &Happening, _scene: &Scene<'_>, _wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    Vec::new()
}
