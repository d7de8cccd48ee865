//! The hub's tasks: put down, claimed, ended with what follows from them in one transaction.

use async_trait::async_trait;
use domain::event::DedupeKey;
use domain::hook::HookConflict;
use domain::id::{EventId, TaskId, TopicId};
use domain::ports::{HubBacklog, MaxPending, StoreError, Stored, Tasks};
use domain::rules::target::TargetUrl;
use domain::task::{Effect, Job, NewTask, Task, TaskEnd, TaskNext, TaskNote};
use domain::time::Timestamp;
use domain::topic::{Page, Topic, TopicState};
use rusqlite::{Connection, Row, params};

use super::rows::{all, maybe_moment, moment};
use super::writer::Tx;
use super::{Shared, Sqlite, events, hooks, jobs, notes, topics};
use crate::error::{Done, Failure};
use crate::vault::Spot;

/// Tasks of one callback host under way at once.
const MAX_CLAIMED_PER_HOST: u32 = 4;
/// A task recovered that often is dropped: it may be what crashes the server (D-13).
const MAX_RECOVERIES: u32 = 5;
/// How far ahead a lease counts as ending soon.
const SOON: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Claims the next task that may run. What is under way is few, and looked at once, not for each of the many that wait.
pub(crate) const CLAIM: &str = "UPDATE tasks SET epoch = ?1 WHERE id = (
            SELECT id FROM tasks WHERE epoch IS NULL AND due_at <= ?2
            AND NOT (kind = ?3 AND topic_id IN (SELECT topic_id FROM tasks WHERE epoch IS NOT NULL AND kind = ?3))
            AND (host IS NULL OR host NOT IN (SELECT host FROM tasks
                WHERE epoch IS NOT NULL AND host IS NOT NULL GROUP BY host HAVING count(*) >= ?4))
            ORDER BY due_at, id LIMIT 1)
        RETURNING id, kind, topic_id, event_id, requested_at, attempts, sealed";

fn spot(id: i64) -> Spot<'static> {
    Spot { table: "tasks", column: "sealed", row: id, owner: 0 }
}

/// Puts a task down.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewTask) -> Done<()> {
    let parts = jobs::parts(&new.job)?;
    let sql =
        "INSERT INTO tasks (kind, pair, about, host, topic_id, event_id, requested_at, due_at, attempts, recoveries)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0)";
    tx.conn.prepare_cached(sql)?.execute(params![
        parts.kind,
        parts.pair.as_ref().map(|pair| &pair.0[..]),
        parts.about,
        parts.host,
        parts.topic.map(|topic| topic.0),
        parts.event.map(|event| event.0),
        new.requested_at.as_micros(),
        new.due_at.as_micros(),
    ])?;
    if let Some(plain) = parts.sealed {
        // The row comes first: its id is part of what it is sealed with.
        let id = tx.conn.last_insert_rowid();
        let unusable = || StoreError::Unavailable("the current key cannot seal".to_owned());
        let sealed = tx.shared.vault.seal(&spot(id), plain.expose()).ok_or_else(unusable)?;
        tx.conn.prepare_cached("UPDATE tasks SET sealed = ?2 WHERE id = ?1")?.execute(params![id, sealed])?;
    }
    tx.effects.errands.push(new.due_at);
    Ok(())
}

/// Puts a task down under the rules for its kind.
fn enqueue(tx: &mut Tx<'_>, new: &NewTask, max: MaxPending) -> Done<()> {
    let parts = jobs::parts(&new.job)?;
    if let Some(DedupeKey(pair)) = &parts.pair {
        // The newest request counts, also over one that is being verified: that one finds itself gone.
        tx.conn.prepare_cached("DELETE FROM tasks WHERE pair = ?1")?.execute([&pair[..]])?;
        let waiting =
            "SELECT (SELECT count(*) FROM tasks WHERE host = ?1), (SELECT count(*) FROM tasks WHERE about = ?2)";
        let read = |row: &Row<'_>| Ok((row.get::<_, usize>(0)?, row.get::<_, usize>(1)?));
        let (of_host, of_topic) = super::rows::one(tx.conn, waiting, params![parts.host, parts.about], read)?;
        if of_host >= max.per_host || of_topic >= max.per_topic {
            let full = HookConflict::TooMany { events: Vec::new(), limit: max.per_host.min(max.per_topic) };
            return Err(StoreError::Conflict(full).into());
        }
    }
    if let Job::FetchTopic(topic) = new.job {
        // One that waits for a retry need not wait any longer: the publisher says that there is something now.
        let sql = "UPDATE tasks SET due_at = min(due_at, ?3) WHERE topic_id = ?1 AND kind = ?2 AND epoch IS NULL";
        let joined = tx.conn.prepare_cached(sql)?.execute(params![topic.0, parts.kind, new.due_at.as_micros()])?;
        if joined > 0 {
            tx.effects.errands.push(new.due_at);
            return Ok(());
        }
    }
    insert(tx, new)
}

