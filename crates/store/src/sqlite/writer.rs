//! The one thread that writes (D-3): takes what waits into one transaction, a savepoint per command, one synced COMMIT;
//! then the directory learns the changes, the bell rings, and the callers are answered, in that order.

use std::collections::HashMap;
use std::sync::Arc;

use domain::delivery::{Lease, Outgoing, PlannedDelivery, Work, delivery_ids};
use domain::directory::Change;
use domain::hook::HookScope;
use domain::id::{BuildId, DeliveryId, EventId, HookId, RepositoryId};
use domain::ports::{Bell, StoreError};
use domain::time::Timestamp;
use rusqlite::Connection;

use super::Shared;
use super::fresh::{Fresh, Note};
use super::inbox::{Care, Inbox, Job};
use super::repositories;
use crate::error::{Done, Failure, Reach};

/// An accepted event whose deliveries have asked the bell for places.
pub(crate) struct Ring {
    /// What was asked for, as in [`Bell::admit`].
    pub(crate) deliveries: Vec<PlannedDelivery>,
    /// What it costs, as in [`Bell::admit`].
    pub(crate) bytes: usize,
    /// Which of them got a place.
    pub(crate) admitted: Vec<bool>,
    /// The id of the first.
    pub(crate) first: DeliveryId,
    /// The event and its messages.
    pub(crate) outgoing: Arc<Outgoing>,
}

impl Ring {
    fn works(&self) -> Vec<Work> {
        let ids = delivery_ids(self.first, self.deliveries.len());
        let all = ids.zip(&self.deliveries).zip(&self.admitted);
        let placed = all.filter(|(_, admitted)| **admitted);
        placed
            .map(|((delivery, planned), _)| Work {
                delivery,
                hook: planned.hook,
                outgoing: self.outgoing.clone(),
                message: planned.message,
                attempts: 0,
                earlier: 0,
                redelivery: false,
                recovered: false,
                lease: Lease::Fresh,
            })
            .collect()
    }
}

/// What follows from a transaction once it is committed.
#[derive(Default)]
pub(crate) struct Effects {
    /// For the directory, in order.
    pub(crate) changes: Vec<Change>,
    /// For the bell.
    pub(crate) rings: Vec<Ring>,
    /// Lanes that have a queue row due then.
    pub(crate) dues: Vec<(HookId, Timestamp)>,
    /// Lanes that have one which a person asked for.
    pub(crate) asked: Vec<(HookId, Timestamp)>,
    /// When the hub has something to do.
    pub(crate) errands: Vec<Timestamp>,
    /// Builds that were queued, or ended.
    pub(crate) builds: Vec<BuildId>,
    /// Fresh deliveries that ended or got a queue row, by event.
    pub(crate) settled: Vec<EventId>,
    /// Fresh deliveries that were given a queue row while a lane may still hold them.
    pub(crate) handed_back: Vec<(EventId, DeliveryId)>,
    /// Repositories whose refs moved.
    pub(crate) pushed: Vec<(RepositoryId, Timestamp)>,
    /// The newest event.
    pub(crate) last_event: Option<EventId>,
    /// The epoch that begins with this transaction (D-12).
    pub(crate) epoch: Option<i64>,
    /// The mark this transaction stores.
    pub(crate) note: Option<Note>,
    /// Recovery ends with this transaction.
    pub(crate) recovered: bool,
}

/// Lengths of the lists in [`Effects`], to undo a command's share.
#[derive(Default)]
struct Marks {
    changes: usize,
    rings: usize,
    dues: usize,
    asked: usize,
    errands: usize,
    builds: usize,
    settled: usize,
    handed_back: usize,
    pushed: usize,
}

impl Effects {
    fn marks(&self) -> Marks {
        Marks {
            changes: self.changes.len(),
            rings: self.rings.len(),
            dues: self.dues.len(),
            asked: self.asked.len(),
            errands: self.errands.len(),
            builds: self.builds.len(),
            settled: self.settled.len(),
            handed_back: self.handed_back.len(),
            pushed: self.pushed.len(),
        }
    }

    /// The lane has a queue row due then.
    pub(crate) fn queued(&mut self, hook: HookId, at: Timestamp, by_hand: bool) {
        if by_hand { self.asked.push((hook, at)) } else { self.dues.push((hook, at)) }
    }
}

/// The open transaction, as commands see it.
pub(crate) struct Tx<'a> {
    /// The writer's connection.
    pub(crate) conn: &'a Connection,
    /// What the store shares between threads.
    pub(crate) shared: &'a Shared,
    /// Whom to ask for places, once the engine is connected.
    pub(crate) bell: Option<&'a dyn Bell>,
    /// Unsettled fresh deliveries as of the last commit, epoch and mark.
    pub(crate) fresh: &'a Fresh,
    /// What follows if this commits.
    pub(crate) effects: Effects,
    /// A command without savepoint failed half-way: nothing of this transaction may be kept.
    pub(crate) spoilt: bool,
}

