//! Apps: what is built, from where, and who may say so (contract bitrise section 4).

use std::fmt;
use std::sync::Arc;

use crate::account::mint;
use crate::id::{AccountId, CiAppId, RepositoryId, Uid};
use crate::ports::Entropy;
use crate::secret::Secret;
use crate::time::Timestamp;

/// Longest title of an app, in bytes.
pub const MAX_TITLE: usize = 100;
/// Largest configuration (`bitrise.yml`) of an app, in bytes.
pub const MAX_CONFIG: usize = 1024 * 1024;

/// Prefix of trigger tokens, so that leak scanners can recognise them.
const TRIGGER_TOKEN_PREFIX: &str = "prh_";

/// Where an app's code is hosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// GitHub, or a server that speaks as it does.
    GitHub,
    /// Bitbucket Cloud, or a server that speaks as it does.
    Bitbucket,
    /// gitlab.com.
    GitLab,
    /// A GitLab of one's own.
    GitLabSelfHosted,
    /// Anywhere else.
    Custom,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::GitHub, Self::Bitbucket, Self::GitLab, Self::GitLabSelfHosted, Self::Custom];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::Bitbucket => "bitbucket",
            Self::GitLab => "gitlab",
            Self::GitLabSelfHosted => "gitlab-self-hosted",
            Self::Custom => "custom",
        }
    }

    /// The one of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a user may do with an app; each level includes the ones before (contract bitrise section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppRole {
    /// Look at builds.
    Tester,
    /// Start and stop builds.
    Developer,
    /// Manage hooks and settings.
    Admin,
    /// Everything.
    Owner,
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four settings that have nothing to do with each other")]
pub struct CiApp {
    /// Integer id.
    pub id: CiAppId,
    /// Its slug, printed as a UUID.
    pub uid: Uid,
    /// The account it belongs to.
    pub owner: AccountId,
    /// The repository of ours it builds: events of builds reach its hooks, too.
    pub repository: Option<RepositoryId>,
    /// What people call it.
    pub title: String,
    /// What kind of project it is: `ios`, `android`, …
    pub project_type: Option<String>,
    /// Where its code is hosted.
    pub provider: Provider,
    /// Where its code is cloned from, as given.
    pub repo_url: String,
    /// Anyone may see its builds.
    pub is_public: bool,
    /// Nothing triggers it.
    pub is_disabled: bool,
    /// The branch built when nothing else is said.
    pub default_branch: String,
    /// Builds of a public app that come from a fork wait until somebody approves them.
    pub manual_approval: bool,
    /// Pushes and pull requests that come in are also published as events of its repository.
    pub relay: bool,
    /// The last part of the URL its hooks call: whoever has it may trigger builds.
    pub trigger_token: Secret,
    /// What hosts sign their requests with. Requests that are not signed with it are refused then.
    pub webhook_secret: Option<Secret>,
    /// Its `bitrise.yml`.
    pub config: Option<Arc<str>>,
    /// Rises with each edit.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a field last changed.
    pub updated_at: Timestamp,
}

impl CiApp {
    /// What it is called on the wire.
    pub fn slug(&self) -> String {
        self.uid.to_string()
    }
}

/// An app before the store has numbered it. Its version is 1, and it is not disabled.
#[derive(Clone, Debug)]
pub struct NewCiApp {
    /// See [`CiApp::uid`].
    pub uid: Uid,
    /// See [`CiApp::owner`].
    pub owner: AccountId,
    /// See [`CiApp::repository`].
    pub repository: Option<RepositoryId>,
    /// See [`CiApp::title`].
    pub title: String,
    /// See [`CiApp::project_type`].
    pub project_type: Option<String>,
    /// See [`CiApp::provider`].
    pub provider: Provider,
    /// See [`CiApp::repo_url`].
    pub repo_url: String,
    /// See [`CiApp::is_public`].
    pub is_public: bool,
    /// See [`CiApp::default_branch`].
    pub default_branch: String,
    /// See [`CiApp::manual_approval`].
    pub manual_approval: bool,
    /// See [`CiApp::relay`].
    pub relay: bool,
    /// See [`CiApp::trigger_token`].
    pub trigger_token: Secret,
    /// See [`CiApp::webhook_secret`].
    pub webhook_secret: Option<Secret>,
    /// See [`CiApp::config`].
    pub config: Option<Arc<str>>,
    /// See [`CiApp::created_at`].
    pub created_at: Timestamp,
}

impl NewCiApp {
    /// The app this becomes under the id the store gave it.
    pub fn numbered(self, id: CiAppId) -> CiApp {
        CiApp {
            id,
            uid: self.uid,
            owner: self.owner,
            repository: self.repository,
            title: self.title,
            project_type: self.project_type,
            provider: self.provider,
            repo_url: self.repo_url,
            is_public: self.is_public,
            is_disabled: false,
            default_branch: self.default_branch,
            manual_approval: self.manual_approval,
            relay: self.relay,
            trigger_token: self.trigger_token,
            webhook_secret: self.webhook_secret,
            config: self.config,
            version: 1,
            created_at: self.created_at,
            updated_at: self.created_at,
        }
    }
}

/// Makes a fresh trigger token.
pub fn mint_trigger_token(entropy: &dyn Entropy) -> Secret {
    mint(TRIGGER_TOKEN_PREFIX, entropy)
}

/// A clone URL taken apart: `https://host[:port]/group/name.git`, `ssh://git@host/…`, `git@host:group/name.git`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoUrl<'a> {
    /// Host, with the port if one is named.
    pub host: &'a str,
    /// Everything between host and name: an owner, or a path of groups.
    pub owner: &'a str,
    /// The name, without `.git`.
    pub name: &'a str,
}

impl<'a> RepoUrl<'a> {
    /// Takes a URL apart; `None` if it has no host, no owner or no name.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (authority, path) = match text.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?,
            None => text.split_once(':')?,
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let path = path.split(['?', '#']).next().unwrap_or(path).trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let (owner, name) = path.rsplit_once('/')?;
        let whole = !host.is_empty() && !owner.is_empty() && !name.is_empty();
        whole.then_some(Self { host, owner, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clone_urls_of_all_forms_name_host_owner_and_repository() {
        for (text, host, owner, name) in [
            ("https://github.com/acme/rocket.git", "github.com", "acme", "rocket"),
            ("https://alice:pw@git.acme.test:8443/acme/rocket", "git.acme.test:8443", "acme", "rocket"),
            ("git@gitlab.com:acme/space/rocket.git", "gitlab.com", "acme/space", "rocket"),
            ("ssh://git@bitbucket.org/acme/rocket.git", "bitbucket.org", "acme", "rocket"),
            ("https://github.com/acme/rocket/", "github.com", "acme", "rocket"),
        ] {
            assert_eq!(RepoUrl::parse(text), Some(RepoUrl { host, owner, name }), "{text}");
        }
        for bad in ["", "rocket", "https://github.com", "https://github.com/rocket", "git@:a/b"] {
            assert_eq!(RepoUrl::parse(bad), None, "{bad}");
        }
    }
}
