//! Event keys (contract bitbucket-cloud section 3).

use domain::hook::HookScope;

/// An event key as the API lists it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// `repo:push`
    pub(super) key: &'static str,
    /// The form's heading.
    pub(super) category: &'static str,
    /// The form's label.
    pub(super) label: &'static str,
    /// One sentence.
    pub(super) description: &'static str,
    /// Workspace hooks alone can listen to it.
    pub(super) workspace_only: bool,
}

const fn event(key: &'static str, category: &'static str, label: &'static str, description: &'static str) -> Event {
    Event { key, category, label, description, workspace_only: false }
}

const fn of_workspace(event: Event) -> Event {
    Event { workspace_only: true, ..event }
}

/// Every key, in the order they are listed.
pub(super) const EVENTS: &[Event] = &[
    event("repo:push", "Repository", "Push", "Whenever refs of a repository are pushed"),
    event("repo:fork", "Repository", "Fork", "Whenever a repository is forked"),
    event("repo:updated", "Repository", "Updated", "Whenever the details of a repository change"),
    event("repo:transfer", "Repository", "Transfer accepted", "Whenever a repository moves to another owner"),
    of_workspace(event("repo:created", "Repository", "Created", "Whenever a repository is created")),
    of_workspace(event("repo:deleted", "Repository", "Deleted", "Whenever a repository is deleted")),
    of_workspace(event("repo:imported", "Repository", "Import", "Whenever a repository is imported")),
    event(
        "repo:commit_comment_created",
        "Repository",
        "Commit comment created",
        "Whenever someone comments on a commit",
    ),
    event(
        "repo:commit_status_created",
        "Repository",
        "Build status created",
        "Whenever a build status is added to a commit",
    ),
    event(
        "repo:commit_status_updated",
        "Repository",
        "Build status updated",
        "Whenever a build status of a commit changes",
    ),
    event("issue:created", "Issue", "Created", "Whenever an issue is created"),
    event("issue:updated", "Issue", "Updated", "Whenever an issue changes"),
    event("issue:comment_created", "Issue", "Comment created", "Whenever someone comments on an issue"),
    event("pullrequest:created", "Pull Request", "Created", "Whenever a pull request is opened"),
    event("pullrequest:updated", "Pull Request", "Updated", "Whenever a pull request changes"),
    event("pullrequest:push", "Pull Request", "Push", "Whenever the source branch of a pull request is pushed"),
    event("pullrequest:fulfilled", "Pull Request", "Merged", "Whenever a pull request is merged"),
    event("pullrequest:rejected", "Pull Request", "Declined", "Whenever a pull request is declined"),
    event("pullrequest:approved", "Pull Request", "Approved", "Whenever someone approves a pull request"),
    event("pullrequest:unapproved", "Pull Request", "Approval removed", "Whenever someone takes an approval back"),
    event(
        "pullrequest:changes_request_created",
        "Pull Request",
        "Changes request created",
        "Whenever someone requests changes to a pull request",
    ),
    event(
        "pullrequest:changes_request_removed",
        "Pull Request",
        "Changes request removed",
        "Whenever someone takes a request for changes back",
    ),
    event(
        "pullrequest:comment_created",
        "Pull Request",
        "Comment created",
        "Whenever someone comments on a pull request",
    ),
    event("pullrequest:comment_updated", "Pull Request", "Comment updated", "Whenever a comment is edited"),
    event("pullrequest:comment_deleted", "Pull Request", "Comment deleted", "Whenever a comment is deleted"),
    event("pullrequest:comment_resolved", "Pull Request", "Comment resolved", "Whenever a comment is resolved"),
    event("pullrequest:comment_reopened", "Pull Request", "Comment reopened", "Whenever a comment is reopened"),
    of_workspace(event("project:updated", "Project", "Updated", "Whenever the details of a project change")),
    event("pipeline:span_created", "Pipelines", "Span created", "Whenever a span of a pipeline ends"),
];

/// Can a hook of that scope listen to `key`?
pub(super) fn exists(key: &str, scope: HookScope) -> bool {
    EVENTS.iter().any(|event| event.key == key && (!event.workspace_only || matches!(scope, HookScope::Account(_))))
}
