//! The queue: claims, the backlog, hand-back and redelivery. Settling and recovery have files of their own.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::attempt::Settlement;
use domain::delivery::{Lease, Outgoing, Work};
use domain::event::Place;
use domain::id::{AccountId, AttemptId, DeliveryId, EventId, HookId};
use domain::ports::{Backlog, ClaimDue, Queue, Stored};
use domain::rules::breaker::Breaker;
use domain::time::Timestamp;
use rusqlite::{Connection, params};

use super::events::load_outgoing;
use super::inbox::{Care, Terms};
use super::rows::{all, moment, one};
use super::writer::Tx;
use super::{Shared, Sqlite, breakers, recover, settle};
use crate::error::Done;

/// Claims due rows of one lane.
pub(crate) const CLAIM: &str = "UPDATE queue SET epoch = ?1, lease_until = ?2 WHERE delivery_id IN (
            SELECT delivery_id FROM queue WHERE epoch IS NULL AND hook_id = ?3 AND due_at <= ?4
            ORDER BY due_at, delivery_id LIMIT ?5)
        RETURNING delivery_id, event_id, message, attempts, recoveries, redelivery, due_at, earlier";

/// As [`CLAIM`], of what a person asked for: few rows, in an index of their own.
pub(crate) const CLAIM_BY_HAND: &str = "UPDATE queue SET epoch = ?1, lease_until = ?2 WHERE delivery_id IN (
            SELECT delivery_id FROM queue WHERE by_hand = 1 AND epoch IS NULL AND hook_id = ?3 AND due_at <= ?4
            ORDER BY due_at, delivery_id LIMIT ?5)
        RETURNING delivery_id, event_id, message, attempts, recoveries, redelivery, due_at, earlier";

/// Lanes with unclaimed rows, found by jumping from lane to lane in the index: a million rows of one lane cost no more
/// than one.
pub(crate) const BACKLOG: &str = "WITH RECURSIVE lane (hook) AS (
            SELECT min(hook_id) FROM queue WHERE epoch IS NULL
            UNION ALL
            SELECT (SELECT min(hook_id) FROM queue WHERE epoch IS NULL AND hook_id > hook) FROM lane
            WHERE hook IS NOT NULL)
        SELECT hook, (SELECT min(due_at) FROM queue WHERE epoch IS NULL AND hook_id = hook) FROM lane
        WHERE hook IS NOT NULL";

/// A row of the queue to be, unclaimed.
pub(crate) struct NewRow {
    pub(crate) delivery: DeliveryId,
    pub(crate) event: EventId,
    pub(crate) hook: HookId,
    pub(crate) message: u16,
    pub(crate) attempts: u32,
    pub(crate) earlier: u32,
    pub(crate) recoveries: u32,
    pub(crate) redelivery: bool,
    /// Its first attempt was asked for by a person ([`Work::by_hand`]).
    pub(crate) by_hand: bool,
    pub(crate) due: Timestamp,
}

/// Puts a delivery into the queue.
pub(crate) fn insert_row(conn: &Connection, row: &NewRow) -> Done<()> {
    let sql = "INSERT INTO queue
        (delivery_id, event_id, hook_id, message, attempts, recoveries, redelivery, due_at, earlier, by_hand)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    conn.prepare_cached(sql)?.execute(params![
        row.delivery.0,
        row.event.0,
        row.hook.0,
        row.message,
        row.attempts,
        row.recoveries,
        row.redelivery,
        row.due.as_micros(),
        row.earlier,
        row.by_hand,
    ])?;
    Ok(())
}

/// A claimed row, before its event is loaded.
struct Claimed {
    due: Timestamp,
    event: EventId,
    work: Work,
}