impl Tx<'_> {
    fn undo(&mut self, marks: &Marks) {
        let effects = &mut self.effects;
        effects.changes.truncate(marks.changes);
        effects.dues.truncate(marks.dues);
        effects.asked.truncate(marks.asked);
        effects.errands.truncate(marks.errands);
        effects.builds.truncate(marks.builds);
        effects.settled.truncate(marks.settled);
        effects.handed_back.truncate(marks.handed_back);
        effects.pushed.truncate(marks.pushed);
        for ring in effects.rings.drain(marks.rings..) {
            if let Some(bell) = self.bell {
                bell.withdraw(&ring.deliveries, ring.bytes, &ring.admitted);
            }
        }
    }
}

/// The writer thread's own state.
pub(crate) struct Writer {
    pub(crate) conn: Connection,
    pub(crate) shared: Arc<Shared>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) fresh: Fresh,
}

/// A whole transaction that failed.
struct Aborted {
    error: StoreError,
    reach: Reach,
}

impl From<Failure> for Aborted {
    fn from(failure: Failure) -> Self {
        Self { reach: failure.reach(), error: failure.told() }
    }
}

impl From<rusqlite::Error> for Aborted {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sql(error).into()
    }
}

impl Writer {
    /// Works until the inbox ends. A panic outside of a command is like a failing disk: nothing here can be trusted.
    pub(crate) fn run(self) {
        let (inbox, shared) = (self.inbox.clone(), self.shared.clone());
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work())).is_err() {
            inbox.shut("the writer panicked");
            (shared.fatal)("the writer panicked");
        }
    }

    fn work(mut self) {
        while let Some((jobs, waiting)) = self.inbox.take() {
            metrics::gauge!("postrider_store_queue_depth").set(count(waiting));
            metrics::histogram!("postrider_store_batch_size").record(count(jobs.len()));
            self.write(jobs);
            self.shared.checkpoints.finish_if_asked(&self.conn);
        }
        self.note_mark();
    }

    /// One transaction and everything that follows from it.
    fn write(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let bell = self.shared.bell();
        let mut refused: HashMap<usize, StoreError> = HashMap::new();
        let mut tx = Tx {
            conn: &self.conn,
            shared: &self.shared,
            bell: bell.as_deref(),
            fresh: &self.fresh,
            effects: Effects::default(),
            spoilt: false,
        };
        let aborted = match transact(&mut tx, &mut jobs, &mut refused) {
            Ok(()) => None,
            Err(aborted) => {
                tx.undo(&Marks::default());
                if !self.conn.is_autocommit()
                    && let Err(error) = self.conn.execute_batch("ROLLBACK")
                {
                    tracing::error!(%error, "a rollback failed: {error}");
                }
                Some(aborted)
            }
        };
        match aborted {
            None => {
                let effects = tx.effects;
                self.follow(effects, bell.as_deref());
                for (at, job) in jobs.into_iter().enumerate() {
                    job.answer(refused.get(&at).map_or(Ok(()), Err));
                }
            }
            Some(Aborted { error, reach }) => {
                tracing::warn!(%error, commands = jobs.len(), "a transaction failed: {error}");
                if reach == Reach::Store {
                    let reason = format!("the database failed: {error}");
                    self.inbox.shut(&reason);
                    (self.shared.fatal)(&reason);
                }
                for (at, job) in jobs.into_iter().enumerate() {
                    job.answer(Err(refused.get(&at).unwrap_or(&error)));
                }
            }
        }
    }

    /// After a commit: memory first, then the engine. Callers are answered last, so that they find both done.
    fn follow(&mut self, effects: Effects, bell: Option<&dyn Bell>) {
        for ring in &effects.rings {
            self.fresh.begin(ring.outgoing.event, ring.admitted.iter().filter(|admitted| **admitted).count());
        }
        self.fresh.commit(&effects);
        let mut touched = Vec::new();
        if !effects.changes.is_empty() {
            touched = self.touched(&effects.changes);
            self.shared.directory.apply(effects.changes);
        }
        let Some(bell) = bell else { return };
        for hook in touched {
            bell.changed(hook);
        }
        for ring in effects.rings {
            let works = ring.works();
            if !works.is_empty() {
                bell.ring(works, ring.bytes);
            }
        }
        for (hook, at) in effects.dues {
            bell.due(hook, at);
        }
        for (hook, at) in effects.asked {
            bell.asked(hook, at);
        }
        for build in effects.builds {
            bell.build(build);
        }
        if let Some(at) = effects.errands.into_iter().min() {
            bell.errand(at);
        }
    }

    /// Hooks that these changes edit or delete, with those that go with their repository or account.
    fn touched(&self, changes: &[Change]) -> Vec<HookId> {
        let directory = &self.shared.directory;
        let mut hooks = Vec::new();
        let all_of = |scope: HookScope, hooks: &mut Vec<HookId>| {
            for dialect in &self.shared.dialects {
                hooks.extend(directory.hooks_of(scope, *dialect).iter().map(|hook| hook.id));
            }
        };
        for change in changes {
            match change {
                Change::Hook(hook) => hooks.push(hook.id),
                Change::HookGone(hook) => hooks.push(*hook),
                Change::RepositoryGone(id) => all_of(HookScope::Repository(*id), &mut hooks),
                Change::AccountGone(id) => {
                    all_of(HookScope::Account(*id), &mut hooks);
                    for app in directory.ci_apps_of(*id) {
                        all_of(HookScope::App(app.id), &mut hooks);
                    }
                    for repository in directory.repositories_of(*id) {
                        all_of(HookScope::Repository(repository.id), &mut hooks);
                    }
                }
                Change::TopicGone(id) => all_of(HookScope::Topic(*id), &mut hooks),
                Change::CiAppGone(id) => all_of(HookScope::App(*id), &mut hooks),
                Change::Account(_)
                | Change::Repository(_)
                | Change::Topic(_)
                | Change::Token(..)
                | Change::TokenGone(_)
                | Change::Application(_)
                | Change::ApplicationGone(_)
                | Change::CiApp(_)
                | Change::Membership(..)
                | Change::Collaborator(..) => {}
            }
        }
        hooks
    }

    /// A last note of how far everything is settled, so that the next start has little to walk.
    fn note_mark(&mut self) {
        if let Some(note) = self.fresh.note()
            && let Err(error) = store_note(&self.conn, &note)
        {
            tracing::warn!(%error, "the last mark was not stored: {error}");
        }
    }
}

