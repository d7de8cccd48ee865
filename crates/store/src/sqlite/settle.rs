//! Settling: the log row and what follows from it, in one transaction (D-11), fenced (D-12).

use domain::attempt::{Attempt, HookFate, Next, Settlement};
use domain::delivery::{DeliveryState, Lease, Reason};
use domain::time::Timestamp;
use rusqlite::{Connection, params};

use super::breakers::Steps;
use super::codes::{Coded, flag};
use super::queue::{NewRow, insert_row};
use super::writer::Tx;
use super::{hooks, tally};
use crate::error::Done;

/// Bytes a settlement brings into the transaction.
pub(crate) fn bytes(settlement: &Settlement) -> usize {
    let attempt = &settlement.attempt;
    let answer = attempt.exchange.as_ref();
    attempt.request_head.len() + answer.map_or(0, |answer| answer.response_head.len() + answer.response_body.len())
}

/// Writes a batch.
pub(crate) fn settle(tx: &mut Tx<'_>, batch: &[Settlement]) -> Done<()> {
    let mut steps = Steps::default();
    for settlement in batch {
        if settle_one(tx, settlement)? {
            steps.take(settlement);
        }
    }
    steps.note(tx)?;
    tally::count(tx.conn, batch)
}

/// `false`: it was too late and changed nothing but the log.
fn settle_one(tx: &mut Tx<'_>, settlement: &Settlement) -> Done<bool> {
    let attempt = &settlement.attempt;
    let entry = Entry::of(settlement);
    match settlement.lease {
        Lease::Fresh => {
            if !tx.fresh.holds(attempt.event, attempt.delivery) {
                log_late(tx, attempt, &entry)?;
                return Ok(false);
            }
            if !write_attempt(tx, attempt, &entry)? {
                tracing::warn!(delivery = attempt.delivery.0, "delivery {} was settled twice", attempt.delivery);
                return Ok(false);
            }
            if let Next::RetryAt(due) = settlement.next {
                insert_row(tx.conn, &retry_row(attempt, due))?;
                tx.effects.dues.push((attempt.hook, due));
            }
            tx.effects.settled.push(attempt.event);
        }
        Lease::Row { epoch } => {
            if !settle_row(tx.conn, attempt, settlement.next, epoch)? {
                log_late(tx, attempt, &entry)?;
                return Ok(false);
            }
            if let Next::RetryAt(due) = settlement.next {
                tx.effects.dues.push((attempt.hook, due));
            }
            write_attempt(tx, attempt, &entry)?;
        }
    }
    match settlement.hook {
        HookFate::Stays => {}
        HookFate::SwitchedOff => {
            let ended =
                attempt.exchange.as_ref().map_or(attempt.started_at, |answer| attempt.started_at.plus(answer.duration));
            hooks::switch_off(tx, attempt.hook, ended)?;
        }
        HookFate::Deleted => hooks::remove(tx, attempt.hook)?,
    }
    Ok(true)
}

/// The queue row of a fresh delivery's first retry.
fn retry_row(attempt: &Attempt, due: Timestamp) -> NewRow {
    NewRow {
        delivery: attempt.delivery,
        event: attempt.event,
        hook: attempt.hook,
        message: attempt.message,
        attempts: attempt.number,
        earlier: 0,
        recoveries: 0,
        redelivery: attempt.redelivery,
        by_hand: false,
        due,
    }
}

/// Moves or removes a claimed row; `false` if the claim has lapsed. An attempt that was recorded shows that the delivery
/// does not crash the server, so its recoveries start over (D-13).
fn settle_row(conn: &Connection, attempt: &Attempt, next: Next, epoch: i64) -> Done<bool> {
    let changed = match next {
        Next::Ended { .. } => {
            let sql = "DELETE FROM queue WHERE delivery_id = ?1 AND epoch = ?2";
            conn.prepare_cached(sql)?.execute([attempt.delivery.0, epoch])?
        }
        Next::RetryAt(due) => {
            let sql = "UPDATE queue SET attempts = ?3, due_at = ?4, recoveries = 0, by_hand = 0, epoch = NULL,
                lease_until = NULL
                WHERE delivery_id = ?1 AND epoch = ?2";
            let params = params![attempt.delivery.0, epoch, attempt.number, due.as_micros()];
            conn.prepare_cached(sql)?.execute(params)?
        }
    };
    Ok(changed == 1)
}

/// What a log row says beside the attempt itself.
pub(crate) struct Entry {
    pub(crate) state: DeliveryState,
    pub(crate) reason: Option<Reason>,
    pub(crate) retry_at: Option<Timestamp>,
    pub(crate) late: bool,
}

impl Entry {
    fn of(settlement: &Settlement) -> Self {
        match settlement.next {
            Next::Ended { state, reason } => Self { state, reason, retry_at: None, late: false },
            Next::RetryAt(due) => Self { state: DeliveryState::Open, reason: None, retry_at: Some(due), late: false },
        }
    }
}

/// Logs an attempt whose delivery is no longer its own (D-12).
fn log_late(tx: &Tx<'_>, attempt: &Attempt, entry: &Entry) -> Done<()> {
    let late = Entry { late: true, ..*entry };
    write_attempt(tx, attempt, &late).map(drop)
}

/// Writes a log row. `false`: the delivery's first attempt has a row already.
pub(crate) fn write_attempt(tx: &Tx<'_>, attempt: &Attempt, entry: &Entry) -> Done<bool> {
    let sql =
        "INSERT INTO attempts (id, delivery_id, event_id, hook_id, message, number, flags, state, reason, outcome,
        status, started_at, duration_us, retry_at, retry_after_us, error, request_head, response_head, response_body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
        ON CONFLICT DO NOTHING";
    let flags =
        [(attempt.redelivery, flag::REDELIVERY), (attempt.recovered, flag::RECOVERED), (entry.late, flag::LATE)];
    let flags: i64 = flags.into_iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum();
    let answer = attempt.exchange.as_ref();
    let micros = |duration: std::time::Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    let filled = |bytes: &bytes::Bytes| -> bool { !bytes.is_empty() };
    let written = tx.conn.prepare_cached(sql)?.execute(params![
        attempt.id.0,
        attempt.delivery.0,
        attempt.event.0,
        attempt.hook.0,
        attempt.message,
        attempt.number,
        flags,
        entry.state.code(),
        entry.reason.map(Coded::code),
        answer.map(|answer| answer.outcome.code()),
        answer.and_then(|answer| answer.status),
        attempt.started_at.as_micros(),
        answer.map(|answer| micros(answer.duration)),
        entry.retry_at.map(Timestamp::as_micros),
        answer.and_then(|answer| answer.retry_after).map(micros),
        answer.and_then(|answer| answer.error.as_deref()),
        filled(&attempt.request_head).then_some(&attempt.request_head[..]),
        answer.map(|answer| &answer.response_head).filter(|head| filled(head)).map(|head| &head[..]),
        answer.map(|answer| &answer.response_body).filter(|body| filled(body)).map(|body| &body[..]),
    ])?;
    Ok(written == 1)
}
