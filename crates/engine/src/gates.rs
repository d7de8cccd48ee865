//! Gates: each lets so many exchanges through at once, and keeps a line of lanes that wait for it (D-22).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use domain::id::AccountId;

use crate::settings::Bulkheads;

/// Index of a lane.
pub(crate) type LaneId = u32;
/// Tells a lane's present place in a line from earlier ones.
pub(crate) type Ticket = u64;
/// Index of a gate.
pub(crate) type GateId = u32;

/// Slow lanes, all together.
pub(crate) const SLOW: GateId = 0;
/// Slow lanes and lanes never answered, all together.
pub(crate) const STRAINED: GateId = 1;

/// What a gate guards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GateKey {
    /// The owner of hooks.
    Owner(AccountId),
    /// A destination: its `Host` header. The gate after it is the same host's share for strained lanes.
    Host(Arc<str>),
}

/// One gate.
#[derive(Debug)]
struct Gate {
    limit: usize,
    inside: usize,
    /// Who waits, with the ticket they got. A lane that stopped waiting has another ticket since.
    line: VecDeque<(LaneId, Ticket)>,
    /// Lanes that know this gate; without any it can be dropped.
    known_by: usize,
}

/// All gates.
#[derive(Debug)]
pub(crate) struct Gates {
    all: Vec<Gate>,
    by_key: HashMap<GateKey, GateId>,
    /// Unused pairs.
    free: Vec<GateId>,
    limits: Bulkheads,
}

impl Gates {
    /// The two gates for all, and no others yet.
    pub(crate) fn new(limits: Bulkheads) -> Self {
        let gate = |limit| Gate { limit, inside: 0, line: VecDeque::new(), known_by: 1 };
        let gates = vec![gate(limits.slow), gate(limits.strained)];
        Self { all: gates, by_key: HashMap::new(), free: Vec::new(), limits }
    }

    /// The gate of that key, made if need be. One more lane knows it.
    pub(crate) fn know(&mut self, key: GateKey) -> GateId {
        let id = match self.by_key.get(&key) {
            Some(id) => *id,
            None => self.make(key),
        };
        self.all[id as usize].known_by += 1;
        id
    }

    fn make(&mut self, key: GateKey) -> GateId {
        // Gates come in pairs, so that a freed pair fits any key.
        let (limit, strained) = match key {
            GateKey::Owner(_) => (self.limits.per_owner, 0),
            GateKey::Host(_) => (self.limits.per_host, (self.limits.per_host / 2).max(1)),
        };
        let pair = [limit, strained].map(|limit| Gate { limit, inside: 0, line: VecDeque::new(), known_by: 0 });
        let id = if let Some(id) = self.free.pop() {
            let at = id as usize;
            self.all.splice(at..at + 2, pair);
            id
        } else {
            let id = GateId::try_from(self.all.len()).expect("fewer than 2^32 gates");
            self.all.extend(pair);
            id
        };
        self.by_key.insert(key, id);
        id
    }

    /// One lane less knows this gate.
    pub(crate) fn forget(&mut self, id: GateId) {
        self.all[id as usize].known_by -= 1;
    }

    /// Drops gates that no lane knows and nobody is inside of.
    pub(crate) fn prune(&mut self) {
        let (gates, free) = (&self.all, &mut self.free);
        self.by_key.retain(|_, id| {
            let pair = &gates[*id as usize..*id as usize + 2];
            let used = pair.iter().any(|gate| gate.known_by > 0 || gate.inside > 0);
            if !used {
                free.push(*id);
            }
            used
        });
    }

    /// How many more can go in?
    pub(crate) fn room(&self, id: GateId) -> usize {
        let gate = &self.all[id as usize];
        gate.limit.saturating_sub(gate.inside)
    }

    /// Can one more go in?
    pub(crate) fn has_room(&self, id: GateId) -> bool {
        self.room(id) > 0
    }

    /// `count` go in, whether there is room or not.
    pub(crate) fn enter(&mut self, id: GateId, count: usize) {
        self.all[id as usize].inside += count;
    }

    /// `count` come out.
    pub(crate) fn leave(&mut self, id: GateId, count: usize) {
        self.all[id as usize].inside -= count;
    }

    /// The lane waits in this gate's line.
    pub(crate) fn wait(&mut self, id: GateId, lane: LaneId, ticket: Ticket) {
        self.all[id as usize].line.push_back((lane, ticket));
    }

    /// The lane whose turn it is, if there is room.
    pub(crate) fn admit(&mut self, id: GateId) -> Option<(LaneId, Ticket)> {
        let gate = &mut self.all[id as usize];
        if gate.inside < gate.limit { gate.line.pop_front() } else { None }
    }

    /// How many gates are in use.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.all.len() - 2 * self.free.len()
    }

    /// How many are inside.
    pub(crate) fn inside(&self, id: GateId) -> usize {
        self.all[id as usize].inside
    }
}