/// Stores how far everything is settled.
pub(crate) fn store_note(conn: &Connection, note: &Note) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE node SET fresh_mark = ?1")?.execute([note.mark])?;
    for event in &note.left_behind {
        conn.prepare_cached("INSERT OR IGNORE INTO stragglers (event_id) VALUES (?1)")?.execute([event.0])?;
    }
    for event in &note.done {
        conn.prepare_cached("DELETE FROM stragglers WHERE event_id = ?1")?.execute([event.0])?;
    }
    Ok(())
}

fn transact(
    tx: &mut Tx<'_>,
    jobs: &mut [Box<dyn Job>],
    refused: &mut HashMap<usize, StoreError>,
) -> Result<(), Aborted> {
    let conn = tx.conn;
    run_sql(conn, "BEGIN IMMEDIATE")?;
    for (at, job) in jobs.iter_mut().enumerate() {
        if let Err(failure) = run_one(tx, &mut **job)? {
            refused.insert(at, failure.told());
        }
    }
    if !tx.effects.pushed.is_empty() {
        repositories::move_refs(tx)?;
    }
    // Not with every accept: one more page per commit is much for a lone event.
    if (!tx.effects.settled.is_empty() || tx.fresh.is_note_due())
        && let Some(note) = tx.fresh.note()
    {
        store_note(conn, &note)?;
        tx.effects.note = Some(note);
    }
    let clock = &tx.shared.clock;
    let began = clock.monotonic();
    run_sql(conn, "COMMIT")?;
    metrics::histogram!("postrider_store_commit_seconds").record(clock.monotonic().saturating_sub(began).as_secs_f64());
    Ok(())
}

/// Runs one command. The outer error ends the transaction, the inner one only the command.
fn run_one(tx: &mut Tx<'_>, job: &mut dyn Job) -> Result<Done<()>, Aborted> {
    let marks = tx.effects.marks();
    let guarded = job.terms().care == Care::Savepoint;
    if guarded {
        run_sql(tx.conn, "SAVEPOINT command")?;
    }
    let Err(failure) = job.run(tx) else {
        if guarded {
            run_sql(tx.conn, "RELEASE command")?;
        }
        return Ok(Ok(()));
    };
    tx.undo(&marks);
    // SQLite may have ended the transaction itself, as it does when the disk is full.
    if failure.reach() != Reach::Command || tx.spoilt || tx.conn.is_autocommit() {
        return Err(failure.into());
    }
    if guarded {
        run_sql(tx.conn, "ROLLBACK TO command")?;
        run_sql(tx.conn, "RELEASE command")?;
    }
    Ok(Err(failure))
}

fn run_sql(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.raw_execute().map(drop)
}

/// Counts as metrics want them.
#[expect(clippy::cast_precision_loss, reason = "counts here stay far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}
