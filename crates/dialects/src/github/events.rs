//! The catalogue of event names: which hooks can ask for them, and their actions (contract github section 4.1).

use domain::hook::{ALL_EVENTS, HookScope};

/// Which hooks can get an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Repository hooks and organization hooks.
    Both,
    /// Organization hooks only.
    Organization,
    /// Apps and other receivers: no repository or organization hook may name it.
    Elsewhere,
}

use Reach::{Both, Elsewhere, Organization};

/// What a new hook listens to unless it says otherwise.
pub(crate) const DEFAULT_EVENT: &str = "push";

/// Every event name, who can get it, and the `action` values such hooks see (none: the payload has no `action`).
/// Sorted by name. The retired names `download`, `follow`, `fork_apply` and `gist` are absent on purpose: they are
/// refused like any unknown name.
#[rustfmt::skip]
const CATALOGUE: &[(&str, Reach, &[&str])] = &[
    ("branch_protection_configuration", Both, &["disabled", "enabled"]),
    ("branch_protection_rule", Both, &["created", "deleted", "edited"]),
    ("check_run", Both, &["completed", "created"]),
    ("check_suite", Both, &["completed"]),
    ("code_scanning_alert", Both, &["appeared_in_branch", "closed_by_user", "created", "fixed", "reopened", "reopened_by_user"]),
    ("commit_comment", Both, &["created"]),
    ("create", Both, &[]),
    ("custom_property", Organization, &["created", "deleted", "promote_to_enterprise", "updated"]),
    ("custom_property_values", Both, &["updated"]),
    ("delete", Both, &[]),
    ("dependabot_alert", Both, &["auto_dismissed", "auto_reopened", "created", "dismissed", "fixed", "reintroduced", "reopened"]),
    ("deploy_key", Both, &["created", "deleted"]),
    ("deployment", Both, &["created"]),
    ("deployment_protection_rule", Elsewhere, &["requested"]),
    ("deployment_review", Elsewhere, &["approved", "rejected", "requested"]),
    ("deployment_status", Both, &["created"]),
    ("discussion", Both, &["answered", "category_changed", "closed", "created", "deleted", "edited", "labeled", "locked", "pinned", "reopened", "transferred", "unanswered", "unlabeled", "unlocked", "unpinned"]),
    ("discussion_comment", Both, &["created", "deleted", "edited"]),
    ("fork", Both, &[]),
    ("github_app_authorization", Elsewhere, &["revoked"]),
    ("gollum", Both, &[]),
    ("installation", Elsewhere, &["created", "deleted", "new_permissions_accepted", "suspend", "unsuspend"]),
    ("installation_repositories", Elsewhere, &["added", "removed"]),
    ("installation_target", Elsewhere, &["renamed"]),
    ("issue_comment", Both, &["created", "deleted", "edited"]),
    ("issue_dependencies", Both, &["blocked_by_added", "blocked_by_removed", "blocking_added", "blocking_removed"]),
    ("issues", Both, &["assigned", "closed", "deleted", "demilestoned", "edited", "labeled", "locked", "milestoned", "opened", "pinned", "reopened", "transferred", "typed", "unassigned", "unlabeled", "unlocked", "unpinned", "untyped"]),
    ("label", Both, &["created", "deleted", "edited"]),
    ("marketplace_purchase", Elsewhere, &["cancelled", "changed", "pending_change", "pending_change_cancelled", "purchased"]),
    ("member", Both, &["added", "edited", "removed"]),
    ("membership", Organization, &["added", "removed"]),
    ("merge_group", Elsewhere, &["checks_requested", "destroyed"]),
    ("meta", Both, &["deleted"]),
    ("milestone", Both, &["closed", "created", "deleted", "edited", "opened"]),
    ("org_block", Organization, &["blocked", "unblocked"]),
    ("organization", Organization, &["deleted", "member_added", "member_invited", "member_removed", "renamed"]),
    ("package", Both, &["published", "updated"]),
    ("page_build", Both, &[]),
    ("personal_access_token_request", Organization, &["approved", "cancelled", "created", "denied"]),
    ("ping", Both, &[]),
    ("project", Both, &["closed", "created", "deleted", "edited", "reopened"]),
    ("project_card", Both, &["converted", "created", "deleted", "edited", "moved"]),
    ("project_column", Both, &["created", "deleted", "edited", "moved"]),
    ("projects_v2", Organization, &["closed", "created", "deleted", "edited", "reopened"]),
    ("projects_v2_item", Organization, &["archived", "converted", "created", "deleted", "edited", "reordered", "restored"]),
    ("projects_v2_status_update", Organization, &["created", "deleted", "edited"]),
    ("public", Both, &[]),
    ("pull_request", Both, &["assigned", "auto_merge_disabled", "auto_merge_enabled", "closed", "converted_to_draft", "demilestoned", "dequeued", "edited", "enqueued", "labeled", "locked", "milestoned", "opened", "ready_for_review", "reopened", "review_request_removed", "review_requested", "synchronize", "unassigned", "unlabeled", "unlocked"]),
    ("pull_request_review", Both, &["dismissed", "edited", "submitted"]),
    ("pull_request_review_comment", Both, &["created", "deleted", "edited"]),
    ("pull_request_review_thread", Both, &["resolved", "unresolved"]),
    ("push", Both, &[]),
    ("registry_package", Both, &["published", "updated"]),
    ("release", Both, &["created", "deleted", "edited", "prereleased", "published", "released", "unpublished"]),
    ("repository", Both, &["archived", "created", "deleted", "edited", "privatized", "publicized", "renamed", "transferred", "unarchived"]),
    ("repository_advisory", Both, &["published", "reported"]),
    ("repository_dispatch", Elsewhere, &[]),
    ("repository_import", Both, &[]),
    ("repository_ruleset", Both, &["created", "deleted", "edited"]),
    ("repository_vulnerability_alert", Both, &["create", "dismiss", "reopen", "resolve"]),
    ("secret_scanning_alert", Both, &["assigned", "created", "publicly_leaked", "reopened", "resolved", "unassigned", "validated"]),
    ("secret_scanning_alert_location", Both, &["created"]),
    ("secret_scanning_scan", Both, &["completed"]),
    ("security_advisory", Elsewhere, &["published", "updated", "withdrawn"]),
    ("security_and_analysis", Both, &[]),
    ("sponsorship", Elsewhere, &["cancelled", "created", "edited", "pending_cancellation", "pending_tier_change", "tier_changed"]),
    ("star", Both, &["created", "deleted"]),
    ("status", Both, &[]),
    ("sub_issues", Both, &["parent_issue_added", "parent_issue_removed", "sub_issue_added", "sub_issue_removed"]),
    ("team", Organization, &["added_to_repository", "created", "deleted", "edited", "removed_from_repository"]),
    ("team_add", Both, &[]),
    ("watch", Both, &["started"]),
    ("workflow_dispatch", Elsewhere, &[]),
    ("workflow_job", Both, &["completed", "in_progress", "queued", "waiting"]),
    ("workflow_run", Both, &["completed", "in_progress", "requested"]),
];

