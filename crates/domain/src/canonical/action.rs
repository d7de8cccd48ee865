//! What follows the dot in a canonical type.

macro_rules! actions {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in the canonical type.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The one of that name.
            pub(super) fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.as_str() == text)
            }
        }
    };
}

actions! {
    /// What happened to a repository: `repository.…`.
    RepositoryAction {
        /// It was created.
        Created = "created",
        /// It was deleted.
        Deleted = "deleted",
        /// It has a new name.
        Renamed = "renamed",
        /// Its description, web page or default branch changed.
        Updated = "updated",
        /// It has a new owner.
        Transferred = "transferred",
        /// Another repository was forked from it.
        Forked = "forked",
        /// It became read-only.
        Archived = "archived",
        /// It is no longer read-only.
        Unarchived = "unarchived",
        /// It became private.
        Privatized = "privatized",
        /// It became public.
        Publicized = "publicized",
    }
}

actions! {
    /// What happened to a comment: `commit_comment.…`, `pull_request_comment.…`, `issue_comment.…`.
    CommentAction {
        /// It was written.
        Created = "created",
        /// Its text changed.
        Edited = "edited",
        /// It was deleted.
        Deleted = "deleted",
    }
}

actions! {
    /// What happened to a commit status: `commit_status.…`.
    StatusAction {
        /// The first status under this key.
        Created = "created",
        /// A later one.
        Updated = "updated",
    }
}

actions! {
    /// What happened to a pull request: `pull_request.…`.
    PullRequestAction {
        /// It was opened.
        Opened = "opened",
        /// It was opened again.
        Reopened = "reopened",
        /// Title, body or draft state changed.
        Edited = "edited",
        /// Its source branch has new commits.
        SourceUpdated = "source_updated",
        /// It has another target branch.
        TargetUpdated = "target_updated",
        /// Reviewers were added or removed.
        ReviewersUpdated = "reviewers_updated",
        /// Someone approved it.
        Approved = "approved",
        /// Someone took an approval or a request for changes back.
        Unapproved = "unapproved",
        /// Someone asked for changes.
        ChangesRequested = "changes_requested",
        /// It was merged.
        Merged = "merged",
        /// It was closed without merging.
        Declined = "declined",
        /// It was deleted.
        Deleted = "deleted",
    }
}

actions! {
    /// What happened to an issue: `issue.…`.
    IssueAction {
        /// It was opened.
        Opened = "opened",
        /// Something about it changed, its state included.
        Updated = "updated",
    }
}

actions! {
    /// What happened to a build: `build.…`.
    BuildAction {
        /// It was accepted.
        Triggered = "triggered",
        /// It ended, one way or another.
        Finished = "finished",
    }
}

actions! {
    /// What happened to a release: `release.…`.
    ReleaseAction {
        /// It was saved as a draft.
        Created = "created",
        /// It was published.
        Published = "published",
        /// Its name or text changed.
        Updated = "updated",
        /// It became a draft again.
        Unpublished = "unpublished",
        /// It was deleted.
        Deleted = "deleted",
    }
}

actions! {
    /// What happened to an organization: `organization.…`.
    OrganizationAction {
        /// It presents itself differently.
        Updated = "updated",
        /// It has a new login.
        Renamed = "renamed",
        /// Someone joined it.
        MemberAdded = "member_added",
        /// Someone left it.
        MemberRemoved = "member_removed",
        /// It was deleted.
        Deleted = "deleted",
    }
}

actions! {
    /// What happened to a collaborator of a repository: `member.…`.
    MemberAction {
        /// They became one.
        Added = "added",
        /// They may do more, or less, than before.
        Edited = "edited",
        /// They are none any more.
        Removed = "removed",
    }
}
