//! GitLab.

use domain::ports::SendMethod;
use serde_json::{Map, Value, json};

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
        mends_with: SendMethod::Put,
        listed: |page| page.as_array(),
        url_of: |hook| hook["url"].as_str(),
        id_of: |hook| hook["id"].as_u64().map(|id| id.to_string()),
        mended,
        has_it: |_, _| false,
    }
}

/// What ends the names of the switches for events.
const SWITCH: &str = "_events";

/// Of a secret nothing is shown: an app's own is given again each time. Events that we can make nothing of are switched
/// off, as GitLab disables hooks that refuse too much.
fn mended(found: &Value, wanted: &Value) -> Option<Value> {
    let mut body: Map<String, Value> = wanted.as_object()?.clone();
    // Whether certificates are looked at is up to whoever administers the hook there.
    body.remove("enable_ssl_verification");
    let fits = body.iter().all(|(name, value)| found[name] == *value);
    let switches = found.as_object()?.iter().filter(|(name, on)| name.ends_with(SWITCH) && **on == true);
    let surplus: Vec<_> =
        switches.filter(|(name, _)| !body.contains_key(*name)).map(|(name, _)| name.clone()).collect();
    if fits && surplus.is_empty() {
        return None;
    }
    body.extend(surplus.into_iter().map(|name| (name, false.into())));
    Some(body.into())
}
