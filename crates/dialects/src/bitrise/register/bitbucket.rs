//! Bitbucket Cloud, and servers that speak as it does.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{Plan, Wish, segment};

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
        urls,
        has_it: |_, _| false,
    }
}

fn urls(page: &Value) -> Option<Vec<&str>> {
    Some(page["values"].as_array()?.iter().filter_map(|hook| hook["url"].as_str()).collect())
}
