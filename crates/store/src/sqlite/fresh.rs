//! Fresh deliveries: planned, handed to a lane, and not yet settled. No row of their own says so; the event's plan does.
//!
//! The writer counts them per event, and now and then stores a mark: every event up to it has all its deliveries in the
//! log or in the queue. After a crash only the events above the mark need a look. One slow receiver would hold the mark
//! back for as long as it likes, so events that stay open for long are noted one by one, and the mark passes them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use domain::id::{DeliveryId, EventId};

use super::writer::Effects;

/// How far the mark may fall behind before slow events are left behind: about 10 s, as ids count time.
const PATIENCE: i64 = 10_000 << 12;

/// Transactions that bring events after which the mark is stored even if nothing is settled.
const EVENTS_PER_NOTE: u32 = 100;

/// The writer's memory of fresh deliveries, true as of the last commit.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// Unsettled fresh deliveries by event.
    left: BTreeMap<EventId, usize>,
    /// Fresh deliveries that have a queue row nevertheless: handed back by a lane. Of events in `left` only.
    handed_back: HashMap<EventId, HashSet<DeliveryId>>,
    /// Events below the mark that are still in `left`, and some that no longer are.
    stragglers: BTreeSet<EventId>,
    /// The newest committed event.
    last_event: i64,
    /// The newest event when this process opened the store: recovery looks no further.
    opened_at: i64,
    /// The mark in the database.
    stored: i64,
    /// Transactions with events since it was stored.
    since_note: u32,
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
            handed_back: HashMap::new(),
            stragglers: BTreeSet::new(),
            last_event,
            opened_at: last_event,
            stored: mark,
            since_note: 0,
            recovered: false,
            epoch,
        }
    }

    /// The epoch claims are made under.
    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// What recovery must walk beside the stragglers: events above the first and up to the second.
    pub(crate) fn unrecovered(&self) -> Option<(i64, i64)> {
        (!self.recovered).then_some((self.stored, self.opened_at))
    }

    /// Is this delivery held fresh by a lane of this process?
    pub(crate) fn holds(&self, event: EventId, delivery: DeliveryId) -> bool {
        let is_back = || self.handed_back.get(&event).is_some_and(|deliveries| deliveries.contains(&delivery));
        self.left.contains_key(&event) && !is_back()
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
            self.since_note += 1;
        }
        for (event, delivery) in &effects.handed_back {
            self.handed_back.entry(*event).or_default().insert(*delivery);
        }
        for event in &effects.settled {
            if let Some(left) = self.left.get_mut(event) {
                *left -= 1;
                if *left == 0 {
                    self.left.remove(event);
                    self.handed_back.remove(event);
                }
            }
        }
        if let Some(note) = &effects.note {
            self.stored = note.mark;
            self.since_note = 0;
            self.stragglers.extend(&note.left_behind);
            for event in &note.done {
                self.stragglers.remove(event);
            }
        }
        self.epoch = effects.epoch.unwrap_or(self.epoch);
        self.recovered |= effects.recovered;
    }

    /// Have many events come since the mark was stored, so that a start would have much to walk?
    pub(crate) fn is_note_due(&self) -> bool {
        self.since_note >= EVENTS_PER_NOTE
    }

    /// What is worth writing down now: where the mark has moved to, and which events it leaves behind.
    pub(crate) fn note(&self) -> Option<Note> {
        if !self.recovered {
            return None;
        }
        let above = (Bound::Excluded(EventId(self.stored)), Bound::Unbounded);
        let oldest = self.left.range(above).next().map(|(event, _)| event.0);
        let mark = oldest.map_or(self.last_event, |event| event - 1);
        if self.last_event - mark <= PATIENCE {
            return (mark > self.stored).then(|| Note { mark, left_behind: Vec::new(), done: Vec::new() });
        }
        let mark = self.last_event - PATIENCE / 2;
        let range = (Bound::Excluded(EventId(self.stored)), Bound::Included(EventId(mark)));
        let left_behind = self.left.range(range).map(|(event, _)| *event).collect();
        let done = self.stragglers.iter().filter(|event| !self.left.contains_key(event)).copied().collect();
        Some(Note { mark, left_behind, done })
    }
}

/// A new mark, and what changes among the stragglers with it.
#[derive(Debug)]
pub(crate) struct Note {
    /// The mark.
    pub(crate) mark: i64,
    /// Events that become stragglers.
    pub(crate) left_behind: Vec<EventId>,
    /// Stragglers that are settled.
    pub(crate) done: Vec<EventId>,
}
