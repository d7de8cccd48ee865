//! The spool: events of one repository that the server has not taken yet, one file each, in the order of their names.
//!
//! `postrider/spool/NNNNNNNNNNNNNNNNNNNN.json` holds exactly the bytes to send. `.tmp` is a file being written, `.refused` an
//! event the server will never take with its answer in `.answer`, `.bad` a file that is no event. Any number of pushes may
//! add at the same time; only the holder of `postrider/lock` sends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::time::Timestamp;

/// Most events waiting.
const MAX_FILES: usize = 1_000;
/// Most bytes waiting.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Most files set aside (`.refused`, `.answer`, `.bad`); the oldest go first.
const MAX_ASIDE: usize = 300;
/// A file still being written after this long was left by a crash.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// Largest `dropped.log`, in bytes; further lines are not written.
const MAX_LOG: u64 = 1024 * 1024;

/// Why an event was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    /// No room; nothing is thrown out to make some.
    #[error("the spool is full ({MAX_FILES} events or {} MiB)", MAX_BYTES / 1024 / 1024)]
    Full,
    /// The disk, or missing permission.
    #[error("cannot write to the spool: {0}")]
    Io(#[from] io::Error),
}

/// A repository's spool.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    /// `REPO.git/postrider`
    folder: PathBuf,
    /// Users of the repository's group may push and so write here.
    shared: bool,
}

/// An event that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting(PathBuf);

impl Waiting {
    /// The file's name without its extension, which orders the events.
    pub(crate) fn name(&self) -> String {
        self.0.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The event.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        fs::read(&self.0)
    }

    /// Removes it: the server has it.
    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.0)
    }
}

impl Spool {
    /// The spool in Postrider's folder of a repository.
    pub(crate) fn new(folder: PathBuf, shared: bool) -> Self {
        Self { folder, shared }
    }

    /// Creates the folders.
    pub(super) fn create(&self) -> io::Result<()> {
        for dir in [self.folder.clone(), self.dir()] {
            if let Err(error) = fs::create_dir(&dir) {
                if error.kind() != io::ErrorKind::AlreadyExists {
                    return Err(error);
                }
            } else {
                fs::set_permissions(&dir, fs::Permissions::from_mode(if self.shared { 0o2770 } else { 0o700 }))?;
            }
        }
        Ok(())
    }

