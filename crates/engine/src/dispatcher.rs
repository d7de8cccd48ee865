//! Brings due rows into lanes that have room. The bell and known due times say when to look; the backlog, read once a
//! second, is the truth (N-4).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::delivery::Work;
use domain::flow::Ports;
use domain::id::{DeliveryId, HookId};
use domain::ports::{Backlog, ClaimDue, StoreError};
use domain::time::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::scheduler::{OUTGOING_WEIGHT, State};
use crate::settings::EngineSettings;
use crate::shared::Shared;

/// Most rows claimed in one statement.
const MAX_CLAIM: usize = 512;
/// What a row is taken to weigh before any was seen, in bytes.
const FIRST_WEIGHT: usize = 64 * 1024;
/// Unused lanes are dropped once in so many polls.
const POLLS_PER_PRUNE: u32 = 60;
/// Lanes told of their due times under one lock.
const LANES_PER_LOCK: usize = 256;
/// The shortest sleep: a due time a moment away is not worth a spin.
const MIN_SLEEP: Duration = Duration::from_millis(1);

/// Deliveries handed back in one transaction at a shutdown.
const HANDED_BACK_AT_ONCE: usize = 1_000;
/// Deliveries handed back in one transaction because a breaker opened: others are publishing meanwhile.
const HELD_AT_ONCE: usize = 250;

/// The dispatcher. Loops by [`run`](Self::run); tests turn it by [`tick`](Self::tick).
pub(crate) struct Dispatcher {
    ports: Ports,
    shared: Arc<Shared>,
    settings: Arc<EngineSettings>,
    pace: Mutex<Rhythm>,
}

/// When to poll, and how much to claim.
struct Rhythm {
    next_poll: Timestamp,
    polls: u32,
    /// Average bytes of a claimed row, so that rows of 25 MiB are not claimed by the hundred.
    weight: usize,
}

impl Dispatcher {
    /// Nothing polled yet: the first tick reads the backlog.
    pub(crate) fn new(ports: Ports, shared: Arc<Shared>, settings: Arc<EngineSettings>) -> Self {
        let rhythm = Rhythm { next_poll: Timestamp::from_micros(i64::MIN), polls: 0, weight: FIRST_WEIGHT };
        Self { ports, shared, settings, pace: Mutex::new(rhythm) }
    }

