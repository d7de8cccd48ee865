//! GitHub, and servers that speak as it does.

use domain::ports::SendMethod;
use serde_json::{Value, json};

use super::{Plan, Wish, same_members, segment};
use crate::http::parse_json;

/// What stands in the refusal of a second hook with the same URL.
const EXISTS: &str = "Hook already exists on this repository";

pub(super) fn plan(wish: &Wish<'_>) -> Plan {
    let mut config = json!({"url": wish.url.expose(), "content_type": "json", "insecure_ssl": "0"});
    if let Some(secret) = wish.secret {
        config["secret"] = secret.expose().into();
    }
    let events = ["push", "pull_request", "issue_comment"];
    Plan {
        hooks: format!("{}/repos/{}/{}/hooks", wish.api, segment(wish.repository.owner), segment(wish.repository.name)),
        page_size: "per_page",
        headers: vec![
            ("Authorization", format!("token {}", wish.account.token.expose())),
            ("Accept", "application/vnd.github+json".to_owned()),
        ],
        body: json!({"name": "web", "active": true, "events": events, "config": config}),
        mends_with: SendMethod::Patch,
        listed: |page| page.as_array(),
        url_of: |hook| hook["config"]["url"].as_str(),
        id_of: |hook| hook["id"].as_u64().map(|id| id.to_string()),
        mended,
        has_it,
    }
}

/// A secret is shown as asterisks, whatever it is: an app's own is given again each time. Without one in the body the host
/// forgets the one it has.
fn mended(found: &Value, wanted: &Value) -> Option<Value> {
    let (before, after) = (&found["config"], &wanted["config"]);
    let signs = [before, after].iter().any(|config| config["secret"].as_str().is_some_and(|secret| !secret.is_empty()));
    let fits = found["active"] == true
        && same_members(&found["events"], &wanted["events"])
        && before["url"] == after["url"]
        && before["content_type"] == after["content_type"];
    if fits && !signs {
        return None;
    }
    let mut config = after.clone();
    // Whether certificates are looked at is up to whoever administers the hook there.
    if let Some(insecure) = before.get("insecure_ssl").filter(|value| !value.is_null()) {
        config["insecure_ssl"] = insecure.clone();
    }
    Some(json!({"active": true, "events": wanted["events"], "config": config}))
}

fn has_it(status: u16, body: &[u8]) -> bool {
    let errors = (status == 422).then(|| parse_json(body)).flatten();
    let errors = errors.as_ref().and_then(|body| body["errors"].as_array());
    errors.is_some_and(|errors| errors.iter().any(|error| error["message"].as_str() == Some(EXISTS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_refusal_of_a_second_hook_counts_as_having_it() {
        let said =
            |message: &str| json!({"message": "Validation Failed", "errors": [{"message": message}]}).to_string();
        assert!(has_it(422, said(EXISTS).as_bytes()));
        assert!(!has_it(400, said(EXISTS).as_bytes()));
        assert!(!has_it(422, said("url is not supported because it isn't reachable").as_bytes()));
        assert!(!has_it(422, b"Hook already exists on this repository"));
    }
}
