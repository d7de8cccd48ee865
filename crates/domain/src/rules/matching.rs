//! Which hooks get which messages.

use std::sync::Arc;

use crate::delivery::{Message, Plan, PlannedDelivery};
use crate::dialect::{Dialects, Shape};
use crate::hook::Hook;

/// A message, and the hooks it is meant for among those that listen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The message.
    pub message: Message,
    /// Only for hooks that want this shape; `None` for a payload that came as it is.
    pub shape: Option<Shape>,
}

/// Plans one delivery for each active hook and each message of its dialect and shape that it listens to and that the
/// dialect tells hooks of its scope (D-5: hooks that exist and are active at acceptance). The order is by message, then by hook.
pub fn plan_deliveries(told: Vec<Told>, hooks: &[Arc<Hook>], dialects: &Dialects) -> Plan {
    let mut deliveries = Vec::with_capacity(hooks.len());
    for (index, Told { message, shape }) in (0..=u16::MAX).zip(&told) {
        let dialect = dialects.get(message.dialect.0);
        let fits = |hook: &Hook| match (shape, dialect) {
            (Some(shape), Some(dialect)) => dialect.shape(hook) == *shape,
            (None, _) | (_, None) => true,
        };
        let reaches = |hook: &Hook| {
            dialect.is_none_or(|dialect| dialect.reaches(&message.kind, message.action.as_deref(), hook.scope))
        };
        let wants = |hook: &&Arc<Hook>| {
            let listens = hook.active && hook.dialect == message.dialect && hook.listens_to(&message.kind);
            listens && fits(hook) && reaches(hook)
        };
        let planned = hooks.iter().filter(wants);
        deliveries.extend(planned.map(|hook| PlannedDelivery { hook: hook.id, message: index }));
    }
    Plan { messages: told.into_iter().map(|told| told.message).collect(), deliveries, direct: false }
}
