//! One line for people about an event, and who did it.

use domain::canonical::{
    Actor, BuildAction, BuildEvent, BuildState, CommentAction, CommitStatusEvent, Happening, IssueAction, IssueEvent,
    IssueState, MemberAction, OrganizationAction, PullRequestAction, ReleaseAction, RepositoryAction, RepositoryEvent,
    StatusState,
};

use super::pushes;
use super::text::one_line;
use crate::unregistered::name_of;

/// Longest headline, in characters.
const MAX_HEADLINE: usize = 250;

/// What to show of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Headline {
    /// One line.
    pub(super) title: String,
    /// Who did it, if the event tells.
    pub(super) author: Option<String>,
    /// What else there is to read.
    pub(super) text: Option<String>,
}

/// Of an event of this type in the repository `place` (`acme/widgets`). What is no canonical event, or is not at hand,
/// is told by its type alone.
pub(super) fn headline(kind: &str, data: &[u8], place: &str) -> Headline {
    let (title, author, text) = match Happening::parse(kind, data) {
        Some(Ok(happening)) => (sentence(&happening, place), actor(&happening), detail(&happening)),
        Some(Err(_)) | None => (format!("{kind} in {place}"), None, None),
    };
    Headline { title: one_line(&title, MAX_HEADLINE), author, text }
}

/// Who did it, by the best name there is.
fn actor(happening: &Happening) -> Option<String> {
    let actor = match happening {
        Happening::Push(event) => &event.pusher,
        Happening::Repository(_, event) => &event.actor,
        Happening::CommitComment(_, event) => &event.actor,
        Happening::CommitStatus(_, event) => &event.actor,
        Happening::PullRequest(_, event) => &event.actor,
        Happening::PullRequestComment(_, event) => &event.actor,
        Happening::Issue(_, event) => &event.actor,
        Happening::IssueComment(_, event) => &event.actor,
        Happening::Build(_, event) => &event.actor,
        Happening::Release(_, event) => &event.actor,
        Happening::MirrorSynchronized(event) => event.actor.as_ref()?,
        Happening::Organization(_, event) => &event.actor,
        Happening::Member(_, event) => &event.actor,
        Happening::SecretsDetected(event) => &event.actor,
    };
    (*actor != Actor::default()).then(|| name_of(actor).to_owned())
}

fn sentence(happening: &Happening, place: &str) -> String {
    let actor = actor(happening);
    let who = actor.as_deref().unwrap_or("someone");
    match happening {
        Happening::Push(push) => pushes::sentence(push, who, place),
        Happening::Repository(action, event) => repository(*action, event, who, place),
        Happening::CommitComment(action, event) => {
            format!("{who} {} commit {} in {place}", comment(*action), pushes::short_id(&event.commit))
        }
        Happening::CommitStatus(_, event) => commit_status(event, place),
        Happening::PullRequest(action, event) => {
            let request = &event.pull_request;
            format!("{who} {} pull request #{} in {place}: {}", verb(*action), request.number, request.title)
        }
        Happening::PullRequestComment(action, event) => {
            let request = &event.pull_request;
            format!("{who} {} pull request #{} in {place}: {}", comment(*action), request.number, request.title)
        }
        Happening::Issue(action, event) => {
            let issue = &event.issue;
            format!("{who} {} issue #{} in {place}: {}", change(*action, event), issue.number, issue.title)
        }
        Happening::IssueComment(action, event) => {
            let issue = &event.issue;
            format!("{who} {} issue #{} in {place}: {}", comment(*action), issue.number, issue.title)
        }
        Happening::Build(action, event) => build(*action, event, actor.as_deref(), place),
        Happening::Release(action, event) => {
            let release = &event.release;
            let name = release.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&release.tag);
            format!("{who} {} release {name} in {place}", release_verb(*action))
        }
        Happening::MirrorSynchronized(event) => format!("mirror {} caught up with {place}", event.mirror.name),
        Happening::Organization(action, _) => format!("{who} {} {place}", organization(*action)),
        Happening::Member(action, _) => format!("{who} {} a collaborator of {place}", member(*action)),
        Happening::SecretsDetected(_) => format!("a scan found secrets in {place}"),
    }
}

fn repository(action: RepositoryAction, event: &RepositoryEvent, who: &str, place: &str) -> String {
    let from = event.from.as_deref().unwrap_or_default();
    match action {
        RepositoryAction::Created => format!("{who} created {place}"),
        RepositoryAction::Deleted => format!("{who} deleted {place}"),
        RepositoryAction::Renamed => format!("{who} renamed {from} to {place}"),
        RepositoryAction::Updated => format!("{who} changed the settings of {place}"),
        RepositoryAction::Transferred => format!("{who} transferred {place} from {from}"),
        RepositoryAction::Forked => match event.fork.clone() {
            Some(fork) => format!("{who} forked {place} to {}", String::from(fork)),
            None => format!("{who} forked {place}"),
        },
        RepositoryAction::Archived => format!("{who} archived {place}"),
        RepositoryAction::Unarchived => format!("{who} brought {place} back from the archive"),
        RepositoryAction::Privatized => format!("{who} made {place} private"),
        RepositoryAction::Publicized => format!("{who} made {place} public"),
    }
}