    fn rhythm<T>(&self, change: impl FnOnce(&mut Rhythm) -> T) -> T {
        change(&mut self.pace.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ticks until `stop`.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.tick().await {
                Ok(()) => self.until_next(),
                Err(error) => {
                    tracing::warn!(%error, "the queue could not be read");
                    self.settings.poll
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.shared.dispatch.notified() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// How long nothing is due.
    fn until_next(&self) -> Duration {
        let now = self.ports.clock.now();
        let poll = self.rhythm(|rhythm| rhythm.next_poll);
        let next = self.shared.with(|state| state.next_due()).map_or(poll, |due| due.min(poll));
        next.since(now).clamp(MIN_SLEEP, self.settings.poll)
    }

    /// One round: has the database hold what open breakers hold, polls if it is time, ends pauses, claims what a person
    /// asked for and what is due.
    pub(crate) async fn tick(&self) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        self.hold().await;
        if now >= self.rhythm(|rhythm| rhythm.next_poll) {
            self.poll(now).await?;
        }
        self.shared.with(|state| state.resume(now));
        while self.shared.with(|state| state.is_asked()) {
            let lanes = self.shared.with(|state| state.lanes_to_probe(now));
            if lanes.is_empty() {
                break;
            }
            self.claim_by_hand(lanes, now).await?;
        }
        loop {
            let weight = self.rhythm(|rhythm| rhythm.weight) + OUTGOING_WEIGHT;
            let most = (self.settings.held_bytes / weight).clamp(1, MAX_CLAIM);
            let lanes = self.shared.with(|state| state.lanes_to_claim(now, most, weight));
            if lanes.is_empty() {
                return Ok(());
            }
            self.claim(lanes, now).await?;
        }
    }

    /// Reads the truth.
    async fn poll(&self, now: Timestamp) -> Result<(), StoreError> {
        let backlog = self.ports.store.backlog().await?;
        // Jitter keeps several nodes from polling in step.
        let jitter = 0.9 + 0.2 * self.ports.entropy.unit();
        let first = self.rhythm(|rhythm| {
            rhythm.next_poll = now.plus(self.settings.poll.mul_f64(jitter));
            rhythm.polls = rhythm.polls.wrapping_add(1);
            rhythm.polls == 1
        });
        for lanes in backlog.chunks(LANES_PER_LOCK) {
            self.shared.with(|state| {
                for Backlog { hook, due } in lanes {
                    state.set_due(*hook, *due);
                    if first && *due <= now {
                        state.set_overflow(*hook);
                    }
                }
            });
        }
        let hooks: HashSet<_> = backlog.iter().map(|lane| lane.hook).collect();
        let prune = self.rhythm(|rhythm| rhythm.polls % POLLS_PER_PRUNE == 0);
        self.shared.with(|state| {
            state.drained_but(&hooks);
            if prune {
                state.prune();
            }
        });
        Ok(())
    }

    /// Hands deliveries back that wait for a breaker: hours, perhaps, and those belong to the database. What it does not
    /// take now is offered again with the next round, and keeps nobody else waiting.
    async fn hold(&self) {
        let mut items = self.shared.with(State::take_held_back);
        let mut at_once = HELD_AT_ONCE;
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(at_once));
            let deliveries: Vec<DeliveryId> = items.iter().map(|item| item.work.delivery).collect();
            match self.ports.store.hand_back(deliveries, self.ports.clock.now()).await {
                Ok(()) => items = rest,
                // One row that cannot be read must not keep the others in memory: one by one, then.
                Err(StoreError::Corrupt(_)) if items.len() > 1 => {
                    at_once = 1;
                    items.extend(rest);
                }
                Err(error @ StoreError::Corrupt(_)) => {
                    let delivery = items[0].work.delivery;
                    tracing::error!(%error, "delivery {delivery} cannot be held; the next start looks for it again");
                    items = rest;
                }
                Err(error) => {
                    tracing::warn!(%error, "deliveries of open breakers could not be handed back; trying again");
                    items.extend(rest);
                    return self.shared.keep_held_back(items);
                }
            }
        }
    }

    /// Claims what a person asked for, for lanes whose breakers hold everything else.
    async fn claim_by_hand(&self, lanes: Vec<(HookId, usize)>, now: Timestamp) -> Result<(), StoreError> {
        let claim = ClaimDue { now, lanes: lanes.clone(), lease_until: now.plus(self.settings.lease) };
        match self.ports.store.claim_by_hand(claim).await {
            Ok(works) => {
                let too_late = self.shared.with(|state| {
                    if state.is_closed() {
                        return works;
                    }
                    state.claimed_by_hand(works, now);
                    Vec::new()
                });
                hand_back(&self.ports, &too_late).await;
                Ok(())
            }
            Err(error) => {
                self.shared.with(|state| state.ask_again(&lanes));
                Err(error)
            }
        }
    }

    /// Claims rows for these lanes.
    async fn claim(&self, lanes: Vec<(HookId, usize)>, now: Timestamp) -> Result<(), StoreError> {
        let claim = ClaimDue { now, lanes: lanes.clone(), lease_until: now.plus(self.settings.lease) };
        match self.ports.store.claim_due(claim).await {
            Ok(works) => {
                self.weigh(&works);
                let too_late = self.shared.with(|state| {
                    if state.is_closed() {
                        return works;
                    }
                    state.claimed(&lanes, works, now);
                    Vec::new()
                });
                hand_back(&self.ports, &too_late).await;
                Ok(())
            }
            Err(error) => {
                self.shared.with(|state| lanes.iter().for_each(|(hook, _)| state.set_due(*hook, now)));
                Err(error)
            }
        }
    }

    /// Learns how heavy rows are.
    fn weigh(&self, works: &[Work]) {
        if works.is_empty() {
            return;
        }
        let bytes: usize = works.iter().map(|work| work.message().body.len()).sum();
        let average = bytes / works.len();
        self.rhythm(|rhythm| rhythm.weight = average.midpoint(rhythm.weight));
    }
}

/// Gives deliveries back that did not start (N-8): claimed rows, and fresh ones, which so do not count as recovered from
/// a crash.
pub(crate) async fn hand_back(ports: &Ports, works: &[Work]) {
    for works in works.chunks(HANDED_BACK_AT_ONCE) {
        let deliveries: Vec<DeliveryId> = works.iter().map(|work| work.delivery).collect();
        if let Err(error) = ports.store.hand_back(deliveries, ports.clock.now()).await {
            // Nothing is lost: the next start frees rows of earlier epochs and recovers fresh deliveries.
            tracing::warn!(%error, "deliveries could not be handed back");
            return;
        }
    }
}
