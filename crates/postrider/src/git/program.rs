//! Runs `git` (design 9: the program itself, no second implementation) within a common time limit.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use domain::ports::Clock;

use super::env;

/// How much of what `git` says on standard error is kept, in bytes.
const MAX_COMPLAINT: u64 = 4096;
/// Longest output that [`Git::output`] takes, in bytes.
const MAX_OUTPUT: u64 = 256 * 1024 * 1024;

/// Why a `git` command gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    /// It could not be started, or its pipe broke.
    #[error("cannot run git: {0}")]
    NotRun(#[from] io::Error),
    /// It ended with an error.
    #[error("git {verb} ended with {}: {complaint}", code.map_or_else(|| "a signal".to_owned(), |code| code.to_string()))]
    Failed {
        /// The subcommand.
        verb: String,
        /// Its exit code; none if a signal ended it.
        code: Option<i32>,
        /// What it said on standard error.
        complaint: String,
    },
    /// The time for all commands together is used up.
    #[error("git took too long")]
    OutOfTime,
}

/// `git` on one repository, with a common deadline for all commands.
pub(crate) struct Git<'a> {
    dir: &'a Path,
    clock: &'a dyn Clock,
    /// On the clock's monotonic scale.
    deadline: Duration,
}

/// How reading a command's output ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// To the end.
    Complete,
    /// The reader has what it needs; the command is stopped.
    Enough,
}

impl<'a> Git<'a> {
    /// Commands on the git directory `dir`, which may take `limit` in all from now.
    pub(crate) fn new(dir: &'a Path, clock: &'a dyn Clock, limit: Duration) -> Self {
        Self { dir, clock, deadline: clock.monotonic().saturating_add(limit) }
    }

    /// The same, for commands that must leave two fifths of the time that is left to later ones.
    pub(crate) fn at_first(&self) -> Self {
        let now = self.clock.monotonic();
        Self { deadline: now + self.deadline.saturating_sub(now) * 3 / 5, ..*self }
    }

    /// Runs a command with `input` and returns everything it printed.
    pub(crate) fn output(&self, args: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
        let mut printed = Vec::new();
        self.read(args, input, |reader| {
            reader.take(MAX_OUTPUT).read_to_end(&mut printed)?;
            Ok(Reading::Complete)
        })?;
        Ok(printed)
    }

    /// Runs a command with `input` while `take` reads what it prints.
    pub(crate) fn read(
        &self,
        args: &[&str],
        input: &[u8],
        take: impl FnOnce(&mut dyn BufRead) -> io::Result<Reading>,
    ) -> Result<(), GitError> {
        let left = self.deadline.saturating_sub(self.clock.monotonic());
        if left.is_zero() {
            return Err(GitError::OutOfTime);
        }
        let mut child = self.command(args).spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (done, wait_done) = mpsc::channel();
        std::thread::scope(|scope| {
            let supervisor = scope.spawn(move || supervise(child, &wait_done, left));
            scope.spawn(move || {
                // A command that has heard enough closes its end; that is its right.
                let _ = stdin.map(|mut pipe| pipe.write_all(input));
            });
            let complaint = scope.spawn(move || {
                let mut text = Vec::new();
                if let Some(mut pipe) = stderr {
                    let _ = pipe.by_ref().take(MAX_COMPLAINT).read_to_end(&mut text);
                    let _ = io::copy(&mut pipe, &mut io::sink());
                }
                String::from_utf8_lossy(&text).trim().to_owned()
            });
            let taken = stdout.map_or(Ok(Reading::Complete), |pipe| take(&mut BufReader::with_capacity(1 << 16, pipe)));
            let reading = *taken.as_ref().unwrap_or(&Reading::Enough);
            let _ = done.send(reading);
            let ended = supervisor.join().map_err(|_| io::Error::other("the supervising thread panicked"))??;
            let complaint = complaint.join().unwrap_or_default();
            match ended {
                Ended::OutOfTime => Err(GitError::OutOfTime),
                Ended::Code(Some(0)) | Ended::Stopped => Ok(taken.map(drop)?),
                Ended::Code(code) => Err(GitError::Failed { verb: verb(args), code, complaint }),
            }
        })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        env::clean(&mut command);
        command.arg("--git-dir").arg(self.dir).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// How a command ended.
enum Ended {
    Code(Option<i32>),
    Stopped,
    OutOfTime,
}

/// Waits until the output is read, stops the command if it takes longer than `left` or nobody needs the rest.
fn supervise(mut child: Child, done: &mpsc::Receiver<Reading>, left: Duration) -> io::Result<Ended> {
    let ended = match done.recv_timeout(left) {
        Ok(Reading::Complete) => return Ok(Ended::Code(child.wait()?.code())),
        Ok(Reading::Enough) | Err(mpsc::RecvTimeoutError::Disconnected) => Ended::Stopped,
        Err(mpsc::RecvTimeoutError::Timeout) => Ended::OutOfTime,
    };
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    child.wait()?;
    Ok(ended)
}

/// The first argument, which names the subcommand.
fn verb(args: &[&str]) -> String {
    args.first().copied().unwrap_or_default().to_owned()
}
