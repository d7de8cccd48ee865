//! What every surface needs and no vendor owns: requests taken apart, credentials, raw bodies, settings.

mod asked;
mod auth;
mod base;
mod body;
mod conditional;
mod custom_headers;
mod form;
mod head;
mod meter;
mod peer;
mod settings;
mod siblings;

pub(crate) use asked::Asked;
pub use auth::{Credentials, authenticate, presented_token};
pub(crate) use base::base_for;
pub use base::requested_base;
pub(crate) use body::check_object;
pub use body::{BodyError, MAX_JSON_DEPTH, MAX_MANAGEMENT_BODY, parse_json, read_body};
pub(crate) use conditional::{Conditions, hex, http_date};
pub(crate) use custom_headers::{MAX_HEADERS, check_header};
pub use form::{Form, FormError, MAX_FORM_BODY};
pub(crate) use head::header_map;
pub(crate) use meter::{Meter, PROBES_PER_MINUTE, Reading};
pub use peer::Peer;
pub use settings::{ApiSettings, UrlPolicy};
pub(crate) use siblings::{Terms, anything_goes, at_most, sibling_rule};
