//! What every surface needs and no vendor owns: credentials, raw bodies, paging.

mod auth;
mod settings;

pub use auth::{Credentials, authenticate, presented_token};
pub use settings::{ApiSettings, UrlPolicy};
