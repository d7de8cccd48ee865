//! Which URLs and addresses may be called (contract delivery-and-security section 5).

use std::fmt;

use serde::Serialize;

/// Longest URL accepted, in bytes (E-2).
pub const MAX_URL: usize = 2_048;

/// A hook's URL that passed the syntax rules of E-2. The text is kept as the user gave it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct TargetUrl(String);

/// Why a text is not a usable target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing there.
    #[error("the URL is blank")]
    Blank,
    /// Not a URL by the rules of E-2.
    #[error("the URL is not valid")]
    Malformed,
    /// Neither http nor https.
    #[error("the URL must be http or https")]
    Scheme,
    /// Over [`MAX_URL`].
    #[error("the URL is longer than 2048 bytes")]
    TooLong,
}

impl TargetUrl {
    /// Checks `text` by E-2.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.trim().is_empty() {
            return Err(TargetError::Blank);
        }
        if text.len() > MAX_URL {
            return Err(TargetError::TooLong);
        }
        let parsed = url::Url::parse(text).map_err(|_| TargetError::Malformed)?;
        match parsed.scheme() {
            "http" | "https" if parsed.host().is_some() => Ok(Self(text.to_owned())),
            "http" | "https" => Err(TargetError::Malformed),
            _ => Err(TargetError::Scheme),
        }
    }

    /// Takes a text that was checked before it was stored.
    pub fn trusted(text: String) -> Self {
        Self(text)
    }

    /// The URL as the user gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
