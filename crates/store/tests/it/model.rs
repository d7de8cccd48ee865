//! T-1: the store beside a model so simple that it is surely right. Random operations, crashes included; after each,
//! both must agree on every delivery, and the counts of P3 must hold.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use domain::attempt::Settlement;
use domain::delivery::{DeliveryState, Lease, Work};
use domain::id::{DeliveryId, HookId};
use domain::ports::{ClaimDue, Store};
use domain::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use testkit::{START, an_event};

use crate::bed::{Bed, Ledger, ended, retried};

const CASES: u32 = 100;
const OPS: usize = 60;
const HOOKS: usize = 3;
/// D-13.
const MAX_RECOVERIES: u32 = 5;

#[derive(Clone, Debug)]
enum Op {
    /// An event for the first hooks, with places for some of its deliveries.
    Publish {
        hooks: usize,
        places: usize,
    },
    /// The last event once more.
    Repeat,
    /// Settle the n-th delivery that somebody holds, under its present lease.
    Settle {
        nth: usize,
        next: Next,
    },
    /// Settle a batch: all that is held.
    SettleAll,
    /// Settle under a lease that has lapsed.
    SettleStale {
        nth: usize,
    },
    Claim {
        hook: usize,
        limit: usize,
        by_hand: bool,
    },
    HandBack {
        nth: usize,
    },
    Redeliver {
        nth: usize,
    },
    Advance {
        secs: u64,
    },
    Crash,
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Succeed,
    Fail,
    Retry { secs: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    let next = prop_oneof![Just(Next::Succeed), Just(Next::Fail), (0..20_u64).prop_map(|secs| Next::Retry { secs })];
    prop_oneof![
        6 => (0..=HOOKS, 0..4_usize).prop_map(|(hooks, places)| Op::Publish { hooks, places }),
        1 => Just(Op::Repeat),
        6 => (any::<usize>(), next).prop_map(|(nth, next)| Op::Settle { nth, next }),
        1 => Just(Op::SettleAll),
        1 => any::<usize>().prop_map(|nth| Op::SettleStale { nth }),
        4 => (0..HOOKS, 0..4_usize).prop_map(|(hook, limit)| Op::Claim { hook, limit, by_hand: false }),
        1 => (0..HOOKS, 0..4_usize).prop_map(|(hook, limit)| Op::Claim { hook, limit, by_hand: true }),
        1 => any::<usize>().prop_map(|nth| Op::HandBack { nth }),
        2 => any::<usize>().prop_map(|nth| Op::Redeliver { nth }),
        2 => (1..60_u64).prop_map(|secs| Op::Advance { secs }),
        1 => Just(Op::Crash),
        1 => Just(Op::Restart),
    ]
}

/// Where the model thinks a delivery is.
#[derive(Clone, Debug)]
enum Where {
    /// With a lane, without a row.
    Fresh,
    Queued {
        due: Timestamp,
        attempts: u32,
        recoveries: u32,
    },
    Claimed {
        attempts: u32,
        recoveries: u32,
    },
    Done(DeliveryState),
}

#[derive(Debug)]
struct Known {
    hook: HookId,
    redelivery: bool,
    at: Where,
}

struct Model {
    bed: Bed,
    hooks: Vec<HookId>,
    deliveries: BTreeMap<DeliveryId, Known>,
    /// What lanes of this process hold, with present leases.
    held: Vec<Work>,
    /// What lanes of earlier processes held.
    stale: Vec<Work>,
    /// Ended attempts that can be delivered again.
    ended: Vec<Settlement>,
    published: usize,
}

impl Model {
    async fn start() -> Self {
        let (bed, hooks) = Bed::fast().with_hooks(HOOKS).await;
        bed.store().recover(bed.now()).await.expect("recovers");
        let (deliveries, held, stale, ended) = Default::default();
        Self { bed, hooks, deliveries, held, stale, ended, published: 0 }
    }

    fn store(&self) -> &dyn Store {
        &**self.bed.store()
    }

