//! What cannot be seen from outside: full disks, failing disks, and how queries are run.

use std::sync::atomic::{AtomicUsize, Ordering};

use domain::delivery::{PlannedDelivery, Work};
use domain::id::HookId;
use domain::ports::{Events, Queue, Store};
use domain::time::Timestamp;
use rusqlite::ffi;
use tempfile::TempDir;
use testkit::{FakeClock, SeededEntropy, an_event};

use super::space::DiskFloor;
use super::*;
use crate::vault::Keyring;

fn opened(fatal: Fatal) -> (TempDir, Sqlite) {
    opened_above(DiskFloor { bytes: 0, percent: 0 }, fatal)
}

fn opened_above(disk_floor: DiskFloor, fatal: Fatal) -> (TempDir, Sqlite) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("test.db");
    let options = Options::new(
        "sqlite:",
        Keyring::single(&[1; 32]),
        vec![DialectName("github")],
        Arc::new(FakeClock::default()),
        Arc::new(SeededEntropy::new(1)),
    );
    let store = open(path, Options { fatal, disk_floor, probe_syncs: true, ..options }).expect("opens");
    (dir, store)
}

/// Counts places given out and taken back.
#[derive(Debug, Default)]
struct Places {
    taken: AtomicUsize,
    rung: AtomicUsize,
}

impl Bell for Places {
    fn admit(&self, deliveries: &[PlannedDelivery], _: usize) -> Vec<bool> {
        self.taken.fetch_add(deliveries.len(), Ordering::SeqCst);
        vec![true; deliveries.len()]
    }

    fn withdraw(&self, _: &[PlannedDelivery], _: usize, admitted: &[bool]) {
        self.taken.fetch_sub(admitted.len(), Ordering::SeqCst);
    }

    fn ring(&self, work: Vec<Work>, _: usize) {
        self.rung.fetch_add(work.len(), Ordering::SeqCst);
    }

    fn due(&self, _: HookId, _: Timestamp) {}
}

/// `max_page_count` plays the disk: SQLite answers it with the same `SQLITE_FULL`.
async fn limit_pages(store: &Sqlite, pages: i64) {
    let limit = move |tx: &mut writer::Tx<'_>| {
        let now: i64 = tx.conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let sql = format!("PRAGMA max_page_count = {}", now + pages);
        tx.conn.query_row(&sql, [], |_| Ok(()))?;
        Ok(())
    };
    store.change(limit).await.expect("limits");
}

#[tokio::test]
async fn d7_below_the_disk_floor_nothing_is_accepted_and_results_are_still_written() {
    let floor = DiskFloor { bytes: u64::MAX, percent: 0 };
    let (_dir, store) = opened_above(floor, Arc::new(|reason| panic!("{reason}")));
    let refused = store.accept(an_event("1").build()).await;
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    store.settle(Vec::new()).await.expect("settling goes on");
    store.check().await.expect("commits go on");
}

#[tokio::test]
async fn n5_a_full_disk_refuses_rolls_back_and_goes_on_when_there_is_room() {
    let (_dir, store) = opened(Arc::new(|reason| panic!("{reason}")));
    let places = Arc::new(Places::default());
    store.set_bell(places.clone());
    limit_pages(&store, 20).await;
    let big = "x".repeat(10_000);
    let mut accepted = 0_usize;
    let refused = loop {
        match store.accept(an_event(&accepted.to_string()).saying(&big).for_hooks(&[HookId(1)]).build()).await {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Full), "{refused}");
    assert!(accepted > 0);
    assert_eq!(places.taken.load(Ordering::SeqCst), accepted, "the places of what was refused are given back");
    assert_eq!(places.rung.load(Ordering::SeqCst), accepted);
    limit_pages(&store, 1_000).await;
    store.accept(an_event("later").saying(&big).build()).await.expect("accepted without a restart");
    assert_eq!(store.events(None, None, 999).await.expect("lists").len(), accepted + 1);
}

#[tokio::test]
async fn n6_an_io_error_is_reported_once_and_everything_is_refused() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = told.clone();
    let (_dir, store) = opened(Arc::new(move |reason| notes.lock().expect("whole").push(reason.to_owned())));
    let fails = |_: &mut writer::Tx<'_>| -> Done<()> {
        Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_FSYNC), None).into())
    };
    assert!(matches!(store.change(fails).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.accept(an_event("a").build()).await, Err(StoreError::Unavailable(_))));
    assert_eq!(told.lock().expect("whole").len(), 1);
    store.close().await;
}

/// A bell that panics when rung.
#[derive(Debug)]
struct Broken;

impl Bell for Broken {
    fn admit(&self, deliveries: &[PlannedDelivery], _: usize) -> Vec<bool> {
        vec![true; deliveries.len()]
    }

    fn withdraw(&self, _: &[PlannedDelivery], _: usize, _: &[bool]) {}

    fn ring(&self, _: Vec<Work>, _: usize) {
        panic!("a broken bell");
    }

    fn due(&self, _: HookId, _: Timestamp) {}
}

#[tokio::test]
async fn a_writer_that_panics_leaves_nobody_waiting() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = told.clone();
    let (_dir, store) = opened(Arc::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    }));
    store.set_bell(Arc::new(Broken));
    let answer = store.accept(an_event("a").for_hooks(&[HookId(1)]).build()).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    store.close().await;
    assert_eq!(told.load(Ordering::SeqCst), 1);
}

/// Every query of the hot paths, and how the planner runs it. None may look at each row of a table.
#[tokio::test]
async fn hot_queries_use_their_indexes() {
    let (dir, store) = opened(Arc::new(|_| {}));
    let conn = connect(&dir.path().join("test.db"), Role::Keeper).expect("connects");
    for sql in [
        queue::CLAIM,
        queue::CLAIM_BY_HAND,
        queue::BACKLOG,
        recover::CLAIMED_EARLIER,
        recover::NEXT_STRAGGLER,
        recover::NEXT_EVENT,
        recover::IS_KNOWN,
        &attempts::of_hook_sql(),
        &attempts::last_exchange_sql(),
        views::QUEUED,
    ] {
        let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("prepares");
        let unbound = vec![rusqlite::types::Null; explain.parameter_count()];
        let steps = explain.query_map(rusqlite::params_from_iter(unbound), |row| row.get::<_, String>(3));
        let steps: Vec<String> = steps.expect("explains").collect::<Result<_, _>>().expect("reads");
        let scan = steps.iter().find(|step| {
            ["queue", "events", "a", "e", "attempts"].iter().any(|table| **step == format!("SCAN {table}"))
                || step.contains("TEMP B-TREE")
        });
        assert!(scan.is_none(), "{sql}\n{steps:#?}");
    }
    // Thousands of a hub's tasks may wait for a few hosts: what is under way is not counted anew for each.
    let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {}", tasks::CLAIM)).expect("prepares");
    let steps = explain.query_map([rusqlite::types::Null; 4], |row| row.get::<_, String>(3)).expect("explains");
    let steps: Vec<String> = steps.collect::<Result<_, _>>().expect("reads");
    let slow = steps.iter().find(|step| *step == "SCAN tasks" || step.contains("CORRELATED"));
    assert!(slow.is_none(), "{steps:#?}");
    drop(explain);
    drop(store);
}
