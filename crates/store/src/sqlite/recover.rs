//! Recovery after a start (D-13): what an earlier process left open is found and queued.

use bytes::Bytes;
use domain::attempt::Attempt;
use domain::delivery::{DeliveryState, PlannedDelivery, Reason, delivery_ids};
use domain::id::{AttemptId, DeliveryId, EventId, HookId, ID_STRIDE};
use domain::ports::{StoreError, Stored};
use domain::time::Timestamp;
use rusqlite::{Connection, params};

use super::events::maybe;
use super::fresh::Note;
use super::queue::{NewRow, insert_row};
use super::rows::{all, one};
use super::settle::{Entry, write_attempt};
use super::writer::{Tx, store_note};
use super::{Sqlite, tasks};
use crate::error::{Done, corrupt};
use crate::plan;

/// Deliveries looked at in one transaction (D-5).
const STEP: usize = 1_000;
/// A delivery recovered that often is quarantined (D-13).
const MAX_RECOVERIES: u32 = 5;

/// Rows claimed under earlier epochs.
pub(crate) const CLAIMED_EARLIER: &str =
    "SELECT delivery_id, event_id, hook_id, message, attempts, recoveries, redelivery, earlier, by_hand FROM queue
        WHERE epoch IS NOT NULL AND epoch < ?1 LIMIT ?2";
/// The next straggler.
pub(crate) const NEXT_STRAGGLER: &str = "SELECT id, plan FROM events
    WHERE id = (SELECT min(event_id) FROM stragglers WHERE event_id > ?1 AND event_id <= ?2)";
/// The next event with deliveries.
pub(crate) const NEXT_EVENT: &str =
    "SELECT id, plan FROM events WHERE id > ?1 AND id <= ?2 AND planned > 0 ORDER BY id LIMIT 1";

/// Where the walk over unsettled events goes on.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// Stragglers come first.
    among_stragglers: bool,
    /// Every event up to this one is done.
    done: i64,
    /// Deliveries of the next event that are done.
    within: usize,
    /// Beside stragglers, only events above this one are looked at.
    mark: i64,
    /// The last event to look at.
    end: i64,
}

/// Takes over: a new epoch, then claims of earlier epochs, then fresh deliveries of earlier processes.
pub(crate) async fn recover(store: &Sqlite, now: Timestamp) -> Stored<u64> {
    let mut cursor = store.change(enter_epoch).await?;
    store.change(move |tx| tasks::recover(tx, now)).await?;
    let mut recovered = 0;
    loop {
        let (freed, more) = store.change(move |tx| free_claims(tx, now)).await?;
        recovered += freed;
        if !more {
            break;
        }
    }
    while let Some(at) = cursor {
        let (made, next) = store.change(move |tx| queue_unsettled(tx, at, now)).await?;
        recovered += made;
        cursor = next;
    }
    Ok(recovered)
}

fn enter_epoch(tx: &mut Tx<'_>) -> Done<Option<Cursor>> {
    let epoch = tx.fresh.epoch() + 1;
    tx.conn.prepare_cached("UPDATE node SET epoch = ?1")?.execute([epoch])?;
    tx.effects.epoch = Some(epoch);
    let unrecovered = tx.fresh.unrecovered();
    Ok(unrecovered.map(|(mark, end)| Cursor { among_stragglers: true, done: 0, within: 0, mark, end }))
}

/// Frees some rows that were claimed under earlier epochs. Returns how many, and whether there may be more.
fn free_claims(tx: &mut Tx<'_>, now: Timestamp) -> Done<(u64, bool)> {
    let rows = all(tx.conn, CLAIMED_EARLIER, params![tx.fresh.epoch(), STEP], |row| {
        Ok(NewRow {
            delivery: DeliveryId(row.get(0)?),
            event: EventId(row.get(1)?),
            hook: HookId(row.get(2)?),
            message: row.get(3)?,
            attempts: row.get(4)?,
            recoveries: row.get::<_, u32>(5)? + 1,
            redelivery: row.get(6)?,
            earlier: row.get(7)?,
            by_hand: row.get(8)?,
            due: now,
        })
    })?;
    let free = "UPDATE queue SET epoch = NULL, lease_until = NULL, recoveries = ?2, due_at = ?3 WHERE delivery_id = ?1";
    for row in &rows {
        if row.recoveries >= MAX_RECOVERIES {
            quarantine(tx, row, now)?;
            continue;
        }
        tx.conn.prepare_cached(free)?.execute(params![row.delivery.0, row.recoveries, now.as_micros()])?;
        tx.effects.queued(row.hook, now, row.by_hand);
    }
    Ok((rows.len() as u64, rows.len() == STEP))
}

/// Ends a delivery that was under way at five crashes: it may be what crashes the server.
fn quarantine(tx: &Tx<'_>, row: &NewRow, now: Timestamp) -> Done<()> {
    tx.conn.prepare_cached("DELETE FROM queue WHERE delivery_id = ?1")?.execute([row.delivery.0])?;
    let attempt = Attempt {
        id: AttemptId(tx.shared.ids.reserve(now, 1)),
        delivery: row.delivery,
        event: row.event,
        hook: row.hook,
        message: row.message,
        number: row.attempts + 1,
        redelivery: row.redelivery,
        recovered: true,
        started_at: now,
        request_head: Bytes::new(),
        exchange: None,
    };
    let entry = Entry { state: DeliveryState::Quarantined, reason: Some(Reason::Poison), retry_at: None, late: false };
    write_attempt(tx, &attempt, &entry).map(drop)
}

