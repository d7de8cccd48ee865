//! What an event is, as far as triggers ask.

use domain::ci::{BuildParams, CommitPaths, ReadyState, TriggerKind};

use super::patience::Patience;

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// The branch pushed to; of a pull request the one it comes from.
    Branch,
    /// The branch a pull request goes to.
    TargetBranch,
    /// The tag.
    Tag,
    /// Messages of commits; of a pull request title and description.
    CommitMessages,
    /// The message of the last commit.
    LastCommitMessage,
    /// Files touched.
    ChangedFiles,
    /// Files touched by the last commit.
    LastChangedFiles,
    /// Labels of a pull request: those just added, or else all of them.
    Labels,
    /// The comment on a pull request.
    Comment,
}

/// Why an event triggers nothing whatever the triggers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unclear {
    /// It is nothing.
    #[error("neither a branch nor a tag nor a pull request is given")]
    Nothing,
    /// It is two things at once.
    #[error("a tag is given together with a branch or a pull request")]
    Mixed,
}

/// What triggers can ask about an event.
pub(super) struct Facts<'a> {
    /// How long they may ask.
    pub(super) patience: &'a Patience,
    /// What kind of event it is.
    pub(super) kind: TriggerKind,
    /// Is the pull request a draft?
    pub(super) ready: Option<ReadyState>,
    /// Somebody commented, and nothing else happened.
    pub(super) is_comment: bool,
    /// Somebody added labels, and nothing else happened.
    pub(super) is_labelling: bool,
    branch: [&'a str; 1],
    target: [&'a str; 1],
    tag: [&'a str; 1],
    comment: [&'a str; 1],
    messages: Vec<&'a str>,
    files: Vec<&'a str>,
    /// Where the last commit's files begin.
    last_files: usize,
    labels: Vec<&'a str>,
}

impl<'a> Facts<'a> {
    /// Takes the parameters of a build apart.
    pub(super) fn of(params: &'a BuildParams, patience: &'a Patience) -> Result<Self, Unclear> {
        let pull_request = params.is_pull_request() || !params.pull_request_comment.is_empty();
        let kind = match (pull_request, !params.branch.is_empty(), !params.tag.is_empty()) {
            (true, _, false) => TriggerKind::PullRequest,
            (false, true, false) => TriggerKind::Push,
            (false, false, true) => TriggerKind::Tag,
            (false, false, false) => return Err(Unclear::Nothing),
            (true, _, true) | (false, true, true) => return Err(Unclear::Mixed),
        };
        let commits = params.commit_paths.as_deref().unwrap_or_default();
        let (last, earlier) = commits.split_last().map_or((None, commits), |(last, earlier)| (Some(last), earlier));
        let mut files: Vec<_> = earlier.iter().flat_map(touched).collect();
        let last_files = files.len();
        files.extend(last.into_iter().flat_map(touched));
        let labels = if params.pull_request_labels_added.is_empty() {
            &params.pull_request_labels
        } else {
            &params.pull_request_labels_added
        };
        Ok(Self {
            patience,
            kind,
            ready: params.pull_request_ready_state,
            is_comment: !params.pull_request_comment.is_empty(),
            is_labelling: !params.pull_request_labels_added.is_empty(),
            branch: [&params.branch],
            target: [&params.branch_dest],
            tag: [&params.tag],
            comment: [&params.pull_request_comment],
            messages: messages(params),
            files,
            last_files,
            labels: labels.iter().map(String::as_str).collect(),
        })
    }

    /// All that is known of a fact; one of them has to match.
    pub(super) fn values(&self, fact: Fact) -> &[&'a str] {
        match fact {
            Fact::Branch => &self.branch,
            Fact::TargetBranch => &self.target,
            Fact::Tag => &self.tag,
            Fact::CommitMessages => &self.messages,
            Fact::LastCommitMessage => &self.messages[self.messages.len().saturating_sub(1)..],
            Fact::ChangedFiles => &self.files,
            Fact::LastChangedFiles => &self.files[self.last_files..],
            Fact::Labels => &self.labels,
            Fact::Comment => &self.comment,
        }
    }
}

fn touched(commit: &CommitPaths) -> impl Iterator<Item = &str> {
    [&commit.added, &commit.removed, &commit.modified].into_iter().flatten().map(String::as_str)
}

/// All messages, oldest first. The one of the commit to build is among them even if the list forgot it.
fn messages(params: &BuildParams) -> Vec<&str> {
    let mut messages: Vec<_> = params.commit_messages.iter().map(String::as_str).collect();
    let head = params.commit_message.as_str();
    if !head.is_empty() && !messages.contains(&head) {
        messages.push(head);
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(change: impl FnOnce(&mut BuildParams)) -> Result<TriggerKind, Unclear> {
        let mut params = BuildParams::default();
        change(&mut params);
        Facts::of(&params, &Patience::endless()).map(|facts| facts.kind)
    }

    #[test]
    fn an_event_is_one_thing_or_nothing() {
        assert_eq!(kind(|_| ()), Err(Unclear::Nothing));
        assert_eq!(kind(|params| params.branch = "main".to_owned()), Ok(TriggerKind::Push));
        assert_eq!(kind(|params| params.tag = "v1".to_owned()), Ok(TriggerKind::Tag));
        assert_eq!(kind(|params| params.branch_dest = "main".to_owned()), Ok(TriggerKind::PullRequest));
        assert_eq!(kind(|params| params.pull_request_id = 7), Ok(TriggerKind::PullRequest));
        assert_eq!(kind(|params| params.pull_request_comment = "go".to_owned()), Ok(TriggerKind::PullRequest));
        let mixed = |params: &mut BuildParams| (params.tag, params.branch) = ("v1".to_owned(), "main".to_owned());
        assert_eq!(kind(mixed), Err(Unclear::Mixed));
        let mixed = |params: &mut BuildParams| (params.tag, params.pull_request_id) = ("v1".to_owned(), 7);
        assert_eq!(kind(mixed), Err(Unclear::Mixed));
    }

    #[test]
    fn files_and_messages_come_from_all_commits_and_the_last_ones_are_known() {
        let commit = |added: &str, removed: &str, modified: &str| {
            let list = |text: &str| text.split_terminator(' ').map(str::to_owned).collect();
            CommitPaths { added: list(added), removed: list(removed), modified: list(modified) }
        };
        let params = BuildParams {
            branch: "main".to_owned(),
            commit_messages: vec!["one".to_owned(), "two".to_owned()],
            commit_message: "head".to_owned(),
            commit_paths: Some(vec![commit("a", "b", ""), commit("", "", "c d")]),
            ..BuildParams::default()
        };
        let patience = Patience::endless();
        let facts = Facts::of(&params, &patience).expect("a push");
        assert_eq!(facts.values(Fact::ChangedFiles), ["a", "b", "c", "d"]);
        assert_eq!(facts.values(Fact::LastChangedFiles), ["c", "d"]);
        assert_eq!(facts.values(Fact::CommitMessages), ["one", "two", "head"]);
        assert_eq!(facts.values(Fact::LastCommitMessage), ["head"]);
    }
}
