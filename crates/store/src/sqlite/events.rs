//! Events: accepted in one transaction with their plan (D-1), found again by (source, id) (D-6), read for the log.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::delivery::{Outgoing, delivery_ids};
use domain::event::{Accepted, DedupeKey, Event, NewEvent, Place, payload_hash};
use domain::id::{AccountId, CiAppId, DeliveryId, EventId, ID_STRIDE, RepositoryId};
use domain::ports::{Events, StoreError, Stored};
use domain::task::{Job, NewTask};
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::inbox::{Care, Terms};
use super::queue::{NewRow, insert_row};
use super::rows::{all, maybe_moment, moment, one, uid};
use super::writer::{Ring, Tx};
use super::{Shared, Sqlite, tasks};
use crate::error::{Done, Failure, corrupt};
use crate::plan;

const EVENT: &str = "SELECT id, uid, accepted_at, account_id, repository_id, kind, source, ce_id, subject,
    occurred_at, content_type, data, ci_app_id FROM events";

/// What the caller's thread prepares, so that the writer need not.
struct Prepared {
    new: NewEvent,
    dedupe: DedupeKey,
    hash: [u8; 16],
    plan: Vec<u8>,
    bodies: Option<Bytes>,
    /// Bytes its messages hold in memory.
    held: usize,
}

impl Prepared {
    fn new(new: NewEvent) -> Self {
        let bodies = plan::join_bodies(&new.plan);
        let passed = new.plan.messages.iter().find(|message| message.passed_through);
        let held = passed.map_or(0, |message| message.body.len()) + bodies.as_ref().map_or(0, Bytes::len);
        Self {
            dedupe: DedupeKey::of(&new.source, &new.ce_id),
            hash: payload_hash(&new.data),
            plan: plan::encode(&new.plan),
            bodies,
            held,
            new,
        }
    }

    /// Payload bytes it brings into the transaction.
    fn bytes(&self) -> usize {
        self.new.data.len() + self.plan.len() + self.bodies.as_ref().map_or(0, Bytes::len)
    }
}

/// As [`Events::accept`], as part of another command. A failure half-way spoils the transaction.
pub(crate) fn accept_within(tx: &mut Tx<'_>, new: NewEvent) -> Done<Accepted> {
    accept(tx, Prepared::new(new))
}

/// Writes an event, asks for places in the lanes, and queues what got none. Without a savepoint: the one statement that
/// can be refused alone comes first, and whatever fails after it spoils the transaction.
fn accept(tx: &mut Tx<'_>, prepared: Prepared) -> Done<Accepted> {
    let count = prepared.new.plan.deliveries.len();
    let id = tx.shared.ids.reserve(prepared.new.accepted_at, 1 + count);
    if !insert(tx.conn, id, &prepared)? {
        return first_one(tx.conn, &prepared);
    }
    tx.spoilt = true;
    let accepted = follow_plan(tx, EventId(id), prepared)?;
    tx.spoilt = false;
    Ok(accepted)
}

/// `false`: the (source, id) pair is taken; the unique index is the arbiter (D-6).
fn insert(conn: &Connection, id: i64, prepared: &Prepared) -> Done<bool> {
    let sql =
        "INSERT INTO events (id, uid, dedupe, payload_hash, planned, accepted_at, account_id, repository_id, kind,
        source, ce_id, subject, occurred_at, content_type, plan, data, bodies, ci_app_id, hops)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
        ON CONFLICT (dedupe) DO NOTHING";
    let new = &prepared.new;
    let written = conn.prepare_cached(sql)?.execute(params![
        id,
        &new.uid.0.as_bytes()[..],
        &prepared.dedupe.0[..],
        &prepared.hash[..],
        new.plan.deliveries.len(),
        new.accepted_at.as_micros(),
        new.place.account.0,
        new.place.repository.map(|id| id.0),
        new.kind,
        new.source,
        new.ce_id,
        new.subject,
        new.occurred_at.map(Timestamp::as_micros),
        new.content_type,
        prepared.plan,
        &new.data[..],
        prepared.bodies.as_deref(),
        new.place.app.map(|id| id.0),
        new.hops,
    ])?;
    Ok(written == 1)
}

/// The answer to a repeat (D-6).
fn first_one(conn: &Connection, prepared: &Prepared) -> Done<Accepted> {
    let sql = "SELECT id, uid, planned, payload_hash FROM events WHERE dedupe = ?1";
    one(conn, sql, [&prepared.dedupe.0[..]], |row| {
        let hash: [u8; 16] = row.get(3)?;
        Ok(Accepted {
            id: EventId(row.get(0)?),
            uid: uid(row, 1)?,
            deliveries: row.get(2)?,
            duplicate: true,
            differs: hash != prepared.hash,
        })
    })
}

