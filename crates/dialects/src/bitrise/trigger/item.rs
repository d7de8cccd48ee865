//! One trigger, whichever of the three forms it was written in, and how it is compared with an event.

use domain::ci::{ReadyState, Target, TriggerKind};

use super::facts::{Fact, Facts};
use super::pattern::Pattern;

/// A trigger.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// What it is called: `trigger item #1`, `workflow a: triggers.push[0]`.
    pub(super) name: String,
    /// What it starts.
    pub(super) target: Target,
    /// It takes part.
    pub(super) enabled: bool,
    /// What kind of event it is for.
    pub(super) kind: TriggerKind,
    /// It also is for pull requests; only the oldest form is for two kinds.
    pub(super) pull_requests_too: bool,
    /// What has to hold, all of it.
    pub(super) conditions: Vec<Condition>,
    /// Drafts are built, and so are not built again when they are ready.
    pub(super) drafts: bool,
    /// The priority of what it starts.
    pub(super) priority: Option<i64>,
}

/// What has to hold.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// The key it was written under.
    pub(super) field: &'static str,
    /// What it is about.
    pub(super) fact: Fact,
    /// What it asks for.
    pub(super) pattern: Pattern,
}

/// Why an item does not match.
#[derive(Clone, Copy, Debug)]
pub(super) enum Miss {
    /// It is switched off.
    Disabled,
    /// The event is of another kind.
    OtherKind,
    /// A condition does not hold.
    Condition,
    /// It has no condition on comments, and the event is one.
    Comment,
    /// It has no condition on labels, and the event is that some were added.
    Labelling,
    /// It is not for drafts.
    Draft,
    /// It is for drafts, so this was built as one.
    NoLongerDraft,
}

impl Item {
    /// Compares it with an event.
    pub(super) fn judge(&self, facts: &Facts<'_>) -> Result<(), Miss> {
        if !self.enabled {
            return Err(Miss::Disabled);
        }
        if !self.is_for(facts.kind) {
            return Err(Miss::OtherKind);
        }
        if !self.conditions.iter().all(|condition| condition.holds(facts)) {
            return Err(Miss::Condition);
        }
        let asks = |fact| self.conditions.iter().any(|condition| condition.fact == fact);
        if facts.kind != TriggerKind::PullRequest {
            return Ok(());
        }
        if facts.is_comment && !asks(Fact::Comment) {
            return Err(Miss::Comment);
        }
        if facts.is_labelling && !asks(Fact::Labels) {
            return Err(Miss::Labelling);
        }
        match facts.ready {
            Some(ReadyState::Draft) if !self.drafts => Err(Miss::Draft),
            Some(ReadyState::ConvertedToReadyForReview) if self.drafts => Err(Miss::NoLongerDraft),
            Some(_) | None => Ok(()),
        }
    }

    fn is_for(&self, kind: TriggerKind) -> bool {
        self.kind == kind || (self.pull_requests_too && kind == TriggerKind::PullRequest)
    }
}

impl Condition {
    /// Does it hold? `*` holds of what is not known, too: it is what counts where nothing is asked. Only a comment has
    /// to exist, or a trigger on any comment would be one on any push.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        if self.fact == Fact::Comment && !facts.is_comment {
            return false;
        }
        let matches = |value: &&str| !facts.patience.ends(self.pattern.cost(value)) && self.pattern.matches(value);
        self.pattern.is_anything() || facts.values(self.fact).iter().any(matches)
    }
}
