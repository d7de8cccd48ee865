//! From a reading to the builds that are worth asking for.

use super::answer::{self, Answer, Outcome, Skipped};
use super::provider::HookProvider;
use super::reading::{Candidate, Reading};
use super::skip;

/// What to do about a request.
#[derive(Debug)]
pub(super) enum Plan {
    /// Nothing but answer.
    Answer(Answer),
    /// Ask for these builds; what is in the outcome is known already.
    Build(Vec<Candidate>, Outcome),
}

/// Sorts out what asks for no build, and what names nothing to build.
pub(super) fn plan(provider: HookProvider, reading: Reading) -> Plan {
    let candidates = match reading {
        Ok(candidates) => candidates,
        Err(why) => return Plan::Answer(answer::not_built(provider, &why)),
    };
    let (mut wanted, mut outcome) = (Vec::new(), Outcome::default());
    for candidate in candidates {
        match skip::of(&candidate) {
            Some(reason) => outcome.skipped.push(Skipped::new(&candidate, reason)),
            None if candidate.names_something() => wanted.push(candidate),
            None => {}
        }
    }
    if wanted.is_empty() {
        let nothing = outcome.skipped.is_empty();
        let answer = if nothing { answer::nothing_buildable(provider) } else { answer::outcome(provider, outcome) };
        return Plan::Answer(answer);
    }
    Plan::Build(wanted, outcome)
}