fn is_pending(conn: &Connection, pair: &DedupeKey) -> Done<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tasks WHERE pair = ?1)";
    super::rows::one(conn, sql, [&pair.0[..]], |row| Ok(row.get(0)?))
}

fn task(row: &Row<'_>, shared: &Shared, epoch: i64) -> Done<Task> {
    let id: i64 = row.get(0)?;
    let sealed: Option<Vec<u8>> = row.get(6)?;
    let unopened = |why| crate::error::corrupt("tasks", id, &format!("sealed {why}"));
    let plain = sealed.map(|sealed| shared.vault.open(&spot(id), &sealed).map_err(unopened)).transpose()?;
    let topic = row.get::<_, Option<i64>>(2)?.map(TopicId);
    let event = row.get::<_, Option<i64>>(3)?.map(EventId);
    let job = jobs::read(row.get(1)?, topic, event, plain.as_ref());
    Ok(Task {
        id: TaskId(id),
        job: job.ok_or_else(|| crate::error::corrupt("tasks", id, "no job"))?,
        attempts: row.get(5)?,
        requested_at: moment(row, 4)?,
        epoch,
    })
}

fn claim(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> Done<Vec<Task>> {
    let epoch = tx.fresh.epoch();
    let params = params![epoch, now.as_micros(), jobs::FETCH, MAX_CLAIMED_PER_HOST];
    let mut claimed = Vec::new();
    for _ in 0..limit {
        // A task that cannot be read stays claimed, is tried again after each restart and dropped in the end (D-13).
        let found = all(tx.conn, CLAIM, params, |row| Ok(task(row, tx.shared, epoch)))?;
        match found.into_iter().next() {
            None => break,
            Some(Ok(task)) => claimed.push(task),
            Some(Err(failure)) => tracing::error!(%failure, "a task cannot be read: {failure}"),
        }
    }
    Ok(claimed)
}

/// Ends one try. `false`: the task is no longer there, or no longer ours.
fn end(tx: &mut Tx<'_>, mut end: TaskEnd) -> Done<bool> {
    topics::note_asked(tx.conn, end.task, end.note.at)?;
    let mine = match end.next {
        TaskNext::Done => {
            let sql = "DELETE FROM tasks WHERE id = ?1 AND epoch = ?2";
            tx.conn.prepare_cached(sql)?.execute([end.task.0, end.epoch])?
        }
        TaskNext::RetryAt(due) => {
            let sql = "UPDATE tasks SET epoch = NULL, attempts = attempts + 1, recoveries = 0, due_at = ?3
                WHERE id = ?1 AND epoch = ?2";
            tx.effects.errands.push(due);
            tx.conn.prepare_cached(sql)?.execute([end.task.0, end.epoch, due.as_micros()])?
        }
    } == 1;
    if mine {
        for effect in end.effects {
            follow(tx, effect, end.note.at)?;
        }
    } else {
        "superseded".clone_into(&mut end.note.outcome);
    }
    notes::write(tx.conn, &end.note)?;
    Ok(mine)
}

fn follow(tx: &mut Tx<'_>, effect: Effect, now: Timestamp) -> Done<()> {
    match effect {
        Effect::Subscribe(new) => hooks::subscribe(tx, *new, now),
        Effect::Unsubscribe(topic, callback) => match topics::subscription(tx.conn, topic, &callback)? {
            Some(hook) => hooks::remove(tx, hook),
            None => Ok(()),
        },
        Effect::Enqueue(task) => insert(tx, &task),
        Effect::Fetched(topic, state) => topics::note_fetch(tx.conn, topic, &state),
        Effect::Content { topic, event, supersedes } => {
            let accepted = events::accept_within(tx, *event)?;
            if supersedes && !accepted.duplicate {
                topics::note_latest(tx, topic, accepted.id)?;
            }
            Ok(())
        }
    }
}

/// Frees tasks that were claimed under earlier epochs; drops those that were so too often.
pub(crate) fn recover(tx: &mut Tx<'_>, now: Timestamp) -> Done<()> {
    let epoch = tx.fresh.epoch();
    let poison = "DELETE FROM tasks WHERE epoch IS NOT NULL AND epoch < ?1 AND recoveries + 1 >= ?2";
    let dropped = tx.conn.prepare_cached(poison)?.execute(params![epoch, MAX_RECOVERIES])?;
    if dropped > 0 {
        tracing::error!(dropped, "tasks that were under way at five crashes were dropped");
    }
    let free = "UPDATE tasks SET epoch = NULL, recoveries = recoveries + 1, due_at = ?2
        WHERE epoch IS NOT NULL AND epoch < ?1";
    if tx.conn.prepare_cached(free)?.execute([epoch, now.as_micros()])? > 0 {
        tx.effects.errands.push(now);
    }
    Ok(())
}

fn next(conn: &Connection) -> Done<Option<Timestamp>> {
    let sql = "SELECT min(due_at) FROM tasks WHERE epoch IS NULL";
    Ok(all(conn, sql, [], |row| Ok(maybe_moment(row, 0)?))?.pop().flatten())
}

fn backlog(conn: &Connection, now: Timestamp) -> Done<HubBacklog> {
    let sql = "SELECT (SELECT count(*) FROM tasks),
        (SELECT count(*) FROM tasks WHERE epoch IS NOT NULL),
        (SELECT count(*) FROM hooks WHERE expires_at > ?1 AND expires_at <= ?2)";
    let soon = now.plus(SOON);
    let read = |row: &Row<'_>| Ok(HubBacklog { tasks: row.get(0)?, under_way: row.get(1)?, expiring: row.get(2)? });
    super::rows::one(conn, sql, [now.as_micros(), soon.as_micros()], read)
}

impl Sqlite {
    /// Repeats a step that handles at most [`topics::STEP`] rows until it finds fewer.
    async fn in_steps(&self, step: impl Fn(&mut Tx<'_>) -> Done<usize> + Clone + Send + Sync + 'static) -> Stored<u64> {
        let mut total = 0;
        loop {
            let step = step.clone();
            let done = self.change(move |tx| step(tx)).await?;
            total += done as u64;
            if done < topics::STEP {
                return Ok(total);
            }
        }
    }
}

#[async_trait]
impl Tasks for Sqlite {
    async fn ensure_topic(&self, url: &str, page: Option<Page>, now: Timestamp) -> Stored<std::sync::Arc<Topic>> {
        if let Some(topic) = self.shared.directory.topic(url)
            && topic.page == page
        {
            return Ok(topic);
        }
        let url = url.to_owned();
        self.change(move |tx| topics::ensure(tx, &url, page.as_ref(), now)).await
    }

    async fn topic_state(&self, topic: TopicId) -> Stored<TopicState> {
        self.read(move |conn| topics::state(conn, topic)).await
    }

    async fn enqueue(&self, task: NewTask, max: MaxPending) -> Stored<()> {
        if self.shared.space.is_low() {
            return Err(StoreError::Full);
        }
        self.change(move |tx| enqueue(tx, &task, max)).await
    }

    async fn is_pending(&self, topic: &str, callback: &TargetUrl) -> Stored<bool> {
        let pair = DedupeKey::of(topic, callback.as_str());
        self.read(move |conn| is_pending(conn, &pair)).await
    }

    async fn claim_tasks(&self, now: Timestamp, limit: usize) -> Stored<Vec<Task>> {
        self.change(move |tx| claim(tx, now, limit)).await
    }

    async fn next_task(&self) -> Stored<Option<Timestamp>> {
        self.read(next).await
    }

    async fn end_task(&self, ended: TaskEnd) -> Stored<bool> {
        let brings_content = ended.effects.iter().any(|effect| matches!(effect, Effect::Content { .. }));
        if brings_content && self.shared.space.is_low() {
            return Err(StoreError::Full);
        }
        self.change(move |tx| end(tx, ended)).await
    }

    async fn purge_lapsed(&self, now: Timestamp) -> Stored<u64> {
        self.in_steps(move |tx| topics::purge_lapsed(tx, now)).await
    }

    async fn end_topic(&self, topic: TopicId, denial: Option<String>, now: Timestamp) -> Stored<u64> {
        self.in_steps(move |tx| topics::end(tx, topic, denial.as_deref(), now)).await
    }

    async fn purge_topics(&self) -> Stored<u64> {
        Ok(self.change(topics::purge).await? as u64)
    }

    async fn task_notes(&self, topic: Option<&str>, before: Option<i64>, limit: usize) -> Stored<Vec<(i64, TaskNote)>> {
        let topic = topic.map(str::to_owned);
        self.read(move |conn| notes::read(conn, topic.as_deref(), before, limit)).await
    }

    async fn hub_backlog(&self, now: Timestamp) -> Stored<HubBacklog> {
        self.read(move |conn| backlog(conn, now)).await
    }
}

/// `Failure` for a job that cannot be written down.
pub(crate) fn unwritable(error: &serde_json::Error) -> Failure {
    StoreError::Unavailable(format!("a task cannot be written: {error}")).into()
}
