//! The environment that git and git hosts hand to a hook: the only place that reads it.

use std::path::PathBuf;
use std::process::Command;

/// Variables of the push in progress that must not reach the `git` commands run here.
///
/// The repository is named with `--git-dir`; the quarantine is over when `post-receive` runs, but a host that wraps hooks
/// may leave its variables behind.
const CLEARED: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_QUARANTINE_PATH",
    "GIT_EXTERNAL_DIFF",
];

/// Variables that make `git` predictable: real objects only, no network, no prompts, English messages.
const SET: [(&str, &str); 5] = [
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];

/// One variable of the environment; `None` if unset, empty or not UTF-8.
#[expect(clippy::disallowed_methods, reason = "git and git hosts speak to hooks through the environment only")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// The repository git runs the hook in; the current directory unless `GIT_DIR` says otherwise.
pub(super) fn git_dir() -> PathBuf {
    std::env::var_os("GIT_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Cleans the environment that `command` inherits.
pub(super) fn clean(command: &mut Command) {
    if variable("GIT_QUARANTINE_PATH").is_some() {
        command.env_remove("GIT_OBJECT_DIRECTORY");
    }
    for name in CLEARED {
        command.env_remove(name);
    }
    command.envs(SET);
}
