//! Makes a repository publish its pushes, and takes that back.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use domain::secret::Secret;

use super::program::Git;
use super::repository::TOKEN_FILE;
use super::spool::Spool;
use super::{Repository, Settings};

/// Tells our hook from others; part of the script.
const MARK: &str = "installed by \"postrider git attach\"";
/// Where a hook that was there first goes.
const EARLIER: &str = "post-receive.before-postrider";

/// What to attach a repository to.
#[derive(Debug)]
pub(crate) struct Attachment<'a> {
    /// The `CloudEvents` source: `/repos/OWNER/REPO`.
    pub(crate) source: String,
    /// Base URL of the server.
    pub(crate) server: &'a str,
    /// Token with `events:write`; without one, the one from before stays.
    pub(crate) token: Option<&'a Secret>,
    /// Absolute path of the program that the hook calls.
    pub(crate) program: &'a Path,
}

/// Writes settings, token and hook; doing it again changes what differs. Returns the hook's path.
pub(crate) fn attach(repository: &Repository, git: &Git<'_>, attachment: &Attachment<'_>) -> anyhow::Result<PathBuf> {
    let hook = hook_path(repository, git)?;
    let settings = Settings::read(git)?;
    if attachment.token.is_none() {
        settings.token(repository).context("give a token with the scope events:write (--token-file)")?;
    }
    Spool::new(repository.folder(), settings.shared).create().context("cannot create the spool")?;
    if let Some(token) = attachment.token {
        // The group may need it: in a shared repository each pusher runs the hook as themselves.
        let mode = if settings.shared { 0o640 } else { 0o600 };
        write(&repository.dir().join(TOKEN_FILE), format!("{}\n", token.expose()).as_bytes(), mode)?;
        git.output(&["config", "--replace-all", "postrider.tokenFile", TOKEN_FILE], b"")?;
    }
    for (key, value) in [("source", attachment.source.as_str()), ("server", attachment.server)] {
        git.output(&["config", "--replace-all", &format!("postrider.{key}"), value], b"")?;
    }
    install(&hook, attachment.program)?;
    hand_over(repository, &hook)?;
    Ok(hook)
}

/// Removes hook, settings and token; the spool stays. A hook that was there first is put back.
pub(crate) fn detach(repository: &Repository, git: &Git<'_>) -> anyhow::Result<()> {
    let hook = hook_path(repository, git)?;
    if is_ours(&hook)? {
        let earlier = hook.with_file_name(EARLIER);
        if earlier.symlink_metadata().is_ok() {
            fs::rename(&earlier, &hook)?;
        } else {
            fs::remove_file(&hook)?;
        }
    }
    for key in ["source", "server", "tokenFile"] {
        // Exit code 5: it was not set.
        let _ = git.output(&["config", "--unset-all", &format!("postrider.{key}")], b"");
    }
    match fs::remove_file(repository.dir().join(TOKEN_FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Where the hook goes: `hooks/post-receive`, or into `post-receive.d` where the host's own hook runs what is there.
fn hook_path(repository: &Repository, git: &Git<'_>) -> anyhow::Result<PathBuf> {
    let printed = git.output(&["rev-parse", "--path-format=absolute", "--git-path", "hooks"], b"")?;
    let dir = PathBuf::from(String::from_utf8_lossy(&printed).trim_end_matches('\n'));
    anyhow::ensure!(
        dir.starts_with(repository.dir()),
        "core.hooksPath makes git look for hooks in {}, which other repositories may share: let the post-receive hook \
         there call `postrider git post-receive`, or unset core.hooksPath for this repository",
        dir.display()
    );
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let parts = dir.join("post-receive.d");
    let delegates = parts.is_dir()
        && fs::read(dir.join("post-receive"))
            .is_ok_and(|script| String::from_utf8_lossy(&script).contains("post-receive.d"));
    Ok(if delegates { parts.join("postrider") } else { dir.join("post-receive") })
}

fn install(hook: &Path, program: &Path) -> anyhow::Result<()> {
    if hook.symlink_metadata().is_ok() && !is_ours(hook)? {
        let earlier = hook.with_file_name(EARLIER);
        anyhow::ensure!(
            earlier.symlink_metadata().is_err(),
            "{} and {} are both there, and neither was {MARK}: remove one",
            hook.display(),
            earlier.display()
        );
        fs::rename(hook, &earlier).with_context(|| format!("cannot move {} away", hook.display()))?;
    }
    write(hook, script(program)?.as_bytes(), 0o755)
}

fn is_ours(hook: &Path) -> anyhow::Result<bool> {
    match fs::read(hook) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).contains(MARK)),
        // A link to nowhere is not ours either.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", hook.display())),
    }
}

/// The hook. It passes git's lines to the earlier hook and to us, and ends well whatever happens.
fn script(program: &Path) -> anyhow::Result<String> {
    let program = program.to_str().context("the path of this program is not UTF-8")?;
    let quoted = program.replace('\'', r"'\''");
    Ok(format!(
        r#"#!/bin/sh
# Publishes pushes; {MARK}, removed by "postrider git detach".
# A hook that was here before is now {EARLIER} and runs first, with the same input.
updates=$(cat)
earlier="${{0%/*}}/{EARLIER}"
if [ -x "$earlier" ]; then
	printf '%s\n' "$updates" | "$earlier" "$@"
fi
printf '%s\n' "$updates" | '{quoted}' git post-receive
exit 0
"#
    ))
}

/// Writes a file so that it is there as a whole or not at all.
fn write(path: &Path, content: &[u8], mode: u32) -> anyhow::Result<()> {
    let temporary = path.with_extension("postrider-new");
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Gives what was made to the repository's owner: an administrator attaches, the git host's user runs the hook.
fn hand_over(repository: &Repository, hook: &Path) -> anyhow::Result<()> {
    let owner = fs::metadata(repository.dir())?;
    let folder = repository.folder();
    for path in [folder.clone(), folder.join("spool"), repository.dir().join(TOKEN_FILE), hook.to_owned()] {
        let Ok(made) = fs::metadata(&path) else { continue };
        if made.uid() != owner.uid() {
            chown(&path, Some(owner.uid()), Some(owner.gid()))
                .with_context(|| format!("cannot give {} to the repository's owner", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_path_is_quoted_for_the_shell() {
        let script = script(Path::new("/opt/it's here/postrider")).expect("a script");
        assert!(script.contains(r"| '/opt/it'\''s here/postrider' git post-receive"), "{script}");
        assert!(script.ends_with("\nexit 0\n"));
    }
}
