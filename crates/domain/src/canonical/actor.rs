//! People and repositories as publishers name them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::account::{Account, is_valid_name};
use crate::directory::Directory;

/// Who did it. At least one member should be given; accounts are found by login, then by e-mail address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Login of the acting account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Actor {
    /// The account it stands for.
    pub fn account(&self, directory: &Directory) -> Option<Arc<Account>> {
        let by_login = self.login.as_deref().and_then(|login| directory.account(login));
        by_login.or_else(|| self.email.as_deref().and_then(|email| directory.account_by_email(email)))
    }
}

/// The author or committer of a commit, as git records them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A repository by its names, written `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName {
    /// Login of the owner.
    pub owner: String,
    /// Name within the owner.
    pub name: String,
}

impl TryFrom<String> for RepositoryName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once('/') {
            Some((owner, name)) if is_valid_name(owner) && is_valid_name(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err("must be owner/name"),
        }
    }
}

impl From<RepositoryName> for String {
    fn from(name: RepositoryName) -> Self {
        format!("{}/{}", name.owner, name.name)
    }
}

/// A text before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Before; none if there was none.
    #[serde(default)]
    pub from: Option<String>,
    /// After; none if there is none any more, or if the object in the same payload tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}
