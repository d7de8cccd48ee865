//! Breakers: noted with the settlement that changed them (D-11), read at the start and by people (D-20).

use std::collections::BTreeMap;

use domain::attempt::{BreakerStep, Settlement};
use domain::id::HookId;
use domain::rules::breaker::Breaker;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::rows::{all, maybe_moment};
use super::writer::Tx;
use crate::error::Done;

/// Breakers of hooks as they are now; those of earlier versions do not count, and closed ones tell nothing.
const BREAKERS: &str = "SELECT hook_id, b.version, failures, open_until, healed FROM breakers AS b
    JOIN hooks ON hooks.id = hook_id AND hooks.version = b.version
    WHERE (failures > 0 OR open_until IS NOT NULL OR healed IS NOT NULL)";

/// The last observations of a batch, by hook.
#[derive(Default)]
pub(crate) struct Steps(BTreeMap<HookId, BreakerStep>);

impl Steps {
    /// Takes the step of a settlement that was not late.
    pub(crate) fn take(&mut self, settlement: &Settlement) {
        let Some(step) = settlement.breaker else { return };
        let last = self.0.entry(settlement.attempt.hook).or_insert(step);
        if (step.version, step.step) > (last.version, last.step) {
            *last = step;
        }
    }

    /// Notes them. Steps count from the start of a process, so one of a later epoch is later whatever its number.
    pub(crate) fn note(&self, tx: &Tx<'_>) -> Done<()> {
        let sql = "INSERT INTO breakers (hook_id, version, epoch, step, failures, open_until, healed)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM hooks WHERE id = ?1 AND version = ?2)
            ON CONFLICT (hook_id) DO UPDATE SET version = excluded.version, epoch = excluded.epoch,
                step = excluded.step, failures = excluded.failures, open_until = excluded.open_until,
                healed = excluded.healed
            WHERE (excluded.version, excluded.epoch, excluded.step) > (version, epoch, step)";
        for (hook, BreakerStep { version, step, breaker }) in &self.0 {
            tx.conn.prepare_cached(sql)?.execute(params![
                hook.0,
                version,
                tx.fresh.epoch(),
                step,
                breaker.failures,
                breaker.open_until.map(Timestamp::as_micros),
                breaker.healed,
            ])?;
        }
        Ok(())
    }
}

/// The hook was edited: its breaker is closed.
pub(crate) fn reset(conn: &Connection, hook: HookId) -> Done<()> {
    conn.prepare_cached("DELETE FROM breakers WHERE hook_id = ?1")?.execute([hook.0])?;
    Ok(())
}

fn breaker(row: &Row<'_>) -> Done<(HookId, u32, Breaker)> {
    let breaker = Breaker { failures: row.get(2)?, open_until: maybe_moment(row, 3)?, healed: row.get(4)? };
    Ok((HookId(row.get(0)?), row.get(1)?, breaker))
}

/// All that are not closed, or have failures.
pub(crate) fn all_troubled(conn: &Connection) -> Done<Vec<(HookId, u32, Breaker)>> {
    all(conn, BREAKERS, [], breaker)
}

/// Those of these hooks.
pub(crate) fn of_hooks(conn: &Connection, hooks: &[HookId]) -> Done<Vec<(HookId, Breaker)>> {
    let sql = format!("{BREAKERS} AND hook_id = ?1");
    let mut found = Vec::new();
    for hook in hooks {
        let one = all(conn, &sql, [hook.0], breaker)?;
        found.extend(one.into_iter().map(|(hook, _, breaker)| (hook, breaker)));
    }
    Ok(found)
}
