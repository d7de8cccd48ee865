//! Moves committed pages from the write-ahead log into the database file, on a thread of its own, so that the writer
//! never waits for it (D-4).
//!
//! A passive checkpoint that runs while the writer goes on never reaches the end of the log, and a log that is never
//! finished is never reused. So when it has grown long, the writer is asked to checkpoint the small rest itself between
//! two transactions; its next commit then starts the log anew.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::connect::{Role, connect};
use super::space::Space;
use crate::error::Done;

/// Pages in the log that call for a checkpoint at once (D-4).
const PAGES: usize = 2_000;
/// A checkpoint is due after this time anyway (D-4).
const PERIOD: Duration = Duration::from_secs(1);
/// Pages in the log from which the writer finishes what the thread began: 32 MiB.
const LONG: usize = 8_000;

/// Signals between the writer and the checkpoint thread.
#[derive(Debug, Default)]
pub(crate) struct Checkpoints {
    /// Pages in the log after the last commit.
    pages: AtomicUsize,
    /// The writer shall finish the checkpoint.
    finish: AtomicBool,
    /// Wake up; and the end.
    signal: Mutex<Signal>,
    woken: Condvar,
}

#[derive(Debug, Default)]
struct Signal {
    wake: bool,
    stop: bool,
}

impl Checkpoints {
    /// After a commit: so many pages are in the log.
    pub(crate) fn committed(&self, pages: usize) {
        let before = self.pages.swap(pages, Ordering::Relaxed);
        if pages >= PAGES && pages / PAGES != before / PAGES {
            self.signal.lock().unwrap_or_else(PoisonError::into_inner).wake = true;
            self.woken.notify_one();
        }
    }

    /// Between two transactions of the writer: does the rest of a long checkpoint.
    pub(crate) fn finish_if_asked(&self, conn: &Connection) {
        if self.finish.swap(false, Ordering::Relaxed) {
            run(conn);
        }
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner).stop = true;
        self.woken.notify_all();
    }

    /// Waits for a reason to checkpoint; `false` at the end.
    fn wait(&self) -> bool {
        let signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |signal: &mut Signal| !signal.wake && !signal.stop;
        let (mut signal, _) =
            self.woken.wait_timeout_while(signal, PERIOD, idle).unwrap_or_else(PoisonError::into_inner);
        signal.wake = false;
        !signal.stop
    }
}

/// Starts the thread. It looks at the room on the disk as well.
pub(crate) fn start(
    path: &Path,
    checkpoints: Arc<Checkpoints>,
    space: Arc<Space>,
) -> Done<std::io::Result<JoinHandle<()>>> {
    let conn = connect(path, Role::Keeper)?;
    let work = move || {
        while checkpoints.wait() {
            space.look();
            if checkpoints.pages.load(Ordering::Relaxed) == 0 {
                continue;
            }
            run(&conn);
            let pages = checkpoints.pages.load(Ordering::Relaxed);
            if pages >= LONG {
                checkpoints.finish.store(true, Ordering::Relaxed);
            }
        }
    };
    Ok(std::thread::Builder::new().name("store-checkpoint".to_owned()).spawn(work))
}

/// One passive checkpoint: waits for nobody. A failure is retried by the next one; the log keeps everything until then.
fn run(conn: &Connection) {
    let done = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(0));
    if let Err(error) = done {
        tracing::warn!(%error, "a checkpoint failed: {error}");
    }
}
