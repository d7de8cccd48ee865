//! `/api/v1/git-accounts`: who may connect what, and that no token is shown.

use serde_json::json;

use crate::bed::{Bed, ROOT};

const PATH: &str = "/api/v1/git-accounts";

#[tokio::test]
async fn owners_connect_list_replace_and_remove_accounts_and_tokens_are_never_shown() {
    let bed = Bed::acme().await;
    let body = json!({"owner": "acme", "host": "bitbucket", "user": "alice@acme.test", "token": "canary-1"});
    let made = bed.ask("owner-token", "PUT", PATH, Some(body)).await;
    assert_eq!(made.status(), 200, "{made:?}");
    let expected = json!({
        "owner": "acme",
        "host": "bitbucket",
        "api": "https://api.bitbucket.org/2.0",
        "user": "alice@acme.test",
        "created_at": "2026-01-02T03:04:05.000Z",
    });
    assert_eq!(made.json, expected);
    let again = json!({"owner": "ACME", "host": "bitbucket", "token": "canary-2"});
    let again = bed.ask(ROOT, "PUT", PATH, Some(again)).await.json;
    assert_eq!((&again["user"], &again["owner"]), (&json!(null), &json!("acme")));
    bed.ask("owner-token", "PUT", PATH, Some(json!({"owner": "acme", "host": "github", "token": "canary-3"}))).await;
    let listed = bed.get("owner-token", &format!("{PATH}?owner=acme")).await.json;
    assert_eq!((&listed["items"][0]["host"], &listed["items"][1]), (&json!("github"), &again));
    assert!(!listed.to_string().contains("canary"), "{listed}");

    assert_eq!(bed.delete("owner-token", &format!("{PATH}/acme/bitbucket")).await.status(), 204);
    let gone = bed.delete("owner-token", &format!("{PATH}/acme/bitbucket")).await;
    assert_eq!(gone.fault(), (404, "not_found", ""));
    let listed = bed.get("owner-token", &format!("{PATH}?owner=acme")).await.json;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn others_learn_nothing_and_change_nothing() {
    let bed = Bed::acme().await;
    bed.token("owner", "narrow", "repo").await;
    let app = bed.post("owner-token", "/api/v1/oauth-apps", json!({"owner": "acme", "name": "Ferry"})).await.json;
    let body = json!({"scopes": ["admin:org"], "oauth_app": app["client_id"]});
    let of_app = bed.post("owner-token", "/api/v1/tokens", body).await.json["token"].as_str().expect("text").to_owned();
    let body = json!({"owner": "acme", "host": "github", "token": "t"});
    for (token, status) in [("ann-token", 404), ("bob-token", 404), ("narrow", 403), (&of_app, 403), ("", 401)] {
        assert_eq!(bed.ask(token, "PUT", PATH, Some(body.clone())).await.status(), status, "{token}");
        assert_eq!(bed.get(token, &format!("{PATH}?owner=acme")).await.status(), status, "{token}");
        assert_eq!(bed.delete(token, &format!("{PATH}/acme/github")).await.status(), status, "{token}");
    }
    assert_eq!(bed.get(ROOT, &format!("{PATH}?owner=acme")).await.json, json!({"items": []}));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_field_by_field() {
    let bed = Bed::acme().await;
    let long = "x".repeat(4_097);
    for (body, field) in [
        (json!({"owner": "acme", "token": "t"}), "host"),
        (json!({"owner": "acme", "host": "sourceforge", "token": "t"}), "host"),
        (json!({"owner": "acme", "host": "github"}), "token"),
        (json!({"owner": "acme", "host": "github", "token": ""}), "token"),
        (json!({"owner": "acme", "host": "github", "token": "a b"}), "token"),
        (json!({"owner": "acme", "host": "github", "token": "a\r\nX: y"}), "token"),
        (json!({"owner": "acme", "host": "github", "token": long}), "token"),
        (json!({"owner": "acme", "host": "github", "user": "a:b", "token": "t"}), "user"),
        (json!({"owner": "acme", "host": "github", "user": "é", "token": "t"}), "user"),
        (json!({"owner": "acme", "host": "github", "token": "t", "url": "https://elsewhere.test"}), "url"),
    ] {
        let answer = bed.ask("owner-token", "PUT", PATH, Some(body.clone())).await;
        assert_eq!(answer.fault(), (422, "invalid", field), "{body}");
    }
    let unknown = bed.delete("owner-token", &format!("{PATH}/acme/sourceforge")).await;
    assert_eq!(unknown.fault(), (422, "invalid", "host"));
}
