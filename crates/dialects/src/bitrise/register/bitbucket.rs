//! Bitbucket Cloud, and servers that speak as it does.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::ports::SendMethod;
use serde_json::{Map, Value, json};

use super::{Plan, Wish, same_members, segment};

/// What the incoming surface can make something of; it refuses merged and declined pull requests.
const EVENTS: [&str; 5] = [
    "repo:push",
    "pullrequest:created",
    "pullrequest:updated",
    "pullrequest:comment_created",
    "pullrequest:comment_updated",
];

pub(super) fn plan(wish: &Wish<'_>) -> Plan {
    let token = wish.account.token.expose();
    let credential = match &wish.account.user {
        Some(user) => format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{token}"))),
        None => format!("Bearer {token}"),
    };
    let mut body = json!({"description": "Bitrise", "url": wish.url.expose(), "active": true, "events": EVENTS});
    if let Some(secret) = wish.secret {
        body["secret"] = secret.expose().into();
    }
    let (workspace, name) = (segment(wish.repository.owner), segment(wish.repository.name));
    Plan {
        hooks: format!("{}/repositories/{workspace}/{name}/hooks", wish.api),
        page_size: "pagelen",
        headers: vec![("Authorization", credential), ("Accept", "application/json".to_owned())],
        body,
        mends_with: SendMethod::Put,
        listed: |page| page["values"].as_array(),
        url_of: |hook| hook["url"].as_str(),
        // Dots alone would be steps up the path.
        id_of: |hook| {
            Some(hook["uuid"].as_str()?.to_owned()).filter(|id| id.contains(|c: char| c.is_ascii_alphanumeric()))
        },
        mended,
        has_it: |_, _| false,
    }
}

/// Whether there is a secret is shown, but not which: an app's own is given again each time, and one that the app does not
/// have is taken away. Hosts expect the whole hook: what is not ours to say goes back as it came.
fn mended(found: &Value, wanted: &Value) -> Option<Value> {
    let secret = &wanted["secret"];
    let fits = found["active"] == true
        && same_members(&found["events"], &wanted["events"])
        && found["url"] == wanted["url"]
        && found["secret_set"] != true;
    if fits && secret.is_null() {
        return None;
    }
    let mut body: Map<String, Value> =
        ["url", "active", "events", "secret"].map(|name| (name.to_owned(), wanted[name].clone())).into_iter().collect();
    for name in ["description", "skip_cert_verification", "history_enabled"] {
        let kept = found.get(name).or_else(|| wanted.get(name));
        body.extend(kept.map(|value| (name.to_owned(), value.clone())));
    }
    Some(body.into())
}
