//! What was delivered to a hook, and delivering it again (contract bitrise section 3).

use domain::attempt::Exchange;
use domain::flow::redeliver::redeliver as redeliver_attempt;
use domain::hook::Hook;
use domain::id::AttemptId;
use domain::ports::{AttemptFilter, AttemptRow};
use domain::rules::access::HookAccess;
use serde_json::{Value, json};

use super::item_json::ItemObject;
use super::named_hook;
use crate::bitrise::api::call::Call;
use crate::bitrise::api::errors::{Reject, Reply};
use crate::bitrise::api::paging::{Page, Wanted, unknown_next};
use crate::bitrise::ulid;

/// The items of a hook, newest first, each of them whole.
pub(super) async fn list(call: Call) -> Result<Reply<Page<ItemObject>>, Reject> {
    let hook = named_hook(&call, HookAccess::Read)?;
    let wanted = Wanted::by(&call.asked)?;
    let start = match &wanted.next {
        // The store wants the id after the first.
        Some(next) => Some(AttemptId(ulid::to_attempt(next).ok_or_else(unknown_next)?.0.saturating_add(1))),
        None => None,
    };
    let store = &call.shared.ports.store;
    let filter = AttemptFilter { before: start, ..AttemptFilter::default() };
    let rows = store.attempts_of(hook.id, filter, wanted.limit + 1).await?;
    let mut items = Vec::with_capacity(wanted.limit);
    for row in rows.iter().take(wanted.limit) {
        // One whose event retention has just taken away is left out.
        if let Some((row, exchange)) = sent(&call, &hook, row.attempt.id).await? {
            items.push(item(&call, &row, &exchange).await?);
        }
    }
    let next = rows.get(wanted.limit).map(|row| ulid::of_attempt(row.attempt.id));
    let total = store.count_attempts_of(hook.id).await?;
    Ok(Reply::ok(wanted.page(items, total, next)))
}

/// One item: bare, unlike everything else.
pub(super) async fn show(call: Call) -> Result<Reply<ItemObject>, Reject> {
    let (row, exchange) = named_item(&call, HookAccess::Read).await?;
    Ok(Reply::ok(item(&call, &row, &exchange).await?))
}

/// Sends what an item has sent once more, to the hook as it is now; that makes another item.
pub(super) async fn redeliver(call: Call) -> Result<Reply<Value>, Reject> {
    let (row, _) = named_item(&call, HookAccess::Write).await?;
    redeliver_attempt(&call.shared.ports, &row.attempt).await?;
    Ok(Reply::ok(json!({ "message": "The delivery is sent again" })))
}

/// The item the path names.
async fn named_item(call: &Call, need: HookAccess) -> Result<(AttemptRow, Exchange), Reject> {
    let hook = named_hook(call, need)?;
    let id = ulid::to_attempt(call.asked.param("item")).ok_or_else(Reject::not_found)?;
    sent(call, &hook, id).await?.ok_or_else(Reject::not_found)
}

/// The attempt of that id with what came of it, if it is one of that hook and something was sent.
async fn sent(call: &Call, hook: &Hook, id: AttemptId) -> Result<Option<(AttemptRow, Exchange)>, Reject> {
    let row = call.shared.ports.store.attempt(id).await?.filter(|row| row.attempt.hook == hook.id);
    Ok(row.and_then(|mut row| row.attempt.exchange.take().map(|exchange| (row, exchange))))
}

/// The item with its payload, as long as that is kept.
async fn item(call: &Call, row: &AttemptRow, exchange: &Exchange) -> Result<ItemObject, Reject> {
    let outgoing = call.shared.ports.store.outgoing(row.attempt.event).await?;
    let message = outgoing.as_deref().and_then(|outgoing| outgoing.messages.get(usize::from(row.attempt.message)));
    Ok(ItemObject::of(row, exchange, message.map(|message| &*message.body)))
}