fn comment(action: CommentAction) -> &'static str {
    match action {
        CommentAction::Created => "commented on",
        CommentAction::Edited => "edited a comment on",
        CommentAction::Deleted => "deleted a comment on",
    }
}

fn commit_status(event: &CommitStatusEvent, place: &str) -> String {
    let status = &event.status;
    let name = status.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&status.key);
    let state = match status.state {
        StatusState::Pending => "is pending",
        StatusState::Success => "succeeded",
        StatusState::Failure => "failed",
        StatusState::Error => "ended in an error",
        StatusState::Cancelled => "was cancelled",
    };
    format!("{name} {state} for commit {} in {place}", pushes::short_id(&status.commit))
}

fn verb(action: PullRequestAction) -> &'static str {
    match action {
        PullRequestAction::Opened => "opened",
        PullRequestAction::Reopened => "reopened",
        PullRequestAction::Edited => "edited",
        PullRequestAction::SourceUpdated => "pushed to",
        PullRequestAction::TargetUpdated => "changed the target of",
        PullRequestAction::ReviewersUpdated => "changed the reviewers of",
        PullRequestAction::Approved => "approved",
        PullRequestAction::Unapproved => "took back a review of",
        PullRequestAction::ChangesRequested => "requested changes to",
        PullRequestAction::Merged => "merged",
        PullRequestAction::Declined => "declined",
        PullRequestAction::Deleted => "deleted",
    }
}

fn change(action: IssueAction, event: &IssueEvent) -> &'static str {
    let state_changed = event.changes.as_ref().is_some_and(|changes| changes.state.is_some());
    match action {
        IssueAction::Opened => "opened",
        IssueAction::Updated if !state_changed => "updated",
        IssueAction::Updated if event.issue.state == IssueState::Closed => "closed",
        IssueAction::Updated => "reopened",
    }
}

fn build(action: BuildAction, event: &BuildEvent, actor: Option<&str>, place: &str) -> String {
    let number = event.build.number;
    let state = match (action, event.build.state) {
        (BuildAction::Triggered, _) | (BuildAction::Finished, BuildState::Running) => match actor {
            Some(who) => return format!("{who} started build #{number} in {place}"),
            None => "started",
        },
        (BuildAction::Finished, BuildState::Succeeded) => "succeeded",
        (BuildAction::Finished, BuildState::Failed) => "failed",
        (BuildAction::Finished, BuildState::Aborted | BuildState::AbortedAsSuccess) => "was aborted",
    };
    format!("build #{number} {state} in {place}")
}

fn release_verb(action: ReleaseAction) -> &'static str {
    match action {
        ReleaseAction::Created => "drafted",
        ReleaseAction::Published => "published",
        ReleaseAction::Updated => "edited",
        ReleaseAction::Unpublished => "withdrew",
        ReleaseAction::Deleted => "deleted",
    }
}

fn organization(action: OrganizationAction) -> &'static str {
    match action {
        OrganizationAction::Updated => "changed the profile of",
        OrganizationAction::Renamed => "renamed",
        OrganizationAction::MemberAdded => "added a member to",
        OrganizationAction::MemberRemoved => "removed a member from",
        OrganizationAction::Deleted => "deleted",
    }
}

fn member(action: MemberAction) -> &'static str {
    match action {
        MemberAction::Added => "added",
        MemberAction::Edited => "changed what is open to",
        MemberAction::Removed => "removed",
    }
}

