//! Processes that outlived their build: those that left its process group, and those of a server that died. They are
//! known by the variable that every process of a build inherits, as Jenkins knows its own.
//!
//! Not found: a process that also got rid of its variables, one of another user, and on systems without `/proc` any.

use std::fs;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, getpgid, getpid, pidfd_open, pidfd_send_signal};

/// The variable: the build's folder, which no other build has, not even one of another server.
pub(super) const MARK: &str = "POSTRIDER_BUILD_DIR";
/// How often one looks again: each time for what the ones before had started meanwhile.
const ROUNDS: usize = 5;
/// How long one waits for a process to be gone.
const GONE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Ends what the build with this folder left behind. Returns how many processes, but for those of `group`: they have been
/// killed, and are only waited for. Blocks.
pub(super) fn end_strays(folder: &Path, group: Option<Pid>) -> usize {
    let mark = format!("{MARK}={}", folder.display());
    let mut ended = 0;
    for _ in 0..ROUNDS {
        let found = marked(&mark);
        if found.is_empty() {
            break;
        }
        for process in found {
            let left_group = getpgid(Some(process)).ok() != group;
            ended += usize::from(end(process, &mark) && left_group);
        }
    }
    ended
}

/// Processes with this variable.
fn marked(mark: &str) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let others = numbers.filter_map(Pid::from_raw).filter(|process| *process != getpid());
    others.filter(|process| has(*process, mark)).collect()
}

fn has(process: Pid, mark: &str) -> bool {
    let variables = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
    variables.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
}

/// Ends a process. By its descriptor: its number may be another's by now.
fn end(process: Pid, mark: &str) -> bool {
    let Ok(descriptor) = pidfd_open(process, PidfdFlags::empty()) else { return false };
    if !has(process, mark) || pidfd_send_signal(&descriptor, Signal::KILL).is_err() {
        return false;
    }
    // So that its folder can be removed.
    let _ = poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&GONE));
    true
}