    async fn apply(&mut self, op: &Op) {
        match op {
            Op::Publish { hooks, places } => self.publish(*hooks, *places).await,
            Op::Repeat if self.published > 0 => {
                let again = an_event(&(self.published - 1).to_string()).for_hooks(&self.hooks).build();
                assert!(self.store().accept(again).await.expect("accepted").duplicate);
            }
            Op::Settle { nth, next } if !self.held.is_empty() => {
                let work = self.held.remove(nth % self.held.len());
                self.settle(vec![(work, *next)]).await;
            }
            Op::SettleAll => {
                let all = std::mem::take(&mut self.held);
                self.settle(all.into_iter().map(|work| (work, Next::Succeed)).collect()).await;
            }
            Op::SettleStale { nth } if !self.stale.is_empty() => {
                let work = self.stale.remove(nth % self.stale.len());
                let late = ended(self.store(), &work, self.bed.now(), DeliveryState::Succeeded);
                self.store().settle(vec![late]).await.expect("settles");
            }
            Op::Claim { hook, limit, by_hand } => self.claim(self.hooks[*hook], *limit, *by_hand).await,
            Op::HandBack { nth } if !self.held.is_empty() => {
                let work = self.held.remove(nth % self.held.len());
                let now = self.bed.now();
                self.store().hand_back(vec![work.delivery], now).await.expect("hands back");
                let known = self.deliveries.get_mut(&work.delivery).expect("known");
                known.at = match known.at {
                    Where::Claimed { attempts, recoveries } => Where::Queued { due: now, attempts, recoveries },
                    _ => Where::Queued { due: now, attempts: 0, recoveries: 0 },
                };
                // A claim that was handed back may be made again under the same epoch; the lane's word that it will not
                // settle it any more is all that tells the two apart.
                if work.lease == Lease::Fresh {
                    self.stale.push(work);
                }
            }
            Op::Redeliver { nth } if !self.ended.is_empty() => {
                let settlement = self.ended[nth % self.ended.len()].clone();
                let now = self.bed.now();
                let delivery = self.store().redeliver(settlement.attempt.id, now).await.expect("planned");
                let at = Where::Queued { due: now, attempts: 0, recoveries: 0 };
                self.deliveries.insert(delivery, Known { hook: settlement.attempt.hook, redelivery: true, at });
            }
            Op::Advance { secs } => self.bed.clock.advance(Duration::from_secs(*secs)),
            Op::Crash => {
                self.bed.crash_and_recover().await;
                self.forget_lanes();
            }
            Op::Restart => {
                self.bed.restart().await;
                self.store().recover(self.bed.now()).await.expect("recovers");
                self.forget_lanes();
            }
            _ => {}
        }
    }

    async fn publish(&mut self, hooks: usize, places: usize) {
        let bell = Ledger::with_places(places);
        self.bed.store().set_bell(bell.clone());
        let mut new = an_event(&self.published.to_string()).for_hooks(&self.hooks[..hooks]).build();
        new.accepted_at = self.bed.now();
        let accepted = self.store().accept(new).await.expect("accepted");
        self.published += 1;
        assert!(!accepted.duplicate && accepted.deliveries == hooks);
        let works = bell.take_works();
        assert_eq!(works.len(), places.min(hooks));
        let first = DeliveryId(accepted.id.0 + domain::id::ID_STRIDE);
        for (delivery, hook) in domain::delivery::delivery_ids(first, hooks).zip(&self.hooks) {
            let fresh = works.iter().any(|work| work.delivery == delivery);
            let at =
                if fresh { Where::Fresh } else { Where::Queued { due: self.bed.now(), attempts: 0, recoveries: 0 } };
            self.deliveries.insert(delivery, Known { hook: *hook, redelivery: false, at });
        }
        self.held.extend(works);
    }

    async fn settle(&mut self, works: Vec<(Work, Next)>) {
        let now = self.bed.now();
        let mut batch = Vec::new();
        for (work, next) in works {
            let (settlement, at) = match next {
                Next::Retry { secs } => {
                    let due = now.plus(Duration::from_secs(secs));
                    let at = Where::Queued { due, attempts: work.attempts + 1, recoveries: 0 };
                    (retried(self.store(), &work, now, due), at)
                }
                Next::Succeed | Next::Fail => {
                    let failed = matches!(next, Next::Fail);
                    let state = if failed { DeliveryState::Failed } else { DeliveryState::Succeeded };
                    let settlement = ended(self.store(), &work, now, state);
                    self.ended.push(settlement.clone());
                    (settlement, Where::Done(state))
                }
            };
            self.deliveries.get_mut(&work.delivery).expect("known").at = at;
            batch.push(settlement);
        }
        self.store().settle(batch).await.expect("settles");
    }

