//! Topics, and what is remembered of the last time each was fetched.

use std::sync::Arc;

use domain::directory::Change;
use domain::id::{EventId, HookId, RepositoryId, TaskId, TopicId};
use domain::rules::target::TargetUrl;
use domain::task::{Denial, Job, NewTask};
use domain::time::Timestamp;
use domain::topic::{Page, Topic, TopicState};
use rusqlite::{Connection, Row, params};

use super::rows::{all, maybe_moment, moment, one};
use super::writer::Tx;
use super::{hooks, jobs, tasks};
use crate::error::{Done, corrupt};

/// Subscriptions ended in one transaction: others are publishing meanwhile (N-9).
pub(crate) const STEP: usize = 500;

const TOPIC: &str = "SELECT id, url, repository_id, page, latest_event, created_at FROM topics";

fn topic(row: &Row<'_>) -> Done<Topic> {
    let id: i64 = row.get(0)?;
    let page = match (row.get::<_, Option<i64>>(2)?, row.get::<_, Option<String>>(3)?) {
        (Some(repository), Some(name)) => Some(Page { repository: RepositoryId(repository), name }),
        (None, None) => None,
        _ => return Err(corrupt("topics", id, "half of its page is missing")),
    };
    Ok(Topic {
        id: TopicId(id),
        url: row.get(1)?,
        page,
        latest: row.get::<_, Option<i64>>(4)?.map(EventId),
        created_at: moment(row, 5)?,
    })
}

/// All topics, for the directory.
pub(crate) fn load(conn: &Connection) -> Done<Vec<Change>> {
    all(conn, TOPIC, [], |row| Ok(Change::Topic(Arc::new(topic(row)?))))
}

fn announce(tx: &mut Tx<'_>, id: TopicId) -> Done<Arc<Topic>> {
    let topic = Arc::new(one(tx.conn, &format!("{TOPIC} WHERE id = ?1"), [id.0], topic)?);
    tx.effects.changes.push(Change::Topic(topic.clone()));
    Ok(topic)
}

/// The topic of that URL, made if there is none. A URL that has come to name another page is followed.
pub(crate) fn ensure(tx: &mut Tx<'_>, url: &str, page: Option<&Page>, now: Timestamp) -> Done<Arc<Topic>> {
    let sql = "INSERT INTO topics (url, repository_id, page, created_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (url) DO UPDATE SET repository_id = excluded.repository_id, page = excluded.page RETURNING id";
    let repository = page.map(|page| page.repository.0);
    let name = page.map(|page| &page.name);
    let id = one(tx.conn, sql, params![url, repository, name, now.as_micros()], |row| Ok(TopicId(row.get(0)?)))?;
    announce(tx, id)
}

/// What is remembered of the last time it was fetched.
pub(crate) fn state(conn: &Connection, id: TopicId) -> Done<TopicState> {
    let sql = "SELECT etag, last_modified, hash, entries, fetched_at FROM topics WHERE id = ?1";
    one(conn, sql, [id.0], |row| {
        Ok(TopicState {
            etag: row.get(0)?,
            last_modified: row.get(1)?,
            hash: row.get(2)?,
            entries: row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default(),
            fetched_at: maybe_moment(row, 4)?.unwrap_or_default(),
        })
    })
}

/// Remembers a fetch.
pub(crate) fn note_fetch(conn: &Connection, id: TopicId, state: &TopicState) -> Done<()> {
    let sql = "UPDATE topics SET etag = ?2, last_modified = ?3, hash = ?4, entries = ?5, fetched_at = ?6 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![
        id.0,
        state.etag,
        state.last_modified,
        state.hash,
        state.entries,
        state.fetched_at.as_micros(),
    ])?;
    Ok(())
}

/// Notes that a topic was asked for, whatever came of it: pings must not make a topic that fails be fetched more often.
pub(crate) fn note_asked(conn: &Connection, task: TaskId, at: Timestamp) -> Done<()> {
    let sql = "UPDATE topics SET fetched_at = ?2 WHERE id = (SELECT topic_id FROM tasks WHERE id = ?1 AND kind = ?3)";
    conn.prepare_cached(sql)?.execute(params![task.0, at.as_micros(), jobs::FETCH])?;
    Ok(())
}

/// Notes the event that brought the newest whole content.
pub(crate) fn note_latest(tx: &mut Tx<'_>, id: TopicId, event: EventId) -> Done<()> {
    let sql = "UPDATE topics SET latest_event = ?2 WHERE id = ?1 AND coalesce(latest_event, 0) < ?2";
    if tx.conn.prepare_cached(sql)?.execute([id.0, event.0])? == 1 {
        announce(tx, id)?;
    }
    Ok(())
}

/// Deletes some subscriptions whose lease has ended.
pub(crate) fn purge_lapsed(tx: &mut Tx<'_>, now: Timestamp) -> Done<usize> {
    let sql = "DELETE FROM hooks WHERE id IN
        (SELECT id FROM hooks WHERE expires_at IS NOT NULL AND expires_at <= ?1 LIMIT ?2) RETURNING id";
    let gone = all(tx.conn, sql, params![now.as_micros(), STEP], |row| Ok(HookId(row.get(0)?)))?;
    for hook in &gone {
        hooks::forgotten(tx, *hook)?;
    }
    Ok(gone.len())
}

/// Deletes some subscriptions of a topic; each subscriber is told why, if there is a reason to tell.
pub(crate) fn end(tx: &mut Tx<'_>, id: TopicId, denial: Option<&str>, now: Timestamp) -> Done<usize> {
    let sql = "DELETE FROM hooks WHERE id IN (SELECT id FROM hooks WHERE topic_id = ?1 LIMIT ?2)
        RETURNING id, url";
    let gone = all(tx.conn, sql, params![id.0, STEP], |row| {
        Ok((HookId(row.get(0)?), row.get::<_, Option<String>>(1)?.map(TargetUrl::trusted)))
    })?;
    let topic = one(tx.conn, &format!("{TOPIC} WHERE id = ?1"), [id.0], topic)?;
    for (hook, callback) in &gone {
        hooks::forgotten(tx, *hook)?;
        if let (Some(reason), Some(callback)) = (denial, callback) {
            let denial = Denial { topic: topic.url.clone(), callback: callback.clone(), reason: reason.to_owned() };
            tasks::insert(tx, &NewTask::now(Job::Deny(denial), now))?;
        }
    }
    Ok(gone.len())
}

/// Forgets topics that nobody subscribes to and nothing is to be done for.
pub(crate) fn purge(tx: &mut Tx<'_>) -> Done<usize> {
    let sql = "DELETE FROM topics WHERE NOT EXISTS (SELECT 1 FROM hooks WHERE topic_id = topics.id)
        AND NOT EXISTS (SELECT 1 FROM tasks WHERE topic_id = topics.id) RETURNING id";
    let gone = all(tx.conn, sql, [], |row| Ok(TopicId(row.get(0)?)))?;
    tx.effects.changes.extend(gone.iter().copied().map(Change::TopicGone));
    Ok(gone.len())
}

/// The subscription of that topic and callback.
pub(crate) fn subscription(conn: &Connection, id: TopicId, callback: &TargetUrl) -> Done<Option<HookId>> {
    let sql = "SELECT id FROM hooks WHERE topic_id = ?1 AND url = ?2";
    Ok(all(conn, sql, params![id.0, callback.as_str()], |row| Ok(HookId(row.get(0)?)))?.pop())
}
