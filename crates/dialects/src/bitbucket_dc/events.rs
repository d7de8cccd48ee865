//! Event keys (contract bitbucket-datacenter section 3).

/// Keys a hook can listen to, as the product accepts them.
pub(super) const KEYS: [&str; 22] = [
    "project:modified",
    "repo:refs_changed",
    "repo:modified",
    "repo:forked",
    "repo:comment:added",
    "repo:comment:edited",
    "repo:comment:deleted",
    "repo:secret_detected",
    "mirror:repo_synchronized",
    "pr:opened",
    "pr:from_ref_updated",
    "pr:modified",
    "pr:reviewer:updated",
    "pr:reviewer:approved",
    "pr:reviewer:unapproved",
    "pr:reviewer:needs_work",
    "pr:merged",
    "pr:declined",
    "pr:deleted",
    "pr:comment:added",
    "pr:comment:edited",
    "pr:comment:deleted",
];

/// Keys that the documentation has and the product refuses; accepted by a setting, stored and delivered as given.
pub(super) const DOCUMENTED: [&str; 3] = ["pr:to_ref_updated", "pr:reviewer:changes_requested", "proj:modified"];

/// The key of test requests; no hook can listen to it.
pub(super) const PING: &str = "diagnostics:ping";
