//! Where the branches are, and where they were before this push.

use std::collections::BTreeSet;

use super::program::{Git, GitError};
use super::updates::{Moved, object_id};

/// A branch and its tip, now.
struct Tip {
    id: String,
    name: Vec<u8>,
    /// The repository's default branch (its `HEAD`).
    default: bool,
    /// This push made it.
    created: bool,
}

/// All branches of the repository.
#[derive(Default)]
pub(super) struct Baseline {
    tips: Vec<Tip>,
    /// Tips before this push. `post-receive` runs after the refs have moved, so those of this push count with their old
    /// values and all others as they are.
    before: BTreeSet<String>,
}

impl Baseline {
    /// Asks git for the branches and takes the moves of this push back.
    pub(super) fn read(git: &Git<'_>, moved: &[Moved]) -> Result<Self, GitError> {
        let listed = git.output(&["for-each-ref", "--format=%(objectname) %(HEAD) %(refname)", "refs/heads/"], b"")?;
        let mut baseline = Self::default();
        for (id, default, name) in listed.split(|byte| *byte == b'\n').filter_map(parse_tip) {
            let in_push = moved.iter().find(|moved| moved.name == name);
            if in_push.is_none() {
                baseline.before.insert(id.clone());
            }
            baseline.tips.push(Tip { id, name, default, created: in_push.is_some_and(Moved::created) });
        }
        baseline.take_back(moved);
        Ok(baseline)
    }

    /// What is known without git: the old tips of the push itself.
    pub(super) fn of_push_alone(moved: &[Moved]) -> Self {
        let mut baseline = Self::default();
        baseline.take_back(moved);
        baseline
    }

    fn take_back(&mut self, moved: &[Moved]) {
        let old = moved.iter().filter(|moved| moved.is_branch() && !moved.created());
        self.before.extend(old.map(|moved| moved.old.clone()));
    }

    /// Tips of all branches before the push.
    pub(super) fn before(&self) -> &BTreeSet<String> {
        &self.before
    }

    /// The branch whose tip is `commit`: the default branch if possible, else the first by name.
    ///
    /// A new branch is not the base of another new branch, but it may be that of a new tag.
    pub(super) fn branch_at(&self, commit: &str, for_branch: bool) -> Option<&[u8]> {
        let mut found = self.tips.iter().filter(|tip| tip.id == commit && !(for_branch && tip.created));
        let first = found.next()?;
        let chosen = if first.default { first } else { found.find(|tip| tip.default).unwrap_or(first) };
        Some(&chosen.name)
    }
}

/// `ID *|SPACE NAME`
fn parse_tip(line: &[u8]) -> Option<(String, bool, Vec<u8>)> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (id, rest) = (object_id(&line[..space])?, &line[space + 1..]);
    Some((id, rest.first() == Some(&b'*'), rest.get(2..)?.to_vec()))
}
