//! OAuth applications: programs of others that act for users who allowed it.

use crate::account::{TokenHash, mint, push_hex};
use crate::id::{AccountId, AppId};
use crate::ports::Entropy;
use crate::secret::Secret;
use crate::time::Timestamp;

/// Live tokens an application may hold for one user with the same scopes; the oldest goes for one more.
pub const MAX_TOKENS_OF_A_GRANT: usize = 10;
/// Longest name of an application, in bytes.
pub const MAX_APP_NAME: usize = 100;
/// Most redirect URLs of an application.
pub const MAX_REDIRECT_URLS: usize = 10;

/// Prefix of our client secrets, so that leak scanners can recognise them.
pub const CLIENT_SECRET_PREFIX: &str = "prs_";

/// A registered OAuth application (RFC 6749 section 2: a client).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Integer id.
    pub id: AppId,
    /// Its public name in the protocol, 20 hex digits.
    pub client_id: String,
    /// The SHA-256 of its client secret.
    pub secret: TokenHash,
    /// What users are shown.
    pub name: String,
    /// The user or organization it belongs to.
    pub owner: AccountId,
    /// A web page about it.
    pub homepage: Option<String>,
    /// Where users may be sent back to; the first is used when a request names none.
    pub redirect_urls: Vec<String>,
    /// May it ask for the device flow (RFC 8628)?
    pub device_flow: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When a field, or the secret, last changed.
    pub updated_at: Timestamp,
}

/// An application to register.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// See [`Application::client_id`].
    pub client_id: String,
    /// See [`Application::secret`].
    pub secret: TokenHash,
    /// See [`Application::name`].
    pub name: String,
    /// See [`Application::owner`].
    pub owner: AccountId,
    /// See [`Application::homepage`].
    pub homepage: Option<String>,
    /// See [`Application::redirect_urls`].
    pub redirect_urls: Vec<String>,
    /// See [`Application::device_flow`].
    pub device_flow: bool,
    /// See [`Application::created_at`].
    pub created_at: Timestamp,
}

/// Makes a client id: 80 random bits, so that two never meet.
pub fn mint_client_id(entropy: &dyn Entropy) -> String {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let mut text = String::with_capacity(20);
    for byte in random {
        push_hex(&mut text, byte);
    }
    text
}

/// Makes a client secret, in the form of a token.
pub fn mint_client_secret(entropy: &dyn Entropy) -> Secret {
    mint(CLIENT_SECRET_PREFIX, entropy)
}
