//! What every surface needs and no vendor owns: credentials, raw bodies, settings.

mod auth;
mod base;
mod body;
mod head;
mod meter;
mod settings;
mod siblings;

pub use auth::{Credentials, authenticate, presented_token};
pub use base::requested_base;
pub(crate) use body::check_object;
pub use body::{BodyError, MAX_JSON_DEPTH, MAX_MANAGEMENT_BODY, parse_json, read_body};
pub(crate) use head::header_map;
pub(crate) use meter::{Meter, PROBES_PER_MINUTE, Reading};
pub use settings::{ApiSettings, UrlPolicy};
pub(crate) use siblings::{anything_goes, at_most, sibling_rule};