/// Claims rows of the named lanes under the present epoch. With one node no claim outlives its process, so `lease_until`
/// is noted and never swept here: the next process finds the old epoch (recover.rs).
fn claim(tx: &mut Tx<'_>, sql: &str, asked: &ClaimDue, nothing: &Arc<Outgoing>) -> Done<Vec<Claimed>> {
    let epoch = tx.fresh.epoch();
    let mut claimed = Vec::new();
    for (hook, limit) in &asked.lanes {
        let params = params![epoch, asked.lease_until.as_micros(), hook.0, asked.now.as_micros(), *limit];
        let from = claimed.len();
        claimed.extend(all(tx.conn, sql, params, |row| {
            Ok(Claimed {
                due: moment(row, 6)?,
                event: EventId(row.get(1)?),
                work: Work {
                    delivery: DeliveryId(row.get(0)?),
                    hook: *hook,
                    outgoing: nothing.clone(),
                    message: row.get(2)?,
                    attempts: row.get(3)?,
                    earlier: row.get(7)?,
                    redelivery: row.get(5)?,
                    recovered: row.get::<_, u32>(4)? > 0,
                    lease: Lease::Row { epoch },
                },
            })
        })?);
        claimed[from..].sort_by_key(|row| (row.due, row.work.delivery));
    }
    Ok(claimed)
}

/// Loads the events of claimed rows, each once. A row whose event is unreadable stays claimed, so that it is tried
/// again after each restart and quarantined in the end (D-13).
fn with_outgoing(conn: &Connection, shared: &Shared, claimed: Vec<Claimed>) -> Vec<Work> {
    let mut events: HashMap<EventId, Option<Arc<Outgoing>>> = HashMap::new();
    let mut works = Vec::with_capacity(claimed.len());
    for Claimed { event, mut work, .. } in claimed {
        let outgoing = events.entry(event).or_insert_with(|| match load_outgoing(conn, shared, event) {
            Ok(outgoing) => Some(outgoing),
            Err(failure) => {
                tracing::error!(event = event.0, %failure, "event {event} cannot be read: {failure}");
                None
            }
        });
        if let Some(outgoing) = outgoing
            && outgoing.messages.len() > usize::from(work.message)
        {
            work.outgoing = outgoing.clone();
            works.push(work);
        }
    }
    works
}

/// Every lane with unclaimed rows.
fn backlog(conn: &Connection) -> Done<Vec<Backlog>> {
    all(conn, BACKLOG, [], |row| Ok(Backlog { hook: HookId(row.get(0)?), due: moment(row, 1)? }))
}

/// Gives rows back. A delivery still fresh gets a row, without counting as recovered: its lane says it was not sent.
fn hand_back(tx: &mut Tx<'_>, deliveries: &[DeliveryId], now: Timestamp) -> Done<()> {
    let sql = "UPDATE queue SET epoch = NULL, lease_until = NULL, due_at = ?2
        WHERE delivery_id = ?1 AND epoch = ?3 RETURNING hook_id, by_hand";
    let epoch = tx.fresh.epoch();
    for delivery in deliveries {
        let freed =
            all(tx.conn, sql, [delivery.0, now.as_micros(), epoch], |row| Ok((HookId(row.get(0)?), row.get(1)?)))?;
        match freed.first() {
            Some((hook, by_hand)) => tx.effects.queued(*hook, now, *by_hand),
            None => recover::hand_back_fresh(tx, *delivery, now)?,
        }
    }
    Ok(())
}

fn redeliver(tx: &mut Tx<'_>, attempt: AttemptId, now: Timestamp) -> Done<DeliveryId> {
    // How many attempts its delivery has made so far, and those before it.
    let sql = "SELECT event_id, hook_id, message,
            coalesce((SELECT max(number) FROM attempts AS other WHERE other.delivery_id = this.delivery_id
                AND NOT (number = 1 AND (flags & 6) = 0)), 1)
            + coalesce((SELECT earlier FROM redeliveries AS before WHERE before.delivery_id = this.delivery_id), 0)
        FROM attempts AS this
        WHERE id = ?1 AND hook_id IN (SELECT id FROM hooks) AND event_id IN (SELECT id FROM events)";
    let delivery = DeliveryId(tx.shared.ids.reserve(now, 1));
    let row = one(tx.conn, sql, [attempt.0], |row| {
        Ok(NewRow {
            delivery,
            event: EventId(row.get(0)?),
            hook: HookId(row.get(1)?),
            message: row.get(2)?,
            attempts: 0,
            earlier: row.get(3)?,
            recoveries: 0,
            redelivery: true,
            by_hand: true,
            due: now,
        })
    })?;
    let plan = "INSERT INTO redeliveries (delivery_id, event_id, earlier) VALUES (?1, ?2, ?3)";
    tx.conn.prepare_cached(plan)?.execute(params![delivery.0, row.event.0, row.earlier])?;
    insert_row(tx.conn, &row)?;
    tx.effects.queued(row.hook, now, true);
    Ok(delivery)
}

