//! One command in a process group of its own: started, listened to, ended with all that belongs to it.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

/// What is left in a pipe is read so far once the command has ended; a pipe holds 64 KiB unless it was enlarged.
const MAX_LEFT: usize = 1024 * 1024;

/// A command that was started and not reaped yet: until then its number cannot be given to another process, so signals to
/// its group reach nobody else.
#[derive(Debug)]
pub(super) struct Process {
    group: Pid,
    child: Option<Child>,
    over: oneshot::Receiver<()>,
}

impl Process {
    /// Starts a command with exactly these variables. What it and its children print, to either stream, comes through
    /// the pipe in the order in which it was printed. Blocks until the program is there or known to be missing.
    pub(super) fn start(
        argv: &[String],
        folder: &Path,
        variables: &[(String, String)],
    ) -> io::Result<(Self, pipe::Receiver)> {
        let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let (reader, writer) = io::pipe()?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).env_clear();
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.process_group(0).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let child = command.spawn()?;
        // Our copies of the pipe's other end go with the command, or reading would never end.
        drop(command);
        let group = Pid::from_child(&child);
        // First of all, so that nothing of what may fail leaves a command behind that nobody ends.
        let (tell, over) = oneshot::channel();
        let mut process = Self { group, child: Some(child), over };
        watch(group, tell)?;
        let output = pipe::Receiver::from_file(File::from(std::os::fd::OwnedFd::from(reader)));
        match output {
            Ok(output) => Ok((process, output)),
            Err(error) => {
                process.finish();
                Err(error)
            }
        }
    }

    /// Waits until the command itself has ended. Its children may go on.
    pub(super) async fn ended(&mut self) {
        // An error says that the watching thread is gone, and it goes when there is nothing to watch.
        let _ = (&mut self.over).await;
    }

    /// Asks the whole group to stop.
    pub(super) fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
        // A stopped process would not hear it.
        self.signal(Signal::CONT);
    }

    /// Ends the whole group at once, and reaps the command. Blocks until the command is gone.
    pub(super) fn finish(&mut self) -> Option<ExitStatus> {
        self.signal(Signal::KILL);
        self.child.take()?.wait().ok()
    }

    /// The number of the group.
    pub(super) fn group(&self) -> Pid {
        self.group
    }

    fn signal(&self, signal: Signal) {
        if self.child.is_some() {
            // It fails only when nobody is left.
            let _ = kill_process_group(self.group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Tells when a process has ended, and leaves it to be reaped.
fn watch(process: Pid, tell: oneshot::Sender<()>) -> io::Result<()> {
    let waiting = move || {
        while let Err(Errno::INTR) = waitid(WaitId::Pid(process), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {}
        // Nobody listens any more: fine.
        let _ = tell.send(());
    };
    // A thread of its own, so that a runtime that stops does not wait for a process that does not.
    thread::Builder::new().name("build".to_owned()).spawn(waiting).map(drop)
}

/// Reads what is in the pipe and comes without waiting: a process that was let go may hold the other end for ever.
pub(super) fn read_left(output: &pipe::Receiver, mut hear: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 16 * 1024];
    let mut left = MAX_LEFT;
    // Past tokio's own idea of whether there is something to read, which may be out of date.
    while left > 0 {
        match rustix::io::read(output, &mut buffer) {
            Ok(0) => return,
            Ok(length) => {
                hear(&buffer[..length]);
                left = left.saturating_sub(length);
            }
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// Why a command that ended so has failed; `None` if it has not.
pub(super) fn failure(status: Option<ExitStatus>) -> Option<String> {
    let Some(status) = status else { return Some("the command was lost".to_owned()) };
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit code {code}")),
        (None, Some(signal)) => Some(format!("ended by signal {signal}")),
        (None, None) => Some(status.to_string()),
    }
}
