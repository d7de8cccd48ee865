//! The newest invocation, and statistics of one webhook (contract bitbucket-datacenter section 1, rows 6 to 8).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::ports::Tally;
use serde_json::{Map, Value};

use super::call::Call;
use super::errors::ApiError;
use super::history::{Detail, attempt, counts, history, sum, tallies, told};
use super::invocation::OUTCOMES;

/// The newest invocation of these events and outcomes; nothing if there was none.
pub(super) async fn latest(call: Call) -> Result<Response, ApiError> {
    let at = call.administered()?;
    let hook = call.hook(&at)?;
    let outcomes = outcomes(&call)?;
    let tally = sum(&tallies(&call, &hook, &call.asked.queries("event")).await?);
    let mut newest = None;
    for (outcome, id) in OUTCOMES.iter().zip([tally.last_success, tally.last_failure, tally.last_error]) {
        if outcomes.is_empty() || outcomes.contains(outcome) {
            let row = attempt(&call, id).await?;
            newest = row.into_iter().chain(newest).max_by_key(|row| (row.attempt.started_at, row.attempt.id));
        }
    }
    match newest {
        Some(row) => Ok(Json(told(&call, &hook, &row, Detail::Whole).await?).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The outcomes asked for, in any case.
fn outcomes(call: &Call) -> Result<Vec<&'static str>, ApiError> {
    let known = |name: &str| OUTCOMES.into_iter().find(|outcome| outcome.eq_ignore_ascii_case(name));
    let all = call.asked.queries("outcome").into_iter().map(known).collect::<Option<Vec<_>>>();
    all.ok_or_else(|| ApiError::field("outcome", "outcome must be SUCCESS, FAILURE or ERROR."))
}

/// The history of all events together, or of those asked for.
pub(super) async fn statistics(call: Call) -> Result<Response, ApiError> {
    let at = call.administered()?;
    let hook = call.hook(&at)?;
    let tally = sum(&tallies(&call, &hook, &call.asked.queries("event")).await?);
    Ok(Json(history(&call, &hook, &tally, Detail::Whole).await?).into_response())
}

/// Histories by event. A project's webhook without any has no content, a repository's an empty object.
pub(super) async fn summary(call: Call) -> Result<Response, ApiError> {
    let at = call.administered()?;
    let hook = call.hook(&at)?;
    let mut whole = Map::new();
    for tally in tallies(&call, &hook, &[]).await? {
        let entry = summary_entry(&call, history(&call, &hook, &tally, Detail::Outline).await?, &tally);
        whole.insert(tally.kind, Value::Object(entry));
    }
    if whole.is_empty() && at.repository.is_none() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Json(whole).into_response())
}

/// One client reads a history here, another one bare counts; this is both (section 1.4).
fn summary_entry(call: &Call, mut history: Map<String, Value>, tally: &Tally) -> Map<String, Value> {
    history.extend(counts(call, tally));
    history
}