    /// Adds an event: when this returns, it is on disk and survives a crash.
    pub(crate) fn keep(&self, event: &[u8], now: Timestamp) -> Result<(), KeepError> {
        self.create()?;
        let (mut files, mut bytes, mut last) = (0, 0, 0);
        for entry in fs::read_dir(self.dir())? {
            let entry = entry?;
            let Some((number, extension)) = parse_name(&entry.path()) else { continue };
            last = last.max(number);
            if extension == "json" {
                files += 1;
                bytes += entry.metadata().map_or(0, |meta| meta.len());
            }
        }
        if files >= MAX_FILES || bytes + event.len() as u64 > MAX_BYTES {
            return Err(KeepError::Full);
        }
        // Numbers are microseconds, so that they rise also when the spool has been empty in between.
        let mut number = (last + 1).max(u64::try_from(now.as_micros()).unwrap_or(0));
        loop {
            let (temporary, finished) = (self.path(number, "tmp"), self.path(number, "json"));
            match self.new_file(&temporary) {
                // Another push may have finished this very number since the folder was listed.
                Ok(_) if finished.exists() => fs::remove_file(&temporary)?,
                Ok(mut file) => {
                    let written = file.write_all(event).and_then(|()| file.sync_all());
                    if let Err(error) = written.and_then(|()| fs::rename(&temporary, &finished)) {
                        let _ = fs::remove_file(&temporary);
                        return Err(error.into());
                    }
                    File::open(self.dir())?.sync_all()?;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
            number += 1;
        }
    }

    /// Events that wait, first to send first.
    pub(crate) fn waiting(&self) -> io::Result<Vec<Waiting>> {
        let mut found = self.numbered(&["json"])?;
        found.sort_unstable();
        Ok(found.into_iter().map(|(_, path)| Waiting(path)).collect())
    }

    /// Becomes the one who sends; `None` while another process is.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        self.create()?;
        let path = self.folder.join("lock");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(if self.shared { 0o660 } else { 0o600 });
        let file = file.open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Sets an event aside that the server will never take, with its answer beside it.
    pub(super) fn refuse(&self, event: &Waiting, answer: &str) -> io::Result<()> {
        let path = event.0.with_extension("answer");
        // A folder without room for the answer must not hold the line up.
        let _ = self.new_file(&path).and_then(|mut file| writeln!(file, "{answer}"));
        self.set_aside(event, "refused")
    }

    /// Sets a file aside that is no event.
    pub(super) fn reject(&self, event: &Waiting) -> io::Result<()> {
        self.set_aside(event, "bad")
    }

    fn set_aside(&self, event: &Waiting, extension: &str) -> io::Result<()> {
        fs::rename(&event.0, event.0.with_extension(extension))?;
        let mut aside = self.numbered(&["refused", "answer", "bad"])?;
        aside.sort_unstable();
        let surplus = aside.len().saturating_sub(MAX_ASIDE);
        aside.iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
    }

    /// Removes what a crash left half written.
    pub(super) fn tidy(&self, now: Timestamp) -> io::Result<()> {
        let oldest = u64::try_from(now.minus(STALE).as_micros()).unwrap_or(0);
        let stale = self.numbered(&["tmp"])?.into_iter().filter(|(number, _)| *number < oldest);
        stale.map(|(_, path)| path).try_for_each(fs::remove_file)
    }

    /// Writes to `dropped.log` that an event was lost, and what it was about.
    pub(crate) fn log_dropped(&self, now: Timestamp, what: &str) -> io::Result<()> {
        self.create()?;
        let path = self.folder.join("dropped.log");
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(if self.shared { 0o660 } else { 0o600 });
        let mut file = options.open(path)?;
        if file.metadata()?.len() < MAX_LOG { writeln!(file, "{now} {what}") } else { Ok(()) }
    }

    fn dir(&self) -> PathBuf {
        self.folder.join("spool")
    }

    fn path(&self, number: u64, extension: &str) -> PathBuf {
        self.dir().join(format!("{number:020}.{extension}"))
    }

    fn new_file(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(if self.shared { 0o660 } else { 0o600 }).open(path)
    }

    /// Files of the spool with one of these extensions; none while there is no spool.
    fn numbered(&self, extensions: &[&str]) -> io::Result<Vec<(u64, PathBuf)>> {
        let entries = match fs::read_dir(self.dir()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if let Some((number, extension)) = parse_name(&path)
                && extensions.contains(&extension.as_str())
            {
                found.push((number, path));
            }
        }
        Ok(found)
    }
}

/// Number and extension of a file of the spool; `None` for others.
fn parse_name(path: &Path) -> Option<(u64, String)> {
    let number = path.file_stem()?.to_str()?;
    let ours = number.len() == 20 && number.bytes().all(|byte| byte.is_ascii_digit());
    if ours { Some((number.parse().ok()?, path.extension()?.to_str()?.to_owned())) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

    fn spool() -> (tempfile::TempDir, Spool) {
        let dir = tempfile::tempdir().expect("a folder");
        let spool = Spool::new(dir.path().join("postrider"), false);
        (dir, spool)
    }

    fn texts(spool: &Spool) -> Vec<String> {
        let waiting = spool.waiting().expect("lists");
        waiting.iter().map(|event| String::from_utf8(event.read().expect("reads")).expect("text")).collect()
    }

    #[test]
    fn events_wait_in_the_order_they_were_kept_also_when_the_clock_steps_back() {
        let (_dir, spool) = spool();
        for (event, now) in [("1", NOW), ("2", NOW), ("3", NOW.minus(STALE))] {
            spool.keep(event.as_bytes(), now).expect("kept");
        }
        assert_eq!(texts(&spool), ["1", "2", "3"]);
    }

    #[test]
    fn numbers_rise_across_an_empty_spool_and_over_files_set_aside() {
        let (_dir, spool) = spool();
        spool.keep(b"1", NOW).expect("kept");
        let first = spool.waiting().expect("lists").remove(0);
        spool.refuse(&first, "404: no such repository").expect("set aside");
        spool.keep(b"2", NOW).expect("kept");
        let second = spool.waiting().expect("lists").remove(0);
        assert!(second.name() > first.name());
        assert_eq!(fs::read_to_string(first.0.with_extension("answer")).expect("reads"), "404: no such repository\n");
        assert_eq!(fs::read(first.0.with_extension("refused")).expect("reads"), b"1");
    }

    #[test]
    fn a_full_spool_refuses_and_throws_nothing_out() {
        let (_dir, spool) = spool();
        spool.create().expect("created");
        for number in 0..MAX_FILES {
            fs::write(spool.path(number as u64, "json"), "x").expect("written");
        }
        assert!(matches!(spool.keep(b"one more", NOW), Err(KeepError::Full)));
        assert_eq!(spool.waiting().expect("lists").len(), MAX_FILES);
    }

    #[test]
    fn a_spool_full_by_bytes_refuses() {
        let (_dir, spool) = spool();
        spool.create().expect("created");
        File::create(spool.path(1, "json")).and_then(|file| file.set_len(MAX_BYTES - 3)).expect("sparse");
        spool.keep(b"abc", NOW).expect("fits exactly");
        assert!(matches!(spool.keep(b"d", NOW), Err(KeepError::Full)));
    }

    #[test]
    fn files_are_for_the_owner_only_unless_the_repository_is_shared() {
        let (dir, spool) = spool();
        spool.keep(b"1", NOW).expect("kept");
        let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o7777;
        assert_eq!(mode(&spool.waiting().expect("lists")[0].0), 0o600);
        assert_eq!(mode(&dir.path().join("postrider")), 0o700);
        let shared = Spool::new(dir.path().join("shared"), true);
        shared.keep(b"1", NOW).expect("kept");
        assert_eq!(mode(&dir.path().join("shared")), 0o2770);
    }

    #[test]
    fn files_set_aside_and_half_written_ones_do_not_pile_up() {
        let (_dir, spool) = spool();
        spool.create().expect("created");
        for number in 0..MAX_ASIDE {
            fs::write(spool.path(number as u64, "bad"), "x").expect("written");
        }
        spool.keep(b"x", NOW).expect("kept");
        spool.reject(&spool.waiting().expect("lists")[0]).expect("set aside");
        assert_eq!(spool.numbered(&["bad"]).expect("lists").len(), MAX_ASIDE);
        fs::write(spool.path(7, "tmp"), "half").expect("written");
        spool.tidy(NOW).expect("tidied");
        assert!(!spool.path(7, "tmp").exists());
    }

    #[test]
    fn many_pushes_at_once_each_keep_their_event() {
        let (_dir, spool) = spool();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let spool = &spool;
                scope.spawn(move || {
                    for number in 0..5 {
                        spool.keep(format!("{thread}-{number}").as_bytes(), NOW).expect("kept");
                    }
                });
            }
        });
        let mut found = texts(&spool);
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 40);
    }

    #[test]
    fn only_one_process_sends() {
        let (_dir, spool) = spool();
        let held = spool.lock().expect("locks");
        assert!(held.is_some());
        assert!(spool.lock().expect("locks").is_none());
        drop(held);
        assert!(spool.lock().expect("locks").is_some());
    }
}