fn follow_plan(tx: &mut Tx<'_>, event: EventId, prepared: Prepared) -> Done<Accepted> {
    let Prepared { new, held, .. } = prepared;
    let deliveries = new.plan.deliveries;
    let accepted = Accepted { id: event, uid: new.uid, deliveries: deliveries.len(), duplicate: false, differs: false };
    tx.effects.last_event = Some(event);
    if new.moves_refs
        && let Some(repository) = new.place.repository
    {
        tx.effects.pushed.push((repository, new.accepted_at));
    }
    for topic in new.topics {
        tasks::insert(tx, &NewTask::now(Job::TellTopic(topic, event), new.accepted_at))?;
    }
    if deliveries.is_empty() {
        return Ok(accepted);
    }
    let first = DeliveryId(event.0 + ID_STRIDE);
    let admitted = match tx.bell {
        Some(bell) => bell.admit(&deliveries, held),
        None => vec![false; deliveries.len()],
    };
    let outgoing = Arc::new(Outgoing {
        event,
        place: new.place,
        accepted_at: new.accepted_at,
        content_type: new.content_type.into(),
        messages: new.plan.messages,
        direct: new.plan.direct,
        hops: new.hops,
    });
    // From here on the places are given back if the transaction fails.
    tx.effects.rings.push(Ring { deliveries, bytes: held, admitted, first, outgoing });
    let Some(ring) = tx.effects.rings.last() else { return Ok(accepted) };
    let placed = delivery_ids(first, ring.deliveries.len()).zip(&ring.deliveries).zip(&ring.admitted);
    for ((delivery, planned), _) in placed.filter(|(_, admitted)| !**admitted) {
        let row = NewRow {
            delivery,
            event,
            hook: planned.hook,
            message: planned.message,
            attempts: 0,
            earlier: 0,
            recoveries: 0,
            redelivery: false,
            by_hand: ring.outgoing.direct,
            due: new.accepted_at,
        };
        insert_row(tx.conn, &row)?;
        let queued = if row.by_hand { &mut tx.effects.asked } else { &mut tx.effects.dues };
        queued.push((planned.hook, new.accepted_at));
    }
    Ok(accepted)
}

/// A row of the thirteen columns of [`EVENT`]; data that is NULL is empty.
pub(super) fn event(row: &Row<'_>) -> Done<Event> {
    Ok(Event {
        id: EventId(row.get(0)?),
        uid: uid(row, 1)?,
        accepted_at: moment(row, 2)?,
        place: Place {
            account: AccountId(row.get(3)?),
            repository: row.get::<_, Option<i64>>(4)?.map(RepositoryId),
            app: row.get::<_, Option<i64>>(12)?.map(CiAppId),
        },
        kind: row.get(5)?,
        source: row.get(6)?,
        ce_id: row.get(7)?,
        subject: row.get(8)?,
        occurred_at: maybe_moment(row, 9)?,
        content_type: row.get(10)?,
        data: row.get::<_, Option<Vec<u8>>>(11)?.unwrap_or_default().into(),
    })
}

/// The messages of an event with their bodies.
pub(crate) fn load_outgoing(conn: &Connection, shared: &Shared, id: EventId) -> Done<Arc<Outgoing>> {
    let sql = "SELECT accepted_at, plan, data, bodies, account_id, repository_id, content_type, ci_app_id, hops
            FROM events WHERE id = ?1";
    one(conn, sql, [id.0], |row| {
        let stored = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let unreadable = |why: plan::Unreadable| -> Failure { corrupt("events", id.0, &why.to_string()) };
        let (head, _) = plan::head(stored).map_err(unreadable)?;
        let data = row.get::<_, Vec<u8>>(2)?.into();
        let bodies = row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default().into();
        let messages = plan::messages(&head, &data, &bodies, &shared.dialects).map_err(unreadable)?;
        let repository = row.get::<_, Option<i64>>(5)?.map(RepositoryId);
        let app = row.get::<_, Option<i64>>(7)?.map(CiAppId);
        let place = Place { account: AccountId(row.get(4)?), repository, app };
        Ok(Arc::new(Outgoing {
            event: id,
            place,
            accepted_at: moment(row, 0)?,
            content_type: row.get::<_, String>(6)?.into(),
            messages,
            direct: head.direct,
            hops: row.get(8)?,
        }))
    })
}

/// `NotFound` is an answer, too.
pub(crate) fn maybe<T>(found: Done<T>) -> Done<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Failure::Store(domain::ports::StoreError::NotFound)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[async_trait]
impl Events for Sqlite {
    async fn accept(&self, new: NewEvent) -> Stored<Accepted> {
        if self.shared.space.is_low() {
            return Err(StoreError::Full);
        }
        let prepared = Prepared::new(new);
        let terms = Terms { bytes: prepared.bytes(), care: Care::Own, essential: false };
        let accepted = self.inbox.ask(terms, move |tx| accept(tx, prepared)).await?;
        if !accepted.duplicate {
            metrics::counter!("postrider_events_accepted_total").increment(1);
            metrics::counter!("postrider_deliveries_planned_total").increment(accepted.deliveries as u64);
        }
        Ok(accepted)
    }

    async fn event(&self, id: EventId) -> Stored<Option<Event>> {
        self.read(move |conn| maybe(one(conn, &format!("{EVENT} WHERE id = ?1"), [id.0], event))).await
    }

    async fn outgoing(&self, id: EventId) -> Stored<Option<Arc<Outgoing>>> {
        let shared = self.shared.clone();
        self.read(move |conn| maybe(load_outgoing(conn, &shared, id))).await
    }

    async fn latest_event(&self, repository: RepositoryId, kinds: &[&str]) -> Stored<Option<Event>> {
        let kinds = serde_json::Value::from(kinds.to_vec()).to_string();
        let sql = format!(
            "{EVENT} WHERE repository_id = ?1 AND kind IN (SELECT value FROM json_each(?2)) ORDER BY id DESC LIMIT 1"
        );
        self.read(move |conn| maybe(one(conn, &sql, params![repository.0, kinds], event))).await
    }

    async fn events(
        &self,
        repository: Option<RepositoryId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Stored<Vec<Event>> {
        let before = before.map_or(i64::MAX, |id| id.0);
        self.read(move |conn| {
            let Some(repository) = repository else {
                let sql = format!("{EVENT} WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
                return all(conn, &sql, params![before, limit], event);
            };
            let sql = format!("{EVENT} WHERE repository_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
            all(conn, &sql, params![repository.0, before, limit], event)
        })
        .await
    }
}
