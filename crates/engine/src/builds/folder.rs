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
///
/// Folders are moved side by side before they are emptied: a build may have nested them so deep that neither a path nor
/// our stack would reach the last one.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if found.is_symlink() => return fs::remove_file(folder),
        Ok(found) if !found.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
        Ok(_) => {}
    }
    unlock(folder);
    let heap = fresh(folder)?;
    let mut removed = Ok(());
    let mut waiting = vec![folder.to_owned()];
    let mut moved = 0_u64;
    while let Some(next) = waiting.pop() {
        let emptied = empty(&next, &heap, |child| {
            let place = heap.join(moved.to_string());
            moved += 1;
            fs::rename(child, &place)?;
            waiting.push(place);
            Ok(())
        });
        removed = removed.and(emptied);
        if next != folder {
            removed = removed.and(fs::remove_dir(&next));
        }
    }
    // They fail when something is left, and then the first failure says why.
    removed.and(fs::remove_dir(&heap)).and(fs::remove_dir(folder))
}

/// A new folder in there, under a name that nothing has.
fn fresh(folder: &Path) -> io::Result<PathBuf> {
    let mut number = 0_u64;
    loop {
        let path = folder.join(format!(".removing.{number}"));
        match private().create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            other => return other.map(|()| path),
        }
    }
}

/// Removes what is in a folder but for `spared`, and hands folders to `put_by`. Goes on after a failure; returns the first.
fn empty(folder: &Path, spared: &Path, mut put_by: impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut emptied = Ok(());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path == spared {
            continue;
        }
        let done = match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                unlock(&path);
                put_by(&path)
            }
            Ok(_) => fs::remove_file(&path),
            Err(error) => Err(error),
        };
        emptied = emptied.and(done);
    }
    emptied
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
    fn links_go_and_what_they_lead_to_stays() {
        let place = tempfile::tempdir().expect("folder");
        let kept = place.path().join("kept");
        fs::create_dir(&kept).expect("made");
        fs::write(kept.join("file"), "x").expect("written");
        let folder = WorkFolder::make(&place.path().join("builds"), "b", None).expect("made");
        symlink(&kept, folder.source.join("link")).expect("linked");
        symlink(kept.join("file"), folder.home.join(".removing.0")).expect("linked");
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
