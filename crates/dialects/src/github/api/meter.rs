//! Rate limits: so many requests per token and hour (contract github section 0.2), so many pings and tests per hook and
//! minute (E-12).

use std::time::Duration;

use domain::id::{HookId, TokenId};

use crate::http::Meter;

/// What this surface counts, shared by all its mounts.
#[derive(Debug)]
pub(crate) struct Meters {
    /// Requests, by token and hour.
    pub(super) requests: Meter<TokenId>,
    /// Pings and tests, by hook and minute.
    pub(super) probes: Meter<HookId>,
}

impl Default for Meters {
    fn default() -> Self {
        let window = Duration::from_secs;
        Self { requests: Meter::new(window(3_600)), probes: Meter::new(window(60)) }
    }
}