    async fn claim(&mut self, hook: HookId, limit: usize, by_hand: bool) {
        let now = self.bed.now();
        let works = if by_hand {
            let claim = ClaimDue { now, lanes: vec![(hook, limit)], lease_until: now };
            self.store().claim_by_hand(claim).await.expect("claims")
        } else {
            self.bed.claim(hook, limit).await
        };
        let mut due: Vec<_> = self
            .deliveries
            .iter()
            .filter_map(|(id, known)| match known.at {
                Where::Queued { due, attempts, .. } if known.hook == hook && due <= now => {
                    (!by_hand || (known.redelivery && attempts == 0)).then_some((due, *id))
                }
                _ => None,
            })
            .collect();
        due.sort_unstable();
        due.truncate(limit);
        let expected: Vec<_> = due.iter().map(|(_, id)| *id).collect();
        assert_eq!(works.iter().map(|work| work.delivery).collect::<Vec<_>>(), expected, "due order");
        for work in works {
            let known = self.deliveries.get_mut(&work.delivery).expect("known");
            let Where::Queued { attempts, recoveries, .. } = known.at else { panic!("{known:?} was claimed") };
            assert_eq!((work.attempts, work.recovered), (attempts, recoveries > 0));
            known.at = Where::Claimed { attempts, recoveries };
            self.held.push(work);
        }
    }

    /// A new process: what lanes held is recovered.
    fn forget_lanes(&mut self) {
        self.stale.append(&mut self.held);
        let now = self.bed.now();
        for known in self.deliveries.values_mut() {
            let (attempts, recoveries) = match known.at {
                Where::Fresh => (0, 1),
                Where::Claimed { attempts, recoveries } => (attempts, recoveries + 1),
                Where::Queued { .. } | Where::Done(_) => continue,
            };
            known.at = if recoveries >= MAX_RECOVERIES {
                Where::Done(DeliveryState::Quarantined)
            } else {
                Where::Queued { due: now, attempts, recoveries }
            };
        }
    }

    async fn compare(&self) {
        let sums = self.store().conservation().await.expect("counts");
        assert!(sums.holds(), "P3: {sums:?}");
        assert_eq!(sums.planned, self.deliveries.len() as u64, "planned");
        for (state, count) in &sums.by_state {
            let expected = self.deliveries.values().filter(|known| state_of(&known.at) == *state).count();
            assert_eq!(*count, expected as u64, "{state}");
        }
        for hook in &self.hooks {
            let queued = |known: &&Known| {
                known.hook == *hook && matches!(known.at, Where::Queued { .. } | Where::Claimed { .. })
            };
            let expected = self.deliveries.values().filter(queued).count();
            assert_eq!(self.store().queued(*hook).await.expect("counts"), expected as u64, "queued");
        }
        let backlog = self.store().backlog().await.expect("lists");
        let backlog: Vec<_> = backlog.iter().map(|lane| (lane.hook, lane.due)).collect();
        let mut expected: BTreeMap<HookId, Timestamp> = BTreeMap::new();
        for known in self.deliveries.values() {
            if let Where::Queued { due, .. } = known.at {
                let earliest = expected.entry(known.hook).or_insert(due);
                *earliest = due.min(*earliest);
            }
        }
        assert_eq!(backlog, expected.into_iter().collect::<Vec<_>>(), "backlog");
    }
}

fn state_of(at: &Where) -> DeliveryState {
    match at {
        Where::Fresh | Where::Queued { .. } | Where::Claimed { .. } => DeliveryState::Open,
        Where::Done(state) => *state,
    }
}

#[test]
fn t1_the_store_and_the_model_agree_after_every_operation() {
    let seed = RandomState::new().hash_one(START.as_micros());
    println!("seed {seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let outcome = runner.run(&vec(op(), OPS), |ops| {
        runtime.block_on(async {
            let mut model = Model::start().await;
            for op in &ops {
                model.apply(op).await;
                model.compare().await;
            }
        });
        Ok(())
    });
    assert!(outcome.is_ok(), "seed {seed}: {}", outcome.expect_err("failed"));
}
