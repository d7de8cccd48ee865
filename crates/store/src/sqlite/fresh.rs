//! Fresh deliveries: planned, handed to a lane, and not yet settled. No row of their own says so; the event's plan does.
//!
//! The writer counts them per event, and now and then stores a mark: every event up to it has all its deliveries in the
//! log or in the queue. After a crash only the events above the mark need a look.

use std::collections::{BTreeMap, HashSet};

use domain::id::{DeliveryId, EventId};

use super::writer::Effects;

/// The writer's memory of fresh deliveries, true as of the last commit.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// Unsettled fresh deliveries by event.
    left: BTreeMap<EventId, usize>,
    /// Fresh deliveries that have a queue row nevertheless: handed back by a lane.
    handed_back: HashSet<DeliveryId>,
    /// The newest committed event.
    last_event: i64,
    /// The newest event when this process opened the store: recovery looks no further.
    opened_at: i64,
    /// The mark in the database.
    stored: i64,
    /// Recovery is complete: the mark speaks for earlier processes, too.
    recovered: bool,
    /// Present epoch of this node (D-12).
    epoch: i64,
}

impl Fresh {
    /// As the store is opened: nothing is known to be fresh.
    pub(crate) fn new(epoch: i64, mark: i64, last_event: i64) -> Self {
        Self {
            left: BTreeMap::new(),
            handed_back: HashSet::new(),
            last_event,
            opened_at: last_event,
            stored: mark,
            recovered: false,
            epoch,
        }
    }

    /// The epoch claims are made under.
    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// What recovery must walk: events above the first and up to the second.
    pub(crate) fn unrecovered(&self) -> Option<(i64, i64)> {
        (!self.recovered && self.stored < self.opened_at).then_some((self.stored, self.opened_at))
    }

    /// Is this delivery held fresh by a lane of this process?
    pub(crate) fn holds(&self, event: EventId, delivery: DeliveryId) -> bool {
        self.left.contains_key(&event) && !self.handed_back.contains(&delivery)
    }

    /// An event was committed with that many fresh deliveries.
    pub(crate) fn begin(&mut self, event: EventId, count: usize) {
        if count > 0 {
            self.left.insert(event, count);
        }
    }

    /// A transaction was committed.
    pub(crate) fn commit(&mut self, effects: &Effects) {
        if let Some(last) = effects.last_event {
            self.last_event = self.last_event.max(last.0);
        }
        self.handed_back.extend(&effects.handed_back);
        for event in &effects.settled {
            if let Some(left) = self.left.get_mut(event) {
                *left -= 1;
                if *left == 0 {
                    self.left.remove(event);
                }
            }
        }
        self.stored = effects.mark.unwrap_or(self.stored);
        self.epoch = effects.epoch.unwrap_or(self.epoch);
        self.recovered |= effects.recovered;
    }

    /// The mark, if it has moved since it was stored.
    pub(crate) fn mark_to_store(&self) -> Option<i64> {
        let mark = self.left.first_key_value().map_or(self.last_event, |(event, _)| event.0 - 1);
        (self.recovered && mark > self.stored).then_some(mark)
    }
}