impl Sqlite {
    /// Claims rows by this statement, with their events.
    async fn claim(&self, sql: &'static str, asked: ClaimDue) -> Stored<Vec<Work>> {
        let nothing = Arc::new(Outgoing {
            event: EventId(0),
            place: Place { account: AccountId(0), repository: None, app: None },
            accepted_at: asked.now,
            content_type: "".into(),
            messages: Vec::new(),
            direct: false,
            hops: 0,
        });
        let claimed = self.change(move |tx| claim(tx, sql, &asked, &nothing)).await?;
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        let shared = self.shared.clone();
        let ids: Vec<_> = claimed.iter().map(|row| row.work.delivery).collect();
        match self.read(move |conn| Ok(with_outgoing(conn, &shared, claimed))).await {
            Ok(works) => Ok(works),
            Err(error) => {
                // Nobody got them: unclaim them, with their due times as they were, if the writer still takes it.
                self.change(move |tx| unclaim(tx, &ids)).await?;
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Queue for Sqlite {
    fn attempt_id(&self, now: Timestamp) -> AttemptId {
        AttemptId(self.shared.ids.reserve(now, 1))
    }

    async fn recover(&self, now: Timestamp) -> Stored<u64> {
        recover::recover(self, now).await
    }

    async fn claim_due(&self, asked: ClaimDue) -> Stored<Vec<Work>> {
        self.claim(CLAIM, asked).await
    }

    async fn claim_by_hand(&self, asked: ClaimDue) -> Stored<Vec<Work>> {
        self.claim(CLAIM_BY_HAND, asked).await
    }

    async fn backlog(&self) -> Stored<Vec<Backlog>> {
        self.read(backlog).await
    }

    async fn settle(&self, mut batch: Vec<Settlement>) -> Stored<()> {
        // Lanes take turns, so a batch covers a short range of ids in no order. Inserted in order, its rows fill pages one
        // after the other instead of splitting them; attempts of one delivery keep theirs, because ids rise.
        batch.sort_unstable_by_key(|settlement| settlement.attempt.id);
        let terms = Terms { bytes: batch.iter().map(settle::bytes).sum(), care: Care::Savepoint, essential: true };
        self.inbox.ask(terms, move |tx| settle::settle(tx, &batch)).await
    }

    async fn hand_back(&self, deliveries: Vec<DeliveryId>, now: Timestamp) -> Stored<()> {
        let terms = Terms { bytes: 0, care: Care::Savepoint, essential: true };
        self.inbox.ask(terms, move |tx| hand_back(tx, &deliveries, now)).await
    }

    async fn redeliver(&self, attempt: AttemptId, now: Timestamp) -> Stored<DeliveryId> {
        self.change(move |tx| redeliver(tx, attempt, now)).await
    }

    async fn breakers(&self) -> Stored<Vec<(HookId, u32, Breaker)>> {
        self.read(breakers::all_troubled).await
    }
}

/// Takes a claim back as if it had not been made.
fn unclaim(tx: &mut Tx<'_>, deliveries: &[DeliveryId]) -> Done<()> {
    let sql = "UPDATE queue SET epoch = NULL, lease_until = NULL WHERE delivery_id = ?1 AND epoch = ?2";
    for delivery in deliveries {
        tx.conn.prepare_cached(sql)?.execute([delivery.0, tx.fresh.epoch()])?;
    }
    Ok(())
}
