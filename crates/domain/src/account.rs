//! Who owns, who acts, and what a token may do (design section 5).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, AppId, RepositoryId, TokenId, Uid};
use crate::ports::Entropy;
use crate::secret::Secret;
use crate::time::Timestamp;

/// Longest login or repository name accepted, in bytes.
pub const MAX_NAME: usize = 100;

/// A user or an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// A person or a robot; may hold tokens.
    User,
    /// Owns repositories and hooks, has members.
    Organization,
}

/// An owner of repositories: a user or an organization (a Bitbucket workspace or project maps to the latter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Integer id.
    pub id: AccountId,
    /// UUID, for dialects that use one.
    pub uid: Uid,
    /// User or organization.
    pub kind: AccountKind,
    /// Unique without regard to case.
    pub login: String,
    /// Display name.
    pub name: Option<String>,
    /// Public e-mail address; commits and pushers are matched to accounts by it.
    pub email: Option<String>,
    /// Organization profile text.
    pub description: Option<String>,
    /// What the account is called where owners of repositories have a short key: `AIR`. Unique without regard to case;
    /// the login in upper case unless set.
    pub project_key: Option<String>,
    /// May administer the whole installation.
    pub site_admin: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a field last changed.
    pub updated_at: Timestamp,
}

impl Account {
    /// The project key, set or derived (design section 5).
    pub fn key(&self) -> String {
        self.project_key.clone().unwrap_or_else(|| self.login.to_ascii_uppercase())
    }
}

/// A repository of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Integer id.
    pub id: RepositoryId,
    /// UUID, for dialects that use one.
    pub uid: Uid,
    /// The owning account.
    pub owner: AccountId,
    /// Unique within the owner, without regard to case.
    pub name: String,
    /// One line about it.
    pub description: Option<String>,
    /// A web page about it.
    pub homepage: Option<String>,
    /// Short name of the default branch, `main` unless set.
    pub default_branch: String,
    /// Visible to members only.
    pub private: bool,
    /// Read-only: hooks and settings cannot change.
    pub archived: bool,
    /// The repository this one was forked from.
    pub fork_of: Option<RepositoryId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a field last changed.
    pub updated_at: Timestamp,
    /// When the last push event was accepted.
    pub pushed_at: Option<Timestamp>,
}

/// What a user may do in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrgRole {
    /// Sees the organization.
    Member,
    /// Administers the organization and all its repositories.
    Owner,
}

/// What a user may do in a repository; each level includes the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// See it.
    Read,
    /// Push to it.
    Write,
    /// Manage its hooks and settings.
    Admin,
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// A permission a token can carry, under GitHub's names plus a few of ours.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Scope { $($(#[$doc])* $variant),+ }

        impl Scope {
            /// All scopes, in the order they are shown.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

scopes! {
    /// Full control of repositories, private ones included; implies the hook scopes.
    Repo = "repo",
    /// The same for public repositories.
    PublicRepo = "public_repo",
    /// Delete repositories.
    DeleteRepo = "delete_repo",
    /// Manage, test and delete repository hooks.
    AdminRepoHook = "admin:repo_hook",
    /// Manage and test repository hooks.
    WriteRepoHook = "write:repo_hook",
    /// Read and ping repository hooks.
    ReadRepoHook = "read:repo_hook",
    /// Manage organization hooks.
    AdminOrgHook = "admin:org_hook",
    /// Manage organizations and their members.
    AdminOrg = "admin:org",
    /// Change organization membership.
    WriteOrg = "write:org",
    /// Read organization membership.
    ReadOrg = "read:org",
    /// Read and change the own profile.
    User = "user",
    /// Read the own profile.
    ReadUser = "read:user",
    /// Read the own e-mail addresses.
    UserEmail = "user:email",
    /// Administer the installation: users, organizations, tokens of others. Site admins only.
    SiteAdmin = "site_admin",
    /// Publish events.
    EventsWrite = "events:write",
    /// Read events and the delivery log.
    EventsRead = "events:read",
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u32);

impl Scopes {
    /// Every scope there is.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Parses names separated by commas or blanks; `Err` carries the first unknown name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names = text.split([',', ' ']).filter(|name| !name.is_empty());
        names
            .map(|name| {
                let known = Scope::ALL.iter().copied().find(|scope| scope.as_str() == name);
                known.ok_or_else(|| name.to_owned())
            })
            .collect()
    }

    /// Was exactly this scope granted? Implied scopes do not count; see `rules::access`.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u32) != 0
    }

    /// The granted scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u32))
    }
}

