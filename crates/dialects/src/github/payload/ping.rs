//! `ping`: the first thing a hook hears (contract github section 3.5).

use bytes::Bytes;
use domain::account::Account;
use domain::dialect::Scene;
use serde::Serialize;
use serde_json::{Value, json};

use super::shapes::{Organization, Repository, User};
use crate::github::links::Links;

/// Our own aphorisms.
const ZEN: [&str; 15] = [
    "Deliver twice rather than never.",
    "A retry is a promise kept late.",
    "Sign what you send; check what you get.",
    "Slow receivers deserve patience, not everyone's.",
    "Say it once, say it whole.",
    "Answer first, work later.",
    "The log remembers what the inbox forgot.",
    "Silence is also a status code.",
    "Name things after what they are.",
    "An event that happened cannot be edited.",
    "Small messages travel far.",
    "Trust the bytes, not the parser.",
    "Every queue has an end; know where yours is.",
    "Backoff is a form of courtesy.",
    "What can be replayed can be repaired.",
];

/// The aphorism that `seed` picks.
pub(crate) fn zen(seed: u64) -> &'static str {
    ZEN[usize::try_from(seed % ZEN.len() as u64).unwrap_or(0)]
}

#[derive(Serialize)]
struct Payload<'a> {
    zen: &'static str,
    hook_id: i64,
    hook: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<Repository<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<Organization<'a>>,
    sender: User<'a>,
}

/// The payload for a hook of the scene's repository, or else of its account. `hook` is the object the API shows;
/// whatever its last response was, a ping tells it as unused, which is all that the schema allows. `zen_seed` picks the
/// aphorism.
pub(crate) fn ping(scene: &Scene<'_>, mut hook: Value, hook_id: i64, sender: &Account, zen_seed: u64) -> Bytes {
    let links = Links::for_payloads(scene.public_url);
    if let Some(last_response) = hook.get_mut("last_response") {
        *last_response = json!({"code": null, "status": "unused", "message": null});
    }
    let repository = scene.repository.map(|row| Repository::of(row, scene.account, &links));
    let organization = match repository {
        Some(_) => None,
        None => Some(Organization::of(scene.account, &links)),
    };
    super::json(&Payload {
        zen: zen(zen_seed),
        hook_id,
        hook,
        repository,
        organization,
        sender: User::of(sender, &links),
    })
}
