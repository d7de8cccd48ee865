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

/// Removes a folder and all in it, also what was made read-only. Links are not followed. What cannot be removed keeps
/// nothing else; the first such failure is returned. Blocks.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Err(error) => return unless_gone(Err(error)),
        Ok(found) if found.is_symlink() => return fs::remove_file(folder),
        Ok(found) if !found.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
        Ok(_) => {}
    }
    match remove_once(folder) {
        // By now there is room on the disk to move the folders that are left.
        Err(error) if error.kind() == io::ErrorKind::StorageFull => remove_once(folder),
        other => other,
    }
}

/// Goes through a folder once. What is deeper is moved up before it is emptied: a build may have nested folders so deep
/// that neither a path nor our stack would reach the last one.
fn remove_once(folder: &Path) -> io::Result<()> {
    unlock(folder);
    let mut removed = Ok(());
    let mut waiting = vec![folder.to_owned()];
    let mut moved = 0;
    while let Some(next) = waiting.pop() {
        let emptied = empty(&next, |child| {
            waiting.push(if next == *folder { child } else { move_up(&child, folder, &mut moved)? });
            Ok(())
        });
        removed = removed.and(unless_gone(emptied));
        if next != *folder {
            removed = removed.and(unless_gone(fs::remove_dir(&next)));
        }
    }
    // It fails when something is left, and then the first failure says why.
    removed.and(fs::remove_dir(folder))
}

/// Removes what is in a folder, and hands folders to `put_by`. Goes on after a failure; returns the first.
fn empty(folder: &Path, mut put_by: impl FnMut(PathBuf) -> io::Result<()>) -> io::Result<()> {
    let mut emptied = Ok(());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let done = match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                unlock(&path);
                put_by(path)
            }
            Ok(_) => fs::remove_file(&path),
            Err(error) => Err(error),
        };
        emptied = emptied.and(done);
    }
    emptied
}

/// Moves a folder to right below `top`, under a name that nothing has there but perhaps an empty folder, which it
/// replaces. `moved` counts the names tried.
fn move_up(folder: &Path, top: &Path, moved: &mut u64) -> io::Result<PathBuf> {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    loop {
        let place = top.join(format!(".removing.{moved}"));
        *moved += 1;
        match fs::rename(folder, &place) {
            Err(error) if matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | NotADirectory) => {}
            other => return other.map(|()| place),
        }
    }
}

/// What is not there need not be removed.
fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Makes a folder writable again: the caches of some tools are not.
fn unlock(folder: &Path) {
    // One of another user cannot be; whether that matters shows when it is to be emptied.
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

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

    #[test]
    fn everything_goes_under_whatever_name_but_what_links_lead_to() {
        let place = tempfile::tempdir().expect("folder");
        let kept = place.path().join("kept");
        fs::create_dir(&kept).expect("made");
        fs::write(kept.join("file"), "x").expect("written");
        let folder = WorkFolder::make(&place.path().join("builds"), "b", None).expect("made");
        symlink(&kept, folder.source.join("link")).expect("linked");
        symlink(kept.join("file"), folder.home.join(".removing.0")).expect("linked");
        // Names that are taken.
        for taken in [".removing.1", ".removing.2/inner", "source/a/b/c", "source/a/d/e", "tmp/f/g"] {
            fs::create_dir_all(folder.home.join(taken)).expect("made");
        }
        fs::write(folder.source.join("a/b/c/file"), "x").expect("written");
        remove(&folder.home).expect("removed");
        assert!(!folder.home.exists());
        // The folder itself may have been replaced.
        symlink(&kept, &folder.home).expect("linked");
        remove(&folder.home).expect("removed");
        assert!(!folder.home.exists() && kept.join("file").exists());
    }

    #[test]
    fn no_depth_of_folders_is_too_deep() {
        let place = tempfile::tempdir().expect("folder");
        let (inner, outer) = (place.path().join("inner"), place.path().join("outer"));
        fs::create_dir(&inner).expect("made");
        // From the inside out; and a small stack stands in for many more of them.
        for _ in 0..1_000 {
            fs::create_dir(&outer).expect("made");
            fs::rename(&inner, outer.join("d")).expect("moved");
            fs::rename(&outer, &inner).expect("moved");
        }
        let removing = inner.clone();
        let small = std::thread::Builder::new().stack_size(64 * 1024);
        let removed = small.spawn(move || remove(&removing)).expect("started").join();
        removed.expect("no panic").expect("removed");
        assert!(!inner.exists());
    }
}