/// May a hook of that scope ask for this event? `*` always.
pub(crate) fn may_subscribe(event: &str, scope: HookScope) -> bool {
    event == ALL_EVENTS || exists(event, scope)
}

/// Is this the name of an event that a hook of that scope can get? Wildcards excluded.
pub(crate) fn exists(event: &str, scope: HookScope) -> bool {
    match find(event) {
        Some((_, Both, _)) => true,
        Some((_, Organization, _)) => matches!(scope, HookScope::Account(_)),
        Some((_, Elsewhere, _)) | None => false,
    }
}

/// Do hooks of that scope ever get this event with this action (contract section 4.1)? Asked of `*` above all: what only
/// organizations hear stays with them, and so does the end of a repository. What apps get is nobody's secret here, so
/// that a wildcard takes it.
pub(crate) fn reaches(event: &str, action: Option<&str>, scope: HookScope) -> bool {
    let of_organization = || matches!(find(event), Some((_, Organization, _)));
    let end_of_repository = event == "repository" && action == Some("deleted");
    matches!(scope, HookScope::Account(_)) || !(end_of_repository || of_organization())
}

/// The `action` values of an event; `None` if there is no event of that name.
pub(crate) fn actions(event: &str) -> Option<&'static [&'static str]> {
    find(event).map(|(_, _, actions)| *actions)
}

fn find(event: &str) -> Option<&'static (&'static str, Reach, &'static [&'static str])> {
    let at = CATALOGUE.binary_search_by(|(name, _, _)| (*name).cmp(event)).ok()?;
    CATALOGUE.get(at)
}

#[cfg(test)]
mod tests {
    use domain::id::{AccountId, RepositoryId};

    use super::*;

    const REPOSITORY: HookScope = HookScope::Repository(RepositoryId(1));
    const ACCOUNT: HookScope = HookScope::Account(AccountId(1));

    #[test]
    fn the_catalogue_has_54_repository_and_63_organization_events() {
        let count = |scope| CATALOGUE.iter().filter(|(name, _, _)| exists(name, scope)).count();
        assert_eq!((count(REPOSITORY), count(ACCOUNT)), (54, 63));
        assert!(CATALOGUE.is_sorted_by(|left, right| left.0 < right.0), "binary search needs order");
    }

    #[test]
    fn names_are_checked_against_the_scope_of_the_hook() {
        assert!(may_subscribe("*", REPOSITORY) && !exists("*", REPOSITORY));
        assert!(may_subscribe("push", REPOSITORY) && may_subscribe("push", ACCOUNT));
        assert!(!may_subscribe("team", REPOSITORY) && may_subscribe("team", ACCOUNT));
        for refused in ["download", "follow", "fork_apply", "gist", "installation", "Push", "", "nope"] {
            assert!(!may_subscribe(refused, ACCOUNT), "{refused}");
        }
    }

    #[test]
    fn some_messages_never_reach_the_hooks_of_a_repository() {
        for (event, action) in [("team", "created"), ("organization", "renamed"), ("repository", "deleted")] {
            assert!(reaches(event, Some(action), ACCOUNT) && !reaches(event, Some(action), REPOSITORY), "{event}");
        }
        for (event, action) in [("repository", Some("renamed")), ("push", None), ("member", Some("added"))] {
            assert!(reaches(event, action, ACCOUNT) && reaches(event, action, REPOSITORY), "{event}");
        }
    }

    #[test]
    fn check_events_give_hooks_only_some_of_their_actions() {
        assert_eq!(actions("check_run"), Some(&["completed", "created"][..]));
        assert_eq!(actions("push"), Some(&[][..]));
        assert_eq!(actions("nope"), None);
    }
}
