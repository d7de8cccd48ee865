//! The folder in which a build works.
//!
//! ```text
//! {work_dir}/{build}/            0700; home folder of the build
//!   bitrise.yml                  the app's configuration, if it has one
//!   source/                      empty; where the command starts
//!   deploy/  tmp/                empty
//! ```

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The folders of a build.
#[derive(Clone, Debug)]
pub struct WorkFolder {
    /// All of it; the build's `HOME`.
    pub home: PathBuf,
    /// Where the command starts.
    pub source: PathBuf,
    /// For what the build makes.
    pub deploy: PathBuf,
    /// For temporary files.
    pub tmp: PathBuf,
    /// The app's configuration.
    pub config: Option<PathBuf>,
}

impl WorkFolder {
    /// Makes the folder of a build; what an earlier try left there goes. Blocks.
    pub(super) fn make(work_dir: &Path, build: &str, config: Option<&str>) -> io::Result<Self> {
        let home = work_dir.join(build);
        remove(&home)?;
        private().recursive(true).create(work_dir)?;
        let folder = Self {
            source: home.join("source"),
            deploy: home.join("deploy"),
            tmp: home.join("tmp"),
            config: config.map(|_| home.join("bitrise.yml")),
            home,
        };
        for made in [&folder.home, &folder.source, &folder.deploy, &folder.tmp] {
            private().create(made)?;
        }
        if let (Some(path), Some(text)) = (&folder.config, config) {
            fs::write(path, text)?;
        }
        Ok(folder)
    }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Removes a folder and all in it, also what was made read-only. Links are not followed. Blocks.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unlock(folder)?;
            fs::remove_dir_all(folder)
        }
        other => other,
    }
}

/// Makes folders writable again: the caches of some tools are not.
fn unlock(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_private_and_fresh_and_goes_whole() {
        let place = tempfile::tempdir().expect("folder");
        let work_dir = place.path().join("builds");
        let folder = WorkFolder::make(&work_dir, "b", Some("format_version: '13'\n")).expect("made");
        for made in [&work_dir, &folder.home, &folder.source] {
            assert_eq!(fs::metadata(made).expect("there").permissions().mode() & 0o777, 0o700);
        }
        let config = folder.config.expect("has one");
        assert_eq!(fs::read_to_string(config).expect("reads"), "format_version: '13'\n");
        let locked = folder.source.join("cache");
        fs::create_dir(&locked).expect("made");
        fs::write(locked.join("left"), "x").expect("written");
        fs::set_permissions(&locked, Permissions::from_mode(0o500)).expect("locked");
        let again = WorkFolder::make(&work_dir, "b", None).expect("made");
        assert_eq!(fs::read_dir(&again.source).expect("reads").count(), 0);
        assert!(again.config.is_none() && !again.home.join("bitrise.yml").exists());
        remove(&again.home).expect("removed");
        assert!(!again.home.exists());
        remove(&again.home).expect("removing nothing is fine");
    }
}
