//! Accounts at git hosts that people connected, so that hooks can be registered there (contract bitrise section 5).

use crate::id::AccountId;
use crate::secret::Secret;
use crate::time::Timestamp;

/// A git host whose API we can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GitHost {
    /// GitHub, or a server that speaks as it does.
    GitHub,
    /// GitLab.
    GitLab,
    /// Bitbucket Cloud, or a server that speaks as it does.
    Bitbucket,
}

impl GitHost {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::GitHub, Self::GitLab, Self::Bitbucket];

    /// The name in logs, answers and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Bitbucket => "bitbucket",
        }
    }

    /// The one of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|host| host.as_str() == text)
    }
}

/// An account's credential at a git host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitAccount {
    /// Whose it is here.
    pub owner: AccountId,
    /// Where.
    pub host: GitHost,
    /// Base URL of the host's API when it was connected. The token is sent nowhere else (contract
    /// delivery-and-security S-5).
    pub api: String,
    /// The user name there, for hosts that want one beside the token (Bitbucket app passwords).
    pub user: Option<String>,
    /// The token; sealed at rest.
    pub token: Secret,
    /// When it was connected.
    pub created_at: Timestamp,
}
