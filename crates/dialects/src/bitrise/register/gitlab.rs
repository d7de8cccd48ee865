//! GitLab.

use serde_json::{Value, json};

use super::{Plan, Wish, segment};

/// The user name under which GitLab takes OAuth tokens; all others are tokens that somebody made.
const OAUTH_USER: &str = "oauth2";

pub(super) fn plan(wish: &Wish<'_>) -> Plan {
    let token = wish.account.token.expose();
    let credential = if wish.account.user.as_deref() == Some(OAUTH_USER) {
        ("Authorization", format!("Bearer {token}"))
    } else {
        ("PRIVATE-TOKEN", token.to_owned())
    };
    let mut body = json!({
        "url": wish.url.expose(),
        "push_events": true,
        "tag_push_events": true,
        "merge_requests_events": true,
        "note_events": true,
        "enable_ssl_verification": true,
    });
    if let Some(secret) = wish.secret {
        body["token"] = secret.expose().into();
    }
    // Groups and project are one segment of the path.
    let project = segment(&format!("{}/{}", wish.repository.owner, wish.repository.name));
    Plan {
        hooks: format!("{}/api/v4/projects/{project}/hooks", wish.api),
        page_size: "per_page",
        headers: vec![credential, ("Accept", "application/json".to_owned())],
        body,
        urls,
        has_it: |_, _| false,
    }
}

fn urls(page: &Value) -> Option<Vec<&str>> {
    Some(page.as_array()?.iter().filter_map(|hook| hook["url"].as_str()).collect())
}
