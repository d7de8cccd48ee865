//! What requests came to, over the last 30 days (contract bitbucket-datacenter section 1.4).

use std::time::Duration;

use domain::hook::Hook;
use domain::id::AttemptId;
use domain::ports::{AttemptRow, Tally};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::errors::ApiError;
use super::hook_json::{members, millis};
use super::invocation::{Bodies, invocation};

/// How far back counts go. The log is kept that long, too.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3_600);

/// How much of an invocation is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Neither headers nor bodies: lists could become very large.
    Outline,
    /// Everything.
    Whole,
}

/// The tallies of a hook within the window, by event key; only of these events if any are given.
pub(super) async fn tallies(call: &Call, hook: &Hook, events: &[&str]) -> Result<Vec<Tally>, ApiError> {
    let since = call.app.ports.clock.now().minus(WINDOW);
    let mut tallies = call.app.ports.store.tallies(hook.id, since).await?;
    tallies.retain(|tally| events.is_empty() || events.contains(&tally.kind.as_str()));
    Ok(tallies)
}

/// The history of a hook, all events together.
pub(super) async fn history_of(call: &Call, hook: &Hook, detail: Detail) -> Result<Value, ApiError> {
    let tallies = tallies(call, hook, &[]).await?;
    history(call, hook, &sum(&tallies), detail).await.map(Value::Object)
}

/// All events together.
pub(super) fn sum(tallies: &[Tally]) -> Tally {
    tallies.iter().fold(Tally::default(), |sum, tally| Tally {
        kind: String::new(),
        successes: sum.successes + tally.successes,
        failures: sum.failures + tally.failures,
        errors: sum.errors + tally.errors,
        last_success: sum.last_success.max(tally.last_success),
        last_failure: sum.last_failure.max(tally.last_failure),
        last_error: sum.last_error.max(tally.last_error),
    })
}

/// A history object; what there was none of is null.
pub(super) async fn history(
    call: &Call,
    hook: &Hook,
    tally: &Tally,
    detail: Detail,
) -> Result<Map<String, Value>, ApiError> {
    let mut whole = Map::new();
    let newest =
        [("lastSuccess", tally.last_success), ("lastFailure", tally.last_failure), ("lastError", tally.last_error)];
    for (name, id) in newest {
        let row = attempt(call, id).await?;
        let told = match &row {
            Some(row) => told(call, hook, row, detail).await?,
            None => Value::Null,
        };
        whole.insert(name.to_owned(), told);
    }
    whole.insert("counts".to_owned(), Value::Object(counts(call, tally)));
    Ok(whole)
}

/// The bare counts and the window they are about.
pub(super) fn counts(call: &Call, tally: &Tally) -> Map<String, Value> {
    let start = call.app.ports.clock.now().minus(WINDOW);
    let window = json!({"start": millis(start), "duration": WINDOW.as_millis()});
    members(json!({
        "errors": tally.errors,
        "failures": tally.failures,
        "successes": tally.successes,
        "window": window,
    }))
}

/// The log row of an attempt, if it is still kept.
pub(super) async fn attempt(call: &Call, id: Option<AttemptId>) -> Result<Option<AttemptRow>, ApiError> {
    match id {
        Some(id) => Ok(call.app.ports.store.attempt(id).await?),
        None => Ok(None),
    }
}

/// An attempt as an invocation.
pub(super) async fn told(call: &Call, hook: &Hook, row: &AttemptRow, detail: Detail) -> Result<Value, ApiError> {
    let operator = call.myself()?.user.site_admin;
    if detail == Detail::Outline {
        return Ok(invocation(hook, row, None, operator));
    }
    let outgoing = call.app.ports.store.outgoing(row.attempt.event).await?;
    let message = outgoing.as_deref().and_then(|outgoing| outgoing.messages.get(usize::from(row.attempt.message)));
    let bodies = Bodies { request: message.map(|message| message.body.clone()) };
    Ok(invocation(hook, row, Some(&bodies), operator))
}
