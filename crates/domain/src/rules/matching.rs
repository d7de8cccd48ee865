//! Which hooks get which messages.

use std::sync::Arc;

use crate::delivery::{Message, Plan, PlannedDelivery};
use crate::hook::Hook;

/// Plans one delivery for each active hook and each message of its dialect that it listens to (D-5: hooks that exist
/// and are active at acceptance). The order is by message, then by hook.
pub fn plan_deliveries(messages: Vec<Message>, hooks: &[Arc<Hook>]) -> Plan {
    let mut deliveries = Vec::with_capacity(hooks.len());
    for (index, message) in (0..=u16::MAX).zip(&messages) {
        let wants =
            |hook: &&Arc<Hook>| hook.active && hook.dialect == message.dialect && hook.listens_to(&message.kind);
        let planned = hooks.iter().filter(wants);
        deliveries.extend(planned.map(|hook| PlannedDelivery { hook: hook.id, message: index }));
    }
    Plan { messages, deliveries, direct: false }
}
