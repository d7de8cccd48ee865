//! `/api/v1/oauth-apps`, and tokens of applications in the registry.

use serde_json::{Value, json};

use crate::bed::{Bed, ROOT};

const APPS: &str = "/api/v1/oauth-apps";

/// An application of acme's, registered by its owner.
async fn app(bed: &Bed) -> Value {
    let body = json!({
        "owner": "acme",
        "name": "Ferry",
        "homepage": "https://ferry.test/",
        "redirect_uris": ["https://ferry.test/cb", "http://127.0.0.1/cb"],
        "device_flow": true,
    });
    let made = bed.post("owner-token", APPS, body).await;
    assert_eq!(made.status(), 201, "{made:?}");
    made.json
}

fn path(app: &Value) -> String {
    format!("{APPS}/{}", app["client_id"].as_str().expect("text"))
}

#[tokio::test]
async fn owners_register_show_change_and_delete_applications() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    let secret = made["client_secret"].as_str().expect("a secret").to_owned();
    assert!(secret.starts_with("prs_") && made["client_id"].as_str().expect("text").len() == 20);
    let mut shown = made.clone();
    shown.as_object_mut().expect("an object").remove("client_secret");
    assert_eq!(bed.get("owner-token", &path(&made)).await.json, shown, "the secret is never shown again");
    assert_eq!(bed.get("owner-token", &format!("{APPS}?owner=ACME")).await.json["items"], json!([shown]));
    assert_eq!(bed.get(ROOT, &path(&made)).await.json, shown);
    assert_eq!(bed.get(ROOT, APPS).await.json["items"], json!([]), "root's own");

    let change = json!({"name": "Canoe", "device_flow": false, "redirect_uris": []});
    let changed = bed.ask("owner-token", "PATCH", &path(&made), Some(change)).await.json;
    assert_eq!((&changed["name"], &changed["device_flow"]), (&json!("Canoe"), &json!(false)));
    assert_eq!((&changed["redirect_uris"], &changed["homepage"]), (&json!([]), &made["homepage"]));

    let renewed = bed.post("owner-token", &format!("{}/secret", path(&made)), json!({})).await;
    assert_ne!(renewed.json["client_secret"], made["client_secret"]);
    assert_eq!(renewed.headers["cache-control"], "no-store");
    let known = bed.ports.directory().application(made["client_id"].as_str().expect("text")).expect("exists");
    assert_ne!(known.secret, domain::account::TokenHash::of(&secret), "the old one is refused");

    assert_eq!(bed.delete("owner-token", &path(&made)).await.status(), 204);
    assert_eq!(bed.get("owner-token", &path(&made)).await.fault(), (404, "not_found", ""));
}

#[tokio::test]
async fn an_application_does_not_exist_to_those_who_do_not_manage_it() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    bed.token("owner", "narrow", "repo").await;
    for (token, status) in [("ann-token", 404), ("bob-token", 404), ("narrow", 403)] {
        for (method, path) in [
            ("GET", path(&made)),
            ("PATCH", path(&made)),
            ("DELETE", path(&made)),
            ("POST", format!("{}/secret", path(&made))),
        ] {
            let answer = bed.ask(token, method, &path, Some(json!({}))).await;
            assert_eq!(answer.status(), status, "{token} {method} {path}");
        }
        let list = bed.get(token, &format!("{APPS}?owner=acme")).await;
        let create = bed.post(token, APPS, json!({"owner": "acme", "name": "x"})).await;
        assert_eq!((list.status(), create.status()), (status, status), "{token}");
    }
    assert_eq!(bed.post("narrow", APPS, json!({"name": "x"})).await.fault(), (403, "forbidden", ""), "needs `user`");
    assert_eq!(bed.post("", APPS, json!({"name": "x"})).await.status(), 401);
}

