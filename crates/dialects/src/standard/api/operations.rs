//! `/api/v1/doctor`: does everything add up?

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::{Answer, Api};

/// Counts deliveries (P3) and asks the store for an empty commit.
pub(crate) async fn doctor(State(context): Api, caller: Caller) -> Answer<Json<Value>> {
    caller.need_site_admin()?;
    let store = &context.ports.store;
    let counts = store.conservation().await?;
    let mut conservation = Map::from_iter([("planned".to_owned(), Value::from(counts.planned))]);
    conservation.extend(counts.by_state.iter().map(|(state, count)| (state.as_str().to_owned(), (*count).into())));
    conservation.insert("holds".to_owned(), counts.holds().into());
    let problem = store.check().await.err().map(|error| error.to_string());
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "conservation": conservation,
        "hooks": context.ports.directory().hook_count(),
        "store": {"commits": problem.is_none(), "problem": problem},
    })))
}
