//! GitHub, and servers that speak as it does.

use serde_json::{Value, json};

use super::{Plan, Wish, segment};
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
        urls,
        has_it,
    }
}

fn urls(page: &Value) -> Option<Vec<&str>> {
    Some(page.as_array()?.iter().filter_map(|hook| hook["config"]["url"].as_str()).collect())
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
