use async_trait::async_trait;
use bytes::Bytes;
use domain::attempt::{Attempt, HookFate};
use domain::delivery::{DeliveryState, Lease, Work};
use domain::directory::Directory;
use domain::id::{AttemptId, DeliveryId, EventId};
use domain::ports::{Backlog, ClaimDue, StoreError, Stored};
use domain::rules::breaker::Breaker;
use testkit::{FakeClock, START};
use tokio::time::advance;

use super::*;
use crate::scheduler::State;

/// Writes down how many were settled in each transaction; fails while told to.
#[derive(Default)]
struct Book {
    batches: Mutex<Vec<usize>>,
    ids: Mutex<Vec<i64>>,
    failures: Mutex<usize>,
}

impl Book {
    fn batches(&self) -> Vec<usize> {
        self.batches.lock().expect("whole").clone()
    }
}

#[async_trait]
impl Queue for Book {
    fn attempt_id(&self, _: Timestamp) -> AttemptId {
        AttemptId(1)
    }
    async fn recover(&self, _: Timestamp) -> Stored<u64> {
        Ok(0)
    }
    async fn claim_due(&self, _: ClaimDue) -> Stored<Vec<Work>> {
        Ok(Vec::new())
    }
    async fn claim_by_hand(&self, _: ClaimDue) -> Stored<Vec<Work>> {
        Ok(Vec::new())
    }
    async fn backlog(&self) -> Stored<Vec<Backlog>> {
        Ok(Vec::new())
    }
    async fn settle(&self, batch: Vec<Settlement>) -> Stored<()> {
        let mut failures = self.failures.lock().expect("whole");
        if *failures > 0 {
            *failures -= 1;
            return Err(StoreError::Full);
        }
        self.batches.lock().expect("whole").push(batch.len());
        self.ids.lock().expect("whole").extend(batch.iter().map(|settlement| settlement.attempt.id.0));
        Ok(())
    }
    async fn hand_back(&self, _: Vec<DeliveryId>, _: Timestamp) -> Stored<()> {
        Ok(())
    }
    async fn redeliver(&self, _: AttemptId, _: Timestamp) -> Stored<DeliveryId> {
        Err(StoreError::NotFound)
    }
    async fn breakers(&self) -> Stored<Vec<(HookId, u32, Breaker)>> {
        Ok(Vec::new())
    }
}

fn settlement(id: i64) -> Settlement {
    let attempt = Attempt {
        id: AttemptId(id),
        delivery: DeliveryId(id),
        event: EventId(1),
        hook: HookId(1),
        message: 0,
        number: 1,
        redelivery: false,
        recovered: false,
        started_at: START,
        request_head: Bytes::new(),
        exchange: None,
    };
    let next = Next::Ended { state: DeliveryState::Succeeded, reason: None };
    Settlement { attempt, next, lease: Lease::Fresh, hook: HookFate::Stays, tally: None, breaker: None }
}

struct Bench {
    settler: Arc<Settler>,
    book: Arc<Book>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn bench(settings: EngineSettings, failures: usize) -> Bench {
    let settings = Arc::new(settings);
    let book = Arc::new(Book { failures: Mutex::new(failures), ..Book::default() });
    let state = State::new(settings.clone(), Arc::new(Directory::default()));
    let shared = Arc::new(Shared::new(state, 0, Arc::new(FakeClock::default())));
    let settler = Arc::new(Settler::new(settings));
    let stop = CancellationToken::new();
    let task = tokio::spawn({
        let (settler, book, shared, stop) = (settler.clone(), book.clone(), shared.clone(), stop.clone());
        async move { settler.run(&*book, &shared, &stop).await }
    });
    Bench { settler, book, shared, stop, task }
}

/// Lets the settler run until it waits for something.
async fn settle_down() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn d11_successes_wait_for_company_and_no_longer_than_the_delay() {
    let bench = bench(EngineSettings::default(), 0);
    bench.settler.hand_in(settlement(1)).await;
    bench.settler.hand_in(settlement(2)).await;
    settle_down().await;
    advance(Duration::from_millis(99)).await;
    settle_down().await;
    assert!(bench.book.batches().is_empty());
    advance(Duration::from_millis(2)).await;
    settle_down().await;
    assert_eq!(bench.book.batches(), [2]);
}

#[tokio::test(start_paused = true)]
async fn d11_a_full_batch_and_a_failure_do_not_wait() {
    let bench = bench(EngineSettings { settle_batch: 10, ..EngineSettings::default() }, 0);
    for id in 0..10 {
        bench.settler.hand_in(settlement(id)).await;
    }
    settle_down().await;
    assert_eq!(bench.book.batches(), [10]);
    bench.settler.hand_in(settlement(10)).await;
    let due = START.plus(Duration::from_secs(5));
    bench.settler.commit(Settlement { next: Next::RetryAt(due), ..settlement(11) }).await;
    assert_eq!(bench.book.batches(), [10, 2], "committed when `commit` returns");
    assert_eq!(bench.shared.with(|state| state.next_due()), Some(due));
}

#[tokio::test(start_paused = true)]
async fn p4_no_more_than_the_limit_is_unsettled() {
    let settings = EngineSettings { max_unsettled: 5, settle_batch: 5, ..EngineSettings::default() };
    let bench = bench(settings, 1);
    for id in 0..5 {
        bench.settler.hand_in(settlement(id)).await;
    }
    // The store fails once; from then on more is kept in memory instead (N-5).
    let sixth = tokio::spawn({
        let settler = bench.settler.clone();
        async move { settler.hand_in(settlement(5)).await }
    });
    assert!(!sixth.is_finished());
    settle_down().await;
    assert!(sixth.is_finished());
    assert!(bench.book.batches().is_empty());
    advance(Duration::from_millis(1_001)).await;
    settle_down().await;
    assert_eq!(bench.book.batches(), [5]);
}

#[tokio::test(start_paused = true)]
async fn n5_ten_thousand_results_survive_a_store_that_is_away_and_none_is_lost() {
    let bench = bench(EngineSettings::default(), 30);
    let handing_in = tokio::spawn({
        let settler = bench.settler.clone();
        async move {
            for id in 0..10_500 {
                settler.hand_in(settlement(id)).await;
            }
        }
    });
    settle_down().await;
    for _ in 0..20 {
        advance(Duration::from_millis(1_001)).await;
        settle_down().await;
    }
    assert!(!handing_in.is_finished(), "10,000 and no more");
    assert_eq!(bench.settler.unsettled() + 256, 10_000);
    for _ in 0..80 {
        advance(Duration::from_millis(1_001)).await;
        settle_down().await;
    }
    assert!(handing_in.is_finished());
    bench.stop.cancel();
    bench.task.await.expect("ends");
    let mut ids = bench.book.ids.lock().expect("whole").clone();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10_500);
    assert_eq!(bench.settler.room.available_permits(), 512, "the usual limit holds again");
}

#[tokio::test(start_paused = true)]
async fn n8_what_is_left_is_written_before_the_settler_ends() {
    let bench = bench(EngineSettings::default(), 0);
    bench.settler.hand_in(settlement(1)).await;
    bench.stop.cancel();
    bench.task.await.expect("ends");
    assert_eq!(bench.book.batches(), [1]);
}