/// What was written about it.
fn detail(happening: &Happening) -> Option<String> {
    let text = match happening {
        Happening::Push(push) => return pushes::detail(push),
        Happening::CommitComment(_, event) => Some(&event.comment.body),
        Happening::PullRequestComment(_, event) => Some(&event.comment.body),
        Happening::IssueComment(_, event) => Some(&event.comment.body),
        Happening::CommitStatus(_, event) => event.status.description.as_ref(),
        Happening::PullRequest(_, event) => match &event.review {
            Some(review) => review.body.as_ref(),
            None => event.pull_request.body.as_ref(),
        },
        Happening::Issue(_, event) => match &event.comment {
            Some(comment) => Some(&comment.body),
            None => event.issue.body.as_ref(),
        },
        Happening::Release(_, event) => event.release.body.as_ref(),
        Happening::Repository(..)
        | Happening::Build(..)
        | Happening::MirrorSynchronized(_)
        | Happening::Organization(..)
        | Happening::Member(..)
        | Happening::SecretsDetected(_) => None,
    };
    super::text::excerpt(text?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::example;

    fn title(kind: &str) -> String {
        let data = serde_json::to_vec(&example(kind)).expect("serializes");
        headline(kind, &data, "acme/widgets").title
    }

    #[test]
    fn every_canonical_type_has_a_sentence() {
        let told: Vec<String> = Happening::types().iter().map(|kind| title(kind)).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        mona pushed to 3 branches and tags in acme/widgets
        mirror Tokyo caught up with acme/widgets
        a scan found secrets in acme/widgets
        mona created acme/widgets
        mona deleted acme/widgets
        mona renamed gadgets to acme/widgets
        mona changed the settings of acme/widgets
        mona transferred acme/widgets from mona
        ravi forked acme/widgets to ravi/widgets
        mona archived acme/widgets
        mona brought acme/widgets back from the archive
        mona made acme/widgets private
        mona made acme/widgets public
        ravi commented on commit 2a8e4f6 in acme/widgets
        ravi edited a comment on commit 2a8e4f6 in acme/widgets
        ravi deleted a comment on commit 2a8e4f6 in acme/widgets
        Tests is pending for commit 3b7f5a9 in acme/widgets
        Tests succeeded for commit 3b7f5a9 in acme/widgets
        mona opened pull request #12 in acme/widgets: Stop the conveyor
        mona reopened pull request #12 in acme/widgets: Stop the conveyor
        mona edited pull request #12 in acme/widgets: Stop the conveyor
        ravi pushed to pull request #12 in acme/widgets: Stop the conveyor
        mona changed the target of pull request #12 in acme/widgets: Stop the conveyor
        mona changed the reviewers of pull request #12 in acme/widgets: Stop the conveyor
        ravi approved pull request #12 in acme/widgets: Stop the conveyor
        ravi took back a review of pull request #12 in acme/widgets: Stop the conveyor
        ravi requested changes to pull request #12 in acme/widgets: Stop the conveyor
        mona merged pull request #12 in acme/widgets: Stop the conveyor
        mona declined pull request #12 in acme/widgets: Stop the conveyor
        mona deleted pull request #12 in acme/widgets: Stop the conveyor
        ravi commented on pull request #12 in acme/widgets: Stop the conveyor
        ravi edited a comment on pull request #12 in acme/widgets: Stop the conveyor
        mona deleted a comment on pull request #12 in acme/widgets: Stop the conveyor
        ravi opened issue #11 in acme/widgets: The conveyor never stops
        mona closed issue #11 in acme/widgets: The conveyor runs on
        mona commented on issue #11 in acme/widgets: The conveyor never stops
        mona edited a comment on issue #11 in acme/widgets: The conveyor never stops
        ravi deleted a comment on issue #11 in acme/widgets: The conveyor never stops
        mona started build #318 in acme/widgets
        build #318 succeeded in acme/widgets
        mona drafted release 1.4.0: it stops in acme/widgets
        mona published release 1.4.0: it stops in acme/widgets
        mona edited release 1.4.0: it stops in acme/widgets
        mona withdrew release 1.4.0: it stops in acme/widgets
        mona deleted release 1.4.0: it stops in acme/widgets
        mona changed the profile of acme/widgets
        mona renamed acme/widgets
        mona added a member to acme/widgets
        mona removed a member from acme/widgets
        mona deleted acme/widgets
        mona added a collaborator of acme/widgets
        mona changed what is open to a collaborator of acme/widgets
        mona removed a collaborator of acme/widgets
        ");
    }

    #[test]
    fn what_is_not_canonical_or_not_at_hand_is_told_by_its_type() {
        let plain = |kind: &str, data: &[u8]| headline(kind, data, "acme/widgets");
        for (kind, data) in [("github.push", &b"{}"[..]), ("acme.thing.done", b"\xff"), ("push", b"")] {
            let expected = Headline { title: format!("{kind} in acme/widgets"), author: None, text: None };
            assert_eq!(plain(kind, data), expected);
        }
    }

    #[test]
    fn strange_names_do_not_break_the_line() {
        let Happening::PullRequest(_, mut event) = example("pull_request.opened") else { panic!("another event") };
        event.pull_request.title = format!("a\n\u{0}b {}", "long ".repeat(99));
        let data = serde_json::to_vec(&event).expect("serializes");
        let title = headline("pull_request.opened", &data, "acme/widgets").title;
        assert!(title.chars().count() <= MAX_HEADLINE && title.ends_with('…'), "{title}");
        assert!(title.contains(": a b long") && !title.contains(char::is_control), "{title}");
    }
}
