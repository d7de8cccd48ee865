//! Wraps a push as `CloudEvents` in the JSON format, exactly as they are spooled and sent.

use domain::canonical::{Push, RefUpdate};
use domain::id::Uid;
use domain::ports::{Clock, Entropy};
use serde::Serialize;

/// Most refs per event; a larger push becomes several events.
const MAX_REFS: usize = 5_000;
/// Largest event, in bytes; the server takes 25 MiB.
const MAX_EVENT_BYTES: usize = 24 * 1024 * 1024;

/// Content type of the structured mode of the `CloudEvents` HTTP binding.
pub(crate) const CONTENT_TYPE: &str = "application/cloudevents+json";

#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'a str,
    id: String,
    source: &'a str,
    r#type: &'a str,
    time: String,
    datacontenttype: &'a str,
    data: &'a Push,
}

/// The events that publish `push` as having happened at `source` now. Their ids are fixed here, so that sending one again is
/// recognized (design 3).
pub(super) fn wrap(
    push: Push,
    source: &str,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> serde_json::Result<Vec<Vec<u8>>> {
    let Push { pusher, mut refs } = push;
    let mut events = Vec::with_capacity(1);
    while !refs.is_empty() {
        let rest = refs.split_off(refs.len().min(MAX_REFS));
        let mut part = Push { pusher: pusher.clone(), refs };
        let now = clock.now();
        let id = Uid::new(now, entropy).to_string();
        let encode = |data: &Push| {
            serde_json::to_vec(&Envelope {
                specversion: "1.0",
                id: id.clone(),
                source,
                r#type: "push",
                time: now.rfc3339_millis(),
                datacontenttype: "application/json",
                data,
            })
        };
        let mut event = encode(&part)?;
        if event.len() > MAX_EVENT_BYTES {
            // Texts full of control characters take six times their length in JSON.
            part.refs.iter_mut().for_each(strip);
            event = encode(&part)?;
        }
        events.push(event);
        refs = rest;
    }
    Ok(events)
}

/// Leaves out the commits of a ref, and says so.
fn strip(update: &mut RefUpdate) {
    update.truncated |= !update.commits.is_empty();
    update.commits.clear();
    update.head_commit = None;
    update.previous_commit = None;
    update.annotation = None;
}

#[cfg(test)]
mod tests {
    use domain::canonical::{Actor, RefKind};
    use serde_json::Value;
    use testkit::{FakeClock, SeededEntropy};

    use super::*;

    fn a_ref(number: usize, message: &str) -> RefUpdate {
        let commit = serde_json::json!({
            "id": "a".repeat(40), "tree_id": "b".repeat(40), "message": message, "timestamp": "2026-01-02T03:04:05Z",
            "author": {"name": "", "email": ""}, "committer": {"name": "", "email": ""},
        });
        let commit = serde_json::from_value(commit).expect("a commit");
        RefUpdate {
            name: format!("refs/heads/b{number}"),
            kind: RefKind::Branch,
            before: "a".repeat(40),
            after: "b".repeat(40),
            forced: false,
            base_ref: None,
            commits: vec![commit],
            truncated: false,
            total_commits: Some(1),
            head_commit: None,
            previous_commit: None,
            annotation: None,
        }
    }

    fn wrapped(refs: Vec<RefUpdate>) -> Vec<Value> {
        let push = Push { pusher: Actor::default(), refs };
        let events = wrap(push, "/repos/acme/widgets", &FakeClock::default(), &SeededEntropy::new(1)).expect("encodes");
        events.iter().map(|event| serde_json::from_slice(event).expect("JSON")).collect()
    }

    #[test]
    fn a_push_becomes_one_cloudevent() {
        let events = wrapped(vec![a_ref(1, "m"), a_ref(2, "m")]);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["specversion"], "1.0");
        assert_eq!(events[0]["type"], "push");
        assert_eq!(events[0]["source"], "/repos/acme/widgets");
        assert_eq!(events[0]["time"], "2026-01-02T03:04:05.000Z");
        assert_eq!(events[0]["data"]["refs"][1]["ref"], "refs/heads/b2");
    }

    #[test]
    fn a_huge_push_becomes_several_events_with_ids_of_their_own() {
        let events = wrapped((0..=MAX_REFS).map(|number| a_ref(number, "m")).collect());
        let sizes: Vec<_> = events.iter().map(|event| event["data"]["refs"].as_array().map_or(0, Vec::len)).collect();
        assert_eq!(sizes, [MAX_REFS, 1]);
        assert_ne!(events[0]["id"], events[1]["id"]);
    }

    #[test]
    fn an_event_too_large_for_the_server_loses_its_commits_and_says_so() {
        let events = wrapped(vec![a_ref(1, &"\u{1}".repeat(MAX_EVENT_BYTES / 6))]);
        assert_eq!(events[0]["data"]["refs"][0]["truncated"], true);
        assert_eq!(events[0]["data"]["refs"][0]["total_commits"], 1);
        assert_eq!(events[0]["data"]["refs"][0]["commits"], serde_json::json!([]));
    }
}
