//! Ping and test: a message to one hook, whatever it listens to and whether or not it is active.

use std::sync::Arc;

use crate::delivery::{Message, Plan, PlannedDelivery};
use crate::dialect::Draft;
use crate::event::{Accepted, NewEvent, Place};
use crate::flow::Ports;
use crate::hook::Hook;
use crate::id::Uid;
use crate::ports::Stored;

/// Sends `draft` to `hook` alone: an event of type `{dialect}.{kind}` with a plan of one delivery.
pub async fn ping(ports: &Ports, hook: &Arc<Hook>, place: Place, source: String, draft: Draft) -> Stored<Accepted> {
    let now = ports.clock.now();
    let uid = Uid::new(now, &*ports.entropy);
    let kind = format!("{}.{}", hook.dialect, draft.kind);
    let data = draft.body.clone();
    let message = Message {
        dialect: hook.dialect,
        uid,
        kind: draft.kind,
        action: draft.action,
        body: draft.body,
        passed_through: true,
    };
    let plan =
        Plan { messages: vec![message], deliveries: vec![PlannedDelivery { hook: hook.id, message: 0 }], direct: true };
    let new = NewEvent {
        uid,
        source,
        ce_id: uid.to_string(),
        kind,
        subject: None,
        occurred_at: None,
        accepted_at: now,
        place,
        content_type: "application/json".to_owned(),
        data,
        moves_refs: false,
        plan,
        topics: Vec::new(),
        hops: 0,
    };
    ports.store.accept(new).await
}
