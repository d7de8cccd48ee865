//! Many new branches in one push (a mirror, an import), walked together: one `rev-list` instead of one for each.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use super::program::{Git, GitError};
use super::push::MAX_COMMITS;
use super::updates::object_id;

/// Most commits read; what is older is not listed, and how many there are is then not known.
const MAX_WALKED: usize = 100_000;
/// Most commits visited for all branches together before they are no longer counted, only listed.
const MAX_STEPS: usize = 5_000_000;

/// The commits that no branch had before the push, newest first, with their parents among them.
pub(super) struct Walk {
    ids: Vec<String>,
    parents: Vec<Vec<usize>>,
    index: HashMap<String, usize>,
    /// All of them were read.
    complete: bool,
    steps: usize,
}

impl Walk {
    /// Reads what is reachable from `tips` without what is reachable from `excluded`.
    pub(super) fn read(git: &Git<'_>, tips: &[&str], excluded: &BTreeSet<String>) -> Result<Self, GitError> {
        let mut range = tips.join("\n") + "\n";
        for id in excluded {
            range.extend(["^", id, "\n"]);
        }
        let limit = format!("--max-count={MAX_WALKED}");
        let printed =
            git.output(&["rev-list", "--stdin", "--ignore-missing", "--parents", &limit], range.as_bytes())?;
        let lines = printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let families: Vec<Vec<String>> =
            lines.map(|line| line.split(|byte| *byte == b' ').filter_map(object_id).collect()).collect();
        let index: HashMap<String, usize> =
            families.iter().enumerate().filter_map(|(at, family)| Some((family.first()?.clone(), at))).collect();
        let among = |family: &Vec<String>| family.iter().skip(1).filter_map(|id| index.get(id).copied()).collect();
        let parents = families.iter().map(among).collect();
        let complete = families.len() < MAX_WALKED;
        let ids = families.into_iter().map(|family| family.into_iter().next().unwrap_or_default()).collect();
        Ok(Self { ids, parents, index, complete, steps: 0 })
    }

    /// The newest [`MAX_COMMITS`] commits on a branch, newest first, and how many there are, if that is known.
    pub(super) fn on(&mut self, tip: &str) -> (Vec<String>, Option<u64>) {
        let mut newest = Vec::new();
        let mut seen: HashSet<usize> = self.index.get(tip).copied().into_iter().collect();
        let mut next: BinaryHeap<Reverse<usize>> = seen.iter().copied().map(Reverse).collect();
        while let Some(Reverse(at)) = next.pop() {
            if newest.len() < MAX_COMMITS {
                newest.push(self.ids[at].clone());
            } else if self.steps > MAX_STEPS {
                return (newest, None);
            }
            self.steps += 1;
            next.extend(self.parents[at].iter().copied().filter(|parent| seen.insert(*parent)).map(Reverse));
        }
        (newest, if self.complete { u64::try_from(seen.len()).ok() } else { None })
    }
}
