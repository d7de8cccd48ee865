//! Skip keywords: words in a commit's message, or in a comment, that ask for no build (contract bitrise section 6).

use super::reading::Candidate;

/// What stands between the brackets. Case and the one space count.
const WORDS: [&str; 4] = ["skip ci", "ci skip", "skip bitrise", "bitrise skip"];
/// The brackets: plain, and as editors escape them, once or twice.
const BRACKETS: [(&str, &str); 3] = [("[", "]"), ("\\[", "\\]"), ("\\\\[", "\\\\]")];

/// Why a build is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// The commit's message says so; for a pull request title or description. Messages of its commits do not count.
    Message,
    /// The comment says so.
    Comment,
}

impl Skip {
    /// What the answer says.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Message => {
                "Build skipped because the commit message included a skip ci keyword ([skip ci] or [ci skip])."
            }
            Self::Comment => {
                "Build skipped because the PR comment included a skip ci keyword ([skip ci] or [ci skip])."
            }
        }
    }
}

/// Does a text ask for no build?
pub(super) fn asks_for_none(text: &str) -> bool {
    WORDS.iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + word.len()..]);
            BRACKETS.iter().any(|(open, close)| before.ends_with(open) && after.starts_with(close))
        })
    })
}

/// Is a build to be skipped, and why?
pub(super) fn of(candidate: &Candidate) -> Option<Skip> {
    if asks_for_none(&candidate.params.commit_message) {
        Some(Skip::Message)
    } else if asks_for_none(&candidate.params.pull_request_comment) {
        Some(Skip::Comment)
    } else {
        None
    }
}