/// An event with its planned deliveries.
struct Planned {
    event: i64,
    deliveries: Vec<PlannedDelivery>,
    /// See [`domain::delivery::Plan::direct`].
    direct: bool,
}

impl Planned {
    /// The queue row of one of its deliveries.
    fn unsettled(&self, delivery: DeliveryId, planned: PlannedDelivery, due: Timestamp) -> NewRow {
        NewRow {
            delivery,
            event: EventId(self.event),
            hook: planned.hook,
            message: planned.message,
            attempts: 0,
            earlier: 0,
            recoveries: 0,
            redelivery: false,
            by_hand: self.direct,
            due,
        }
    }
}

fn planned(row: &rusqlite::Row<'_>) -> Done<Planned> {
    let event: i64 = row.get(0)?;
    let stored = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
    let unreadable = |why: plan::Unreadable| corrupt("events", event, &why.to_string());
    let (head, rest) = plan::head(stored).map_err(unreadable)?;
    Ok(Planned { event, deliveries: plan::deliveries(rest).map_err(unreadable)?, direct: head.direct })
}

/// Queues fresh deliveries of earlier processes that were not settled, one step of the way.
fn queue_unsettled(tx: &mut Tx<'_>, cursor: Cursor, now: Timestamp) -> Done<(u64, Option<Cursor>)> {
    let mut cursor = cursor;
    let mut made = 0;
    let mut looked = 0;
    while looked < STEP {
        let Some(found) = next_event(tx.conn, &cursor)? else {
            if cursor.among_stragglers {
                cursor = Cursor { among_stragglers: false, done: cursor.mark, ..cursor };
                continue;
            }
            finish_step(tx, cursor.end.max(cursor.done))?;
            tx.effects.recovered = true;
            return Ok((made, None));
        };
        let ids = delivery_ids(DeliveryId(found.event + ID_STRIDE), found.deliveries.len());
        let room = STEP - looked;
        for (delivery, planned) in ids.zip(&found.deliveries).skip(cursor.within).take(room) {
            if !is_known(tx.conn, delivery)? {
                let row = NewRow { recoveries: 1, ..found.unsettled(delivery, *planned, now) };
                insert_row(tx.conn, &row)?;
                tx.effects.queued(planned.hook, now, row.by_hand);
                made += 1;
            }
            cursor.within += 1;
            looked += 1;
        }
        if cursor.within >= found.deliveries.len() {
            if cursor.among_stragglers {
                let sql = "DELETE FROM stragglers WHERE event_id = ?1";
                tx.conn.prepare_cached(sql)?.execute([found.event])?;
            }
            cursor = Cursor { done: found.event, within: 0, ..cursor };
        }
        // An event without deliveries cost a look, too.
        looked += usize::from(found.deliveries.is_empty());
    }
    if !cursor.among_stragglers {
        finish_step(tx, cursor.done)?;
    }
    Ok((made, Some(cursor)))
}

fn next_event(conn: &Connection, cursor: &Cursor) -> Done<Option<Planned>> {
    let sql = if cursor.among_stragglers { NEXT_STRAGGLER } else { NEXT_EVENT };
    maybe(one(conn, sql, [cursor.done, cursor.end], planned))
}

/// The mark moves with the walk, so that a crash in the midst of recovery does not start it over.
fn finish_step(tx: &mut Tx<'_>, mark: i64) -> Done<()> {
    let note = Note { mark, left_behind: Vec::new(), done: Vec::new() };
    store_note(tx.conn, &note)?;
    tx.effects.note = Some(note);
    Ok(())
}

/// Was it settled or queued? The conditions are those of the two indexes.
pub(crate) const IS_KNOWN: &str = "SELECT
    EXISTS (SELECT 1 FROM attempts WHERE delivery_id = ?1 AND number = 1 AND (flags & 6) = 0)
    OR EXISTS (SELECT 1 FROM attempts WHERE delivery_id = ?1 AND NOT (number = 1 AND (flags & 6) = 0))
    OR EXISTS (SELECT 1 FROM queue WHERE delivery_id = ?1)";

/// See [`IS_KNOWN`].
fn is_known(conn: &Connection, delivery: DeliveryId) -> Done<bool> {
    let sql = IS_KNOWN;
    Ok(conn.prepare_cached(sql)?.query_row([delivery.0], |row| row.get(0))?)
}

/// A lane gives back a fresh delivery it has not sent: it gets its queue row.
pub(crate) fn hand_back_fresh(tx: &mut Tx<'_>, delivery: DeliveryId, now: Timestamp) -> Done<()> {
    let sql = "SELECT id, plan FROM events WHERE id < ?1 ORDER BY id DESC LIMIT 1";
    let found = match one(tx.conn, sql, [delivery.0], planned) {
        Err(crate::error::Failure::Store(StoreError::NotFound)) => return Ok(()),
        found => found?,
    };
    let event = EventId(found.event);
    let at = usize::try_from((delivery.0 - found.event) / ID_STRIDE - 1).unwrap_or(usize::MAX);
    let Some(planned) = found.deliveries.get(at) else { return Ok(()) };
    if !tx.fresh.holds(event, delivery) || is_known(tx.conn, delivery)? {
        return Ok(());
    }
    insert_row(tx.conn, &found.unsettled(delivery, *planned, now))?;
    tx.effects.settled.push(event);
    tx.effects.handed_back.push((event, delivery));
    tx.effects.queued(planned.hook, now, found.direct);
    Ok(())
}