/// Written as GitHub writes `X-OAuth-Scopes`: `repo, user`.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

/// The SHA-256 of a token: all that is ever stored of one (contract delivery-and-security S-3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// Hashes a presented token.
    pub fn of(token: &str) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        Self(hash)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Prefix of our tokens, so that leak scanners can recognise them.
pub const TOKEN_PREFIX: &str = "prt_";

/// Makes a fresh token: prefix, 256 random bits in hex, and a CRC-32 tail that lets scanners reject look-alikes.
pub fn mint_token(entropy: &dyn Entropy) -> Secret {
    mint(TOKEN_PREFIX, entropy)
}

/// Makes a fresh secret that looks like a token with another prefix.
pub(crate) fn mint(prefix: &str, entropy: &dyn Entropy) -> Secret {
    let mut random = [0; 32];
    entropy.fill(&mut random);
    let mut text = String::with_capacity(prefix.len() + 72);
    text.push_str(prefix);
    for byte in random {
        push_hex(&mut text, byte);
    }
    for byte in crc32(text.as_bytes()).to_be_bytes() {
        push_hex(&mut text, byte);
    }
    Secret::new(text)
}

/// Appends two lower-case hex digits.
pub(crate) fn push_hex(text: &mut String, byte: u8) {
    for nibble in [byte >> 4, byte & 15] {
        text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
    }
}

/// CRC-32 (IEEE 802.3), bit by bit: it runs once per minted token.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    let fold = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, fold)
}

/// An access token as stored and listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Integer id.
    pub id: TokenId,
    /// The user it acts for.
    pub user: AccountId,
    /// The OAuth application it was given to; none for a token that a person made.
    pub app: Option<AppId>,
    /// What it may do.
    pub scopes: Scopes,
    /// A label for people.
    pub note: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// From this moment on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Last use, exact to a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token that checked out, and the user it acts for.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The acting user.
    pub user: Arc<Account>,
    /// The token used.
    pub token: TokenId,
    /// See [`Token::app`].
    pub app: Option<AppId>,
    /// What the token may do.
    pub scopes: Scopes,
    /// When the token ends.
    pub expires_at: Option<Timestamp>,
}

/// May `key` be a project key? A letter, then letters, digits and underscores; at most 128 bytes.
pub fn is_valid_project_key(key: &str) -> bool {
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    key.len() <= 128 && plain && key.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// May `name` be a login or a repository name? Letters, digits, `-`, `_`, `.`; not starting with a dash or dot alone;
/// no `.git` ending; at most [`MAX_NAME`] bytes. It must survive being a path segment.
pub fn is_valid_name(name: &str) -> bool {
    let fits = !name.is_empty() && name.len() <= MAX_NAME;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let ends_in_git = name.len() >= 4 && name.as_bytes()[name.len() - 4..].eq_ignore_ascii_case(b".git");
    fits && plain && !name.starts_with('-') && name != "." && name != ".." && !ends_in_git
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_and_write_as_github_does() {
        let scopes = Scopes::parse("admin:repo_hook,repo user").expect("known");
        assert_eq!(scopes.to_string(), "repo, admin:repo_hook, user");
        assert_eq!(Scopes::parse("repo,chocolate"), Err("chocolate".to_owned()));
        assert_eq!(Scopes::parse("").expect("none"), Scopes::default());
    }

    #[test]
    fn the_checksum_is_crc32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn names_survive_as_path_segments() {
        for good in ["acme", "a.b", "_x", "x-1", "A9"] {
            assert!(is_valid_name(good), "{good}");
        }
        for bad in ["", ".", "..", "-x", "a/b", "ü", "a b", "x.git", "X.GIT", &"a".repeat(101)] {
            assert!(!is_valid_name(bad), "{bad}");
        }
    }
}
