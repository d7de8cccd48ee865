//! Users, organizations, repositories, tokens.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

/// `user`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user
    Create {
        /// The user's name in URLs
        login: String,
        /// May administer the whole installation
        #[arg(long)]
        site_admin: bool,
        /// Display name
        #[arg(long)]
        name: Option<String>,
        /// Public e-mail address; commits are matched to users by it
        #[arg(long)]
        email: Option<String>,
    },
    /// List users
    List,
    /// Delete a user with everything the user owns
    Delete {
        /// The user
        login: String,
    },
}

/// `org`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Create an organization
    Create {
        /// The organization's name in URLs
        login: String,
        /// Its first owner, unless yourself
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
        /// Display name
        #[arg(long)]
        name: Option<String>,
        /// Its project key, unless the upper-cased name will do
        #[arg(long, value_name = "KEY")]
        project_key: Option<String>,
    },
    /// List organizations
    List,
    /// Delete an organization with everything it owns
    Delete {
        /// The organization
        login: String,
    },
    /// Add and remove members
    #[command(subcommand)]
    Member(MemberCommand),
}

/// `org member`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Add a member, or change a member's role
    Add {
        /// The organization
        org: String,
        /// The user
        user: String,
        /// What the member may do
        #[arg(long, value_enum, default_value_t = Role::Member)]
        role: Role,
    },
    /// Remove a member
    Remove {
        /// The organization
        org: String,
        /// The user
        user: String,
    },
}

/// A role in an organization.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// Sees the organization
    Member,
    /// Administers the organization and all its repositories
    Owner,
}

/// `repo`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum RepoCommand {
    /// Create a repository
    Create {
        /// Owner and name
        #[arg(value_name = "OWNER/NAME")]
        repository: RepoName,
        /// Visible to members only
        #[arg(long)]
        private: bool,
        /// One line about it
        #[arg(long)]
        description: Option<String>,
        /// Name of the default branch
        #[arg(long, value_name = "BRANCH")]
        default_branch: Option<String>,
    },
    /// List repositories
    List {
        /// Only those of this account
        #[arg(long, value_name = "LOGIN")]
        owner: Option<String>,
    },
    /// Delete a repository with its hooks
    Delete {
        /// Owner and name
        #[arg(value_name = "OWNER/NAME")]
        repository: RepoName,
    },
    /// Add and remove collaborators
    #[command(subcommand)]
    Collaborator(CollaboratorCommand),
}

/// `repo collaborator`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CollaboratorCommand {
    /// Add a collaborator, or change a collaborator's permission
    Add {
        /// Owner and name
        #[arg(value_name = "OWNER/NAME")]
        repository: RepoName,
        /// The user
        user: String,
        /// What the collaborator may do
        #[arg(long, value_enum, default_value_t = Level::Write)]
        permission: Level,
    },
    /// Remove a collaborator
    Remove {
        /// Owner and name
        #[arg(value_name = "OWNER/NAME")]
        repository: RepoName,
        /// The user
        user: String,
    },
}

/// A permission on a repository.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    /// See it
    Read,
    /// Push to it
    Write,
    /// Manage its hooks and settings
    Admin,
}

/// `token`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print it; it is never shown again
    Create(NewToken),
    /// List tokens
    List {
        /// Of this user, unless yourself
        #[arg(long, value_name = "LOGIN")]
        user: Option<String>,
    },
    /// Revoke a token
    Delete {
        /// Its number, as `token list` shows it
        id: i64,
    },
}

/// `token create`
#[derive(Clone, Debug, Args)]
pub(crate) struct NewToken {
    /// Whom it acts for, unless yourself
    #[arg(long, value_name = "LOGIN")]
    pub(crate) user: Option<String>,
    /// What it may do, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
    pub(crate) scopes: Vec<String>,
    /// As a token of this OAuth application
    #[arg(long, value_name = "CLIENT_ID")]
    pub(crate) oauth_app: Option<String>,
    /// How long it lives: 90d, 12h, 30m, 45s
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) expires: Option<Duration>,
    /// A label for people
    #[arg(long)]
    pub(crate) note: Option<String>,
}

/// `OWNER/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepoName {
    /// The owning account.
    pub(crate) owner: String,
    /// The name within it.
    pub(crate) name: String,
}

impl FromStr for RepoName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((owner, name)) if !owner.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err("must be OWNER/NAME"),
        }
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// Parses `90d`, `12h`, `30m` or `45s`.
fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "must be a number and a unit: 90d, 12h, 30m, 45s";
    let unit = match text.chars().next_back() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        Some('s') => 1,
        _ => return Err(FORM),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| FORM)?;
    match count.checked_mul(unit) {
        None => Err(FORM),
        Some(0) => Err("must be more than nothing"),
        Some(seconds) => Ok(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(parse_duration("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(parse_duration("45s"), Ok(Duration::from_secs(45)));
        for bad in ["", "d", "90", "-1d", "1.5h", "0s", "1w", "99999999999999999999d", "18446744073709551615d", "5é"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn repository_names_have_two_parts() {
        assert_eq!("acme/widgets".parse::<RepoName>().map(|name| name.to_string()), Ok("acme/widgets".to_owned()));
        for bad in ["acme", "acme/", "/widgets", "a/b/c", ""] {
            assert!(bad.parse::<RepoName>().is_err(), "{bad}");
        }
    }
}
