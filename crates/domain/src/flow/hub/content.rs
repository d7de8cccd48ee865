//! New content of a topic becomes an event with a plan, and goes out like any other (contract websub section 8).

use std::sync::Arc;

use super::verify::CONTENT;
use crate::delivery::{Message, Plan, PlannedDelivery};
use crate::event::{Accepted, NewEvent, Place};
use crate::flow::Ports;
use crate::id::{AccountId, TopicId, Uid};
use crate::ports::Stored;
use crate::task::Effect;
use crate::topic::{Content, Topic};

/// The content as an event under that idempotency key, planned for every subscription whose lease runs.
pub(super) fn plan(ports: &Ports, topic: &Topic, content: Content, ce_id: String) -> NewEvent {
    let now = ports.clock.now();
    let uid = Uid::new(now, &*ports.entropy);
    let directory = ports.directory();
    let dialect = ports.dialects.hub().map(|(dialect, _)| dialect);
    let message = dialect.map(|dialect| Message {
        dialect,
        uid,
        kind: CONTENT.into(),
        action: None,
        body: content.body.clone(),
        passed_through: true,
    });
    let subscriptions = directory.subscriptions(topic.id);
    let running = subscriptions.iter().filter(|hook| hook.active && !hook.has_expired(now));
    let deliveries = running.map(|hook| PlannedDelivery { hook: hook.id, message: 0 }).collect();
    let repository = topic.page.as_ref().and_then(|page| directory.locate_by_id(page.repository));
    NewEvent {
        uid,
        source: topic.url.clone(),
        ce_id,
        kind: dialect.map_or_else(|| CONTENT.to_owned(), |dialect| format!("{dialect}.{CONTENT}")),
        subject: None,
        occurred_at: None,
        accepted_at: now,
        // Not the repository's: its own events are what happened there.
        place: Place {
            account: repository.map_or(AccountId::NOBODY, |found| found.owner.id),
            repository: None,
            app: None,
        },
        content_type: content.content_type,
        data: content.body,
        moves_refs: false,
        plan: Plan { messages: message.into_iter().collect(), deliveries, direct: false },
        topics: Vec::new(),
        hops: 0,
    }
}

/// The content as what follows from a task.
pub(super) fn content_effect(topic: TopicId, event: NewEvent, supersedes: bool) -> Effect {
    Effect::Content { topic, event: Box::new(event), supersedes }
}

/// Distributes content that a publisher hands in itself; nothing is fetched. Each counts: none supersedes another.
pub async fn publish_content(ports: &Ports, topic: &Arc<Topic>, content: Content, ce_id: String) -> Stored<Accepted> {
    ports.store.accept(plan(ports, topic, content, ce_id)).await
}
