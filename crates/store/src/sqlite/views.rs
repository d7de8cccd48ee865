//! What people look at.

use async_trait::async_trait;
use domain::attempt::Exchange;
use domain::delivery::DeliveryState;
use domain::event::Event;
use domain::id::{AttemptId, EventId, HookId, RepositoryId};
use domain::ports::{AttemptFilter, AttemptRow, Conservation, Stored, Tally, Views};
use domain::rules::breaker::Breaker;
use domain::stream::Stream;
use domain::time::Timestamp;
use rusqlite::Connection;

use super::codes::{Coded, flag};
use super::events::maybe;
use super::rows::{all, one};
use super::{Sqlite, attempts, breakers, streams, tally};
use crate::error::{Done, corrupt};

/// The counts of P3, in one query and so of one moment.
///
/// Every planned delivery is counted where it is found: ended in the log, or open in the queue, or open and fresh:
/// above the mark or a straggler, with neither. One that is found nowhere, or twice, breaks the sum.
const CONSERVATION: &str = "
    WITH RECURSIVE fresh (delivery, more) AS (
        SELECT id + 16, planned - 1 FROM events, node WHERE id > fresh_mark AND planned > 0
        UNION ALL
        SELECT id + 16, planned - 1 FROM events, node
        WHERE id IN (SELECT event_id FROM stragglers) AND id <= fresh_mark AND planned > 0
        UNION ALL
        SELECT delivery + 16, more - 1 FROM fresh WHERE more > 0)
    SELECT -1, (SELECT coalesce(sum(planned), 0) FROM events) + (SELECT count(*) FROM redeliveries)
    UNION ALL
    SELECT state, count(*) FROM attempts WHERE state <> ?1 AND (flags & ?2) = 0 GROUP BY state
    UNION ALL
    SELECT ?1, count(*) FROM queue
    UNION ALL
    SELECT ?1, count(*) FROM fresh
    WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE delivery_id = delivery AND number = 1 AND (flags & 6) = 0)
        AND NOT EXISTS (SELECT 1 FROM attempts
            WHERE delivery_id = delivery AND NOT (number = 1 AND (flags & 6) = 0))
        AND NOT EXISTS (SELECT 1 FROM queue WHERE delivery_id = delivery)";

/// Queue rows of a hook: each half has an index of its own.
pub(crate) const QUEUED: &str = "
    SELECT (SELECT count(*) FROM queue WHERE epoch IS NULL AND hook_id = ?1)
        + (SELECT count(*) FROM queue WHERE epoch IS NOT NULL AND hook_id = ?1)";

/// Attempts of a hook.
const ATTEMPTS: &str = "SELECT count(*) FROM attempts WHERE hook_id = ?1 AND outcome IS NOT NULL";

fn conservation(conn: &Connection) -> Done<Conservation> {
    let params = [DeliveryState::Open.code(), flag::LATE];
    let counts = all(conn, CONSERVATION, params, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?)))?;
    let mut sums = Conservation { planned: 0, by_state: DeliveryState::ALL.map(|state| (state, 0)).to_vec() };
    for (code, count) in counts {
        if code < 0 {
            sums.planned = count;
            continue;
        }
        let state: DeliveryState = Coded::of_code(code).ok_or_else(|| corrupt("attempts", 0, "unknown state"))?;
        for (known, sum) in &mut sums.by_state {
            if *known == state {
                *sum += count;
            }
        }
    }
    Ok(sums)
}

#[async_trait]
impl Views for Sqlite {
    async fn attempts_of(&self, hook: HookId, filter: AttemptFilter, limit: usize) -> Stored<Vec<AttemptRow>> {
        let shared = self.shared.clone();
        self.read(move |conn| attempts::of_hook(conn, &shared, hook, &filter, limit)).await
    }

    async fn count_attempts_of(&self, hook: HookId) -> Stored<u64> {
        self.read(move |conn| one(conn, ATTEMPTS, [hook.0], |row| Ok(row.get(0)?))).await
    }

    async fn attempt(&self, id: AttemptId) -> Stored<Option<AttemptRow>> {
        let shared = self.shared.clone();
        self.read(move |conn| maybe(attempts::find(conn, &shared, id))).await
    }

    async fn last_exchanges(&self, hooks: &[HookId]) -> Stored<Vec<(HookId, Exchange)>> {
        let hooks = hooks.to_vec();
        self.read(move |conn| attempts::last_exchanges(conn, &hooks)).await
    }

    async fn tallies(&self, hook: HookId, since: Timestamp) -> Stored<Vec<Tally>> {
        self.read(move |conn| tally::of_hook(conn, hook, since)).await
    }

    async fn conservation(&self) -> Stored<Conservation> {
        self.read(conservation).await
    }

    async fn queued(&self, hook: HookId) -> Stored<u64> {
        self.read(move |conn| one(conn, QUEUED, [hook.0], |row| Ok(row.get(0)?))).await
    }

    async fn breakers_of(&self, hooks: &[HookId]) -> Stored<Vec<(HookId, Breaker)>> {
        let hooks = hooks.to_vec();
        self.read(move |conn| breakers::of_hooks(conn, &hooks)).await
    }

    async fn stream(
        &self,
        repository: RepositoryId,
        stream: &Stream,
        up_to: Option<EventId>,
        limit: usize,
    ) -> Stored<Vec<Event>> {
        let stream = stream.clone();
        self.read(move |conn| streams::newest(conn, repository, &stream, up_to, limit)).await
    }
}
