//! A repository on this machine and its `postrider.*` settings, kept in the repository's own git configuration.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use domain::secret::Secret;

use super::env;
use super::program::{Git, GitError};

/// Folder of a repository that belongs to Postrider: token, spool, logs.
pub(super) const FOLDER: &str = "postrider";
/// Where `attach` puts the token, relative to the git directory.
pub(super) const TOKEN_FILE: &str = "postrider/token";

/// A git directory: the bare repository itself, or the `.git` of one with a working tree.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    dir: PathBuf,
}

impl Repository {
    /// Finds the git directory of `path`, or of the hook that is running.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let path = path.map_or_else(env::git_dir, Path::to_owned);
        let named = || format!("{} is no git repository", path.display());
        let dot_git = path.join(".git");
        let mut dir = if dot_git.exists() { dot_git } else { path.clone() };
        if dir.is_file() {
            // A linked working tree or a submodule: `gitdir: PATH`.
            let text = std::fs::read_to_string(&dir).with_context(named)?;
            let target = text.strip_prefix("gitdir: ").with_context(named)?.trim_end();
            dir = dir.parent().unwrap_or(Path::new(".")).join(target);
        }
        if let Ok(common) = std::fs::read_to_string(dir.join("commondir")) {
            dir = dir.join(common.trim_end());
        }
        let dir = dir.canonicalize().with_context(named)?;
        anyhow::ensure!(dir.join("HEAD").exists() && dir.join("objects").is_dir(), "{}", named());
        Ok(Self { dir })
    }

    /// The git directory, absolute.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Postrider's folder in it.
    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.join(FOLDER)
    }
}

/// What a repository's git configuration says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// `postrider.source`: the repository on the server, as a `CloudEvents` source; none if not attached.
    pub(crate) source: Option<String>,
    /// `postrider.server`: base URL of the server.
    pub(crate) server: Option<String>,
    /// `postrider.tokenFile`, relative to the git directory or absolute.
    token_file: Option<PathBuf>,
    /// `user.name`
    pub(super) user_name: Option<String>,
    /// `user.email`
    pub(super) user_email: Option<String>,
    /// `core.sharedRepository` lets other users of the machine push.
    pub(crate) shared: bool,
}

impl Settings {
    /// Asks git; what the repository says wins over the user's and the machine's configuration.
    pub(crate) fn read(git: &Git<'_>) -> Result<Self, GitError> {
        let listed = git.output(&["config", "--list", "-z"], b"")?;
        let mut settings = Self::default();
        for entry in listed.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            // Key and value are parted by a line feed; a key alone means true.
            let (key, value) = entry.split_once('\n').unwrap_or((&entry, "true"));
            let text = Some(value.to_owned()).filter(|value| !value.trim().is_empty());
            match key {
                "postrider.source" => settings.source = text,
                "postrider.server" => settings.server = text,
                "postrider.tokenfile" => settings.token_file = text.map(PathBuf::from),
                "user.name" => settings.user_name = text,
                "user.email" => settings.user_email = text,
                "core.sharedrepository" => {
                    settings.shared = !matches!(value, "umask" | "false" | "no" | "off" | "0" | "");
                }
                _ => {}
            }
        }
        Ok(settings)
    }

    /// Reads the access token.
    pub(crate) fn token(&self, repository: &Repository) -> anyhow::Result<Secret> {
        let file = repository.dir().join(self.token_file.as_deref().unwrap_or(Path::new(TOKEN_FILE)));
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Secret::new(text.trim()))
    }
}
