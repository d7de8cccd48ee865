//! Tallies: what exchanges came to by event name and day, counted as they are settled.

use std::collections::BTreeMap;

use domain::attempt::{Next, Outcome, Settlement};
use domain::delivery::DeliveryState;
use domain::id::{AttemptId, HookId};
use domain::ports::Tally;
use domain::time::Timestamp;
use rusqlite::{Connection, params};

use super::rows::all;
use crate::error::Done;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

fn day(moment: Timestamp) -> i64 {
    moment.as_micros().div_euclid(DAY)
}

/// How often an outcome came up in a batch, and its newest attempt.
#[derive(Default)]
struct Sum {
    count: u64,
    newest: Option<AttemptId>,
}

/// Counts what of a batch wants to be counted: one statement for each hook, event name and day, not for each attempt.
pub(crate) fn count(conn: &Connection, batch: &[Settlement]) -> Done<()> {
    let mut sums: BTreeMap<(HookId, &str, i64), [Sum; 3]> = BTreeMap::new();
    for settlement in batch {
        let (Some(kind), Some(at)) = (&settlement.tally, class(settlement)) else { continue };
        let attempt = &settlement.attempt;
        let sum = &mut sums.entry((attempt.hook, kind, day(attempt.started_at))).or_default()[at];
        sum.count += 1;
        sum.newest = sum.newest.max(Some(attempt.id));
    }
    // A hook that was deleted while a request was on its way has no tallies any more.
    let sql =
        "INSERT INTO tallies (hook_id, kind, day, successes, failures, errors, last_success, last_failure, last_error)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM hooks WHERE id = ?1)
        ON CONFLICT (hook_id, kind, day) DO UPDATE SET
            successes = successes + excluded.successes,
            failures = failures + excluded.failures,
            errors = errors + excluded.errors,
            last_success = coalesce(excluded.last_success, last_success),
            last_failure = coalesce(excluded.last_failure, last_failure),
            last_error = coalesce(excluded.last_error, last_error)";
    for ((hook, kind, day), [successes, failures, errors]) in sums {
        conn.prepare_cached(sql)?.execute(params![
            hook.0,
            kind,
            day,
            successes.count,
            failures.count,
            errors.count,
            successes.newest.map(|id| id.0),
            failures.newest.map(|id| id.0),
            errors.newest.map(|id| id.0),
        ])?;
    }
    Ok(())
}

/// 0 for a success, 1 for an answer that was none, 2 for no answer or a delivery skipped by rule; none for a delivery
/// that ended otherwise without a request.
fn class(settlement: &Settlement) -> Option<usize> {
    match &settlement.attempt.exchange {
        Some(exchange) => Some(match (exchange.outcome, exchange.status) {
            (Outcome::Answered, Some(200..=299)) => 0,
            (Outcome::Answered, _) => 1,
            _ => 2,
        }),
        None => matches!(settlement.next, Next::Ended { state: DeliveryState::Skipped, .. }).then_some(2),
    }
}

/// Tallies of a hook by event name, from the day of `since` on.
pub(crate) fn of_hook(conn: &Connection, hook: HookId, since: Timestamp) -> Done<Vec<Tally>> {
    // Attempt ids rise with time, so the greatest is the newest.
    let sql = "SELECT kind, sum(successes), sum(failures), sum(errors), max(last_success), max(last_failure),
            max(last_error)
        FROM tallies WHERE hook_id = ?1 AND day >= ?2 GROUP BY kind ORDER BY kind";
    all(conn, sql, [hook.0, day(since)], |row| {
        let id =
            |at: usize| -> rusqlite::Result<Option<AttemptId>> { Ok(row.get::<_, Option<i64>>(at)?.map(AttemptId)) };
        Ok(Tally {
            kind: row.get(0)?,
            successes: row.get(1)?,
            failures: row.get(2)?,
            errors: row.get(3)?,
            last_success: id(4)?,
            last_failure: id(5)?,
            last_error: id(6)?,
        })
    })
}