#[tokio::test]
async fn what_an_application_says_of_itself_is_checked_field_by_field() {
    let bed = Bed::acme().await;
    let urls = vec!["https://a.test/"; 11];
    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": " "}), "name"),
        (json!({"name": "x".repeat(101)}), "name"),
        (json!({"name": "Ferry\u{202e}yrreF"}), "name"),
        (json!({"name": "Fer\u{200b}ry"}), "name"),
        (json!({"name": "Ferry\n"}), "name"),
        (json!({"name": "x", "homepage": "javascript:alert(1)"}), "homepage"),
        (json!({"name": "x", "redirect_uris": "https://a.test/"}), "redirect_uris"),
        (json!({"name": "x", "redirect_uris": ["javascript:alert(1)"]}), "redirect_uris"),
        (json!({"name": "x", "redirect_uris": ["https://a.test/#x"]}), "redirect_uris"),
        (json!({"name": "x", "redirect_uris": ["https://u:p@a.test/"]}), "redirect_uris"),
        (json!({"name": "x", "redirect_uris": ["/callback"]}), "redirect_uris"),
        (json!({"name": "x", "redirect_uris": urls}), "redirect_uris"),
        (json!({"name": "x", "device_flow": "yes"}), "device_flow"),
        (json!({"name": "x", "redirect_uri": "https://a.test/"}), "redirect_uri"),
    ] {
        let answer = bed.post(ROOT, APPS, body.clone()).await;
        assert_eq!(answer.fault(), (422, "invalid", field), "{body}");
    }
    assert_eq!(
        bed.post(ROOT, APPS, json!({"owner": "nobody", "name": "x"})).await.fault(),
        (404, "not_found", "owner")
    );
}

#[tokio::test]
async fn tokens_of_an_application_are_made_by_those_who_manage_it() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    let body = json!({"scopes": ["repo", "admin:org_hook"], "oauth_app": made["client_id"]});
    let token = bed.post("owner-token", "/api/v1/tokens", body.clone()).await;
    assert_eq!((token.status(), &token.json["oauth_app"]), (201, &made["client_id"]));
    let listed = bed.get("owner-token", "/api/v1/tokens").await.json;
    assert_eq!(listed["items"][1]["oauth_app"], made["client_id"]);
    assert_eq!(listed["items"][0]["oauth_app"], Value::Null);
    assert_eq!(bed.post("bob-token", "/api/v1/tokens", body.clone()).await.fault(), (404, "not_found", "oauth_app"));
    let for_bob = json!({"user": "bob", "scopes": ["repo"], "oauth_app": made["client_id"]});
    assert_eq!(bed.post(ROOT, "/api/v1/tokens", for_bob).await.status(), 201, "site admins, for anybody");
    assert_eq!(bed.delete("owner-token", &path(&made)).await.status(), 204);
    let text = token.json["token"].as_str().expect("text");
    assert_eq!(bed.get(text, "/api/v1/whoami").await.status(), 401, "gone with it");
}

#[tokio::test]
async fn rfc9700_an_application_cannot_outlive_what_it_was_given() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    let body = json!({"scopes": ["repo", "admin:org"], "oauth_app": made["client_id"]});
    let token = bed.post("owner-token", "/api/v1/tokens", body).await.json["token"].as_str().expect("text").to_owned();
    assert_eq!(bed.get(&token, "/api/v1/whoami").await.status(), 200);
    for (method, path, body) in [
        ("POST", "/api/v1/tokens".to_owned(), Some(json!({"scopes": ["repo"]}))),
        ("GET", "/api/v1/tokens".to_owned(), None),
        ("DELETE", "/api/v1/tokens/1".to_owned(), None),
        ("POST", APPS.to_owned(), Some(json!({"owner": "acme", "name": "x"}))),
        ("GET", format!("{APPS}?owner=acme"), None),
        ("DELETE", path(&made), None),
        ("POST", format!("{}/secret", path(&made)), Some(json!({}))),
    ] {
        let answer = bed.ask(&token, method, &path, body).await;
        assert_eq!(answer.fault(), (403, "forbidden", ""), "{method} {path}");
    }
}
