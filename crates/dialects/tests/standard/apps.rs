//! `/api/v1/apps`: apps whose code is built.

use domain::ci::{AppRole, RepoUrl};
use serde_json::{Value, json};

use crate::bed::{Bed, ROOT};

const APPS: &str = "/api/v1/apps";

/// An app of acme's, linked to its repository, registered by its owner.
async fn app(bed: &Bed) -> Value {
    let made = bed.post("owner-token", APPS, json!({"owner": "acme", "repository": "acme/widgets"})).await;
    assert_eq!(made.status(), 201, "{made:?}");
    made.json
}

fn path(app: &Value) -> String {
    format!("{APPS}/{}", app["slug"].as_str().expect("text"))
}

#[tokio::test]
async fn an_app_of_a_repository_needs_no_more_than_its_name() {
    let bed = Bed::acme().await;
    let answer = bed.post("owner-token", APPS, json!({"owner": "acme", "repository": "ACME/Widgets"})).await;
    assert_eq!((answer.status(), &answer.headers["cache-control"]), (201, &"no-store".parse().expect("a value")));
    let made = answer.json;
    let token = made["trigger_token"].as_str().expect("text");
    assert!(token.starts_with("prh_"), "{token}");
    let url =
        |provider: &str| format!("http://postrider.test/h/{provider}/{}/{token}", made["slug"].as_str().expect("text"));
    assert_eq!(
        (&made["incoming_url"], &made["incoming_urls"]["bitbucket-v2"]),
        (&json!(url("github")), &json!(url("bitbucket-v2")))
    );
    let shown = json!({
        "title": "widgets", "owner": "acme", "repository": "acme/widgets", "provider": "github",
        "repo_url": "http://postrider.test/acme/widgets.git", "project_type": null, "default_branch": "main",
        "is_public": false, "is_disabled": false, "manual_approval": true, "relay": false,
        "webhook_secret_set": false, "config_set": false,
    });
    for (name, value) in shown.as_object().expect("an object") {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(bed.get("owner-token", &path(&made)).await.json, made);
    assert_eq!(bed.get("owner-token", APPS).await.json["items"], json!([made]));
    assert_eq!(bed.get(ROOT, &path(&made)).await.status(), 200, "site admins own every app");
}

#[tokio::test]
async fn an_app_of_another_host_is_told_by_its_url() {
    let bed = Bed::acme().await;
    let body = json!({"repo_url": "git@gitlab.com:acme/space/rocket.git", "is_public": true, "project_type": "ios",
        "webhook_secret": "hush", "config": "workflows: {}\n", "default_branch": "develop", "manual_approval": false});
    let made = bed.post("ann-token", APPS, body).await.json;
    assert_eq!(
        (&made["owner"], &made["title"], &made["provider"]),
        (&json!("ann"), &json!("rocket"), &json!("gitlab"))
    );
    assert_eq!((&made["webhook_secret_set"], &made["config_set"]), (&json!(true), &json!(true)));
    assert!(!made.to_string().contains("hush"), "S-4");
    assert!(made["incoming_url"].as_str().expect("text").contains("/h/gitlab/"));
    assert!(RepoUrl::parse(made["repo_url"].as_str().expect("text")).is_some());
    let plain = bed.post("ann-token", APPS, json!({})).await.json;
    assert_eq!(
        (&plain["title"], &plain["provider"], &plain["repo_url"]),
        (&json!("ann"), &json!("custom"), &json!(""))
    );
    assert_eq!(plain["default_branch"], "master");
}

#[tokio::test]
async fn roles_and_scopes_decide_who_sees_and_who_changes() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    bed.token("owner", "narrow", "admin:repo_hook,public_repo").await;
    let (one, edit) = (path(&made), json!({"title": "x"}));
    let config = format!("{one}/config");
    let rotate = format!("{one}/rotate-token");
    for (token, expected) in [("ann-token", [200, 403, 403, 403, 403]), ("bob-token", [404; 5]), ("narrow", [403; 5])] {
        let found = [
            bed.get(token, &one).await.status(),
            bed.ask(token, "PATCH", &one, Some(edit.clone())).await.status(),
            bed.get(token, &config).await.status(),
            bed.post(token, &rotate, json!({})).await.status(),
            bed.delete(token, &one).await.status(),
        ];
        assert_eq!(found, expected, "{token}");
    }
    assert_eq!(bed.get("", APPS).await.status(), 401);
    let seen = bed.get("ann-token", &one).await.json;
    for hidden in ["trigger_token", "incoming_url", "incoming_urls"] {
        assert_eq!(seen.get(hidden), None, "{hidden} is for admins");
    }
    assert_eq!(bed.post("ann-token", APPS, json!({"owner": "acme"})).await.fault(), (403, "forbidden", "owner"));
    assert_eq!(bed.post("narrow", APPS, json!({})).await.fault(), (403, "forbidden", ""));
    assert_eq!(bed.post("narrow", APPS, json!({"is_public": true})).await.status(), 201, "public_repo is enough");
}

#[tokio::test]
async fn public_apps_are_found_by_their_owner_alone() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    bed.ask("owner-token", "PATCH", &path(&made), Some(json!({"is_public": true}))).await;
    let items = async |token, query| bed.get(token, &format!("{APPS}{query}")).await.json["items"].clone();
    assert_eq!(items("bob-token", "").await, json!([]));
    assert_eq!(items("bob-token", "?owner=acme").await[0]["slug"], made["slug"]);
    assert_eq!(items("bob-token", "?owner=acme").await[0].get("trigger_token"), None);
    assert_eq!(items("ann-token", "").await[0]["slug"], made["slug"], "a member's own");
    assert_eq!(bed.get("bob-token", &format!("{APPS}?owner=nobody")).await.fault(), (404, "not_found", "owner"));
}

#[tokio::test]
async fn what_is_not_named_in_an_edit_stays() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    let edit = async |body: Value| bed.ask("owner-token", "PATCH", &path(&made), Some(body)).await;
    let changed = edit(json!({"title": "Rocket", "relay": true, "webhook_secret": "hush", "is_disabled": true})).await;
    assert_eq!(changed.status(), 200, "{changed:?}");
    let mut expected = made.clone();
    for (name, value) in [
        ("title", json!("Rocket")),
        ("relay", json!(true)),
        ("webhook_secret_set", json!(true)),
        ("is_disabled", json!(true)),
    ] {
        expected[name] = value;
    }
    expected["updated_at"] = changed.json["updated_at"].clone();
    assert_eq!(changed.json, expected);
    assert_eq!(edit(json!({"repository": null})).await.fault(), (422, "invalid", "relay"), "relay needs a repository");
    let cleared = edit(json!({"webhook_secret": null, "relay": false, "repository": null})).await.json;
    assert_eq!((&cleared["webhook_secret_set"], &cleared["repository"]), (&json!(false), &json!(null)));
    assert_eq!(edit(json!({"relay": true})).await.fault(), (422, "invalid", "relay"));
}

#[tokio::test]
async fn what_is_said_of_an_app_is_checked_field_by_field() {
    let bed = Bed::acme().await;
    for (field, value, status) in [
        ("owner", json!("nobody"), 422),
        ("title", json!("x".repeat(101)), 422),
        ("repository", json!("acme/none"), 422),
        ("repository", json!(7), 422),
        ("repo_url", json!("rocket"), 422),
        ("repo_url", json!("https://github.com/a b/c"), 422),
        ("provider", json!("sourceforge"), 422),
        ("default_branch", json!("a..b"), 422),
        ("webhook_secret", json!(""), 422),
        ("webhook_secret", json!("x".repeat(1_025)), 422),
        ("config", json!("x".repeat(1024 * 1024 + 1)), 413),
        ("relay", json!(true), 422),
        ("is_disabled", json!(true), 422),
        ("nonsense", json!(1), 422),
    ] {
        let answer = bed.post("owner-token", APPS, json!({field: value})).await;
        let code = if status == 413 { "too_large" } else { "invalid" };
        assert_eq!(answer.fault(), (status, code, field), "{field}");
    }
    let linked = bed.post("ann-token", APPS, json!({"repository": "acme/widgets"})).await;
    assert_eq!(linked.fault(), (403, "forbidden", "repository"), "ann does not administer it");
    let unseen = bed.post("bob-token", APPS, json!({"repository": "acme/secret"})).await;
    assert_eq!(unseen.fault(), (422, "invalid", "repository"), "and bob does not see this one");
}

#[tokio::test]
async fn a_rotated_token_makes_new_urls() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    let rotated = bed.post("owner-token", &format!("{}/rotate-token", path(&made)), json!({})).await;
    assert_eq!(rotated.headers["cache-control"], "no-store");
    assert_ne!(rotated.json["trigger_token"], made["trigger_token"]);
    assert_ne!(rotated.json["incoming_url"], made["incoming_url"]);
    let known = bed.ports.directory().ci_apps().pop().expect("one");
    assert_eq!(known.trigger_token.expose(), rotated.json["trigger_token"].as_str().expect("text"));
}

#[tokio::test]
async fn a_configuration_is_stored_as_it_is_and_taken_away_again() {
    let bed = Bed::acme().await;
    let made = app(&bed).await;
    let config = format!("{}/config", path(&made));
    assert_eq!(bed.get("owner-token", &config).await.json, json!({"config": null}));
    let text = "format_version: '13'\n# kept\nworkflows:\n  primary: {}\n";
    let stored = bed.ask("owner-token", "PUT", &config, Some(json!({"config": text}))).await;
    assert_eq!(stored.json, json!({"config": text, "warnings": []}));
    assert_eq!(bed.get("owner-token", &config).await.json, json!({"config": text}));
    let missing = bed.ask("owner-token", "PUT", &config, Some(json!({}))).await;
    assert_eq!(missing.fault(), (422, "invalid", "config"));
    let cleared = bed.ask("owner-token", "PUT", &config, Some(json!({"config": null}))).await;
    assert_eq!(cleared.json["config"], json!(null));
    let large = json!({"config": format!("workflows: {{}}{}", "\n#".repeat(512 * 1024 - 7))});
    assert_eq!(bed.ask("owner-token", "PUT", &config, Some(large)).await.status(), 200, "1 MiB is not too large");
    let wrong = "trigger_map:\n- push_branch: main\n  workflow: gone\nworkflows: {}\n";
    let refused = bed.ask("owner-token", "PUT", &config, Some(json!({"config": wrong}))).await;
    assert_eq!(refused.fault(), (422, "invalid", "config"));
    let told = refused.json["error"]["message"].as_str().expect("text");
    assert_eq!(told, "trigger item #1: non-existent workflow defined as trigger target: gone");
    let odd = "trigger_map:\n- push_branch: main\n  workflow: _x\nworkflows:\n  _x: {}\n";
    let stored = bed.ask("owner-token", "PUT", &config, Some(json!({"config": odd}))).await;
    assert_eq!(stored.json["warnings"].as_array().map(Vec::len), Some(1), "{stored:?}");
}

#[tokio::test]
async fn a_deleted_app_is_gone_and_a_deleted_repository_leaves_its_app() {
    let bed = Bed::acme().await;
    let (made, other) = (app(&bed).await, app(&bed).await);
    assert_eq!(bed.delete("owner-token", "/api/v1/repos/acme/widgets").await.status(), 204);
    let left = bed.get("owner-token", &path(&made)).await.json;
    assert_eq!((&left["repository"], &left["title"]), (&json!(null), &json!("widgets")));
    assert_eq!(bed.delete("owner-token", &path(&made)).await.status(), 204);
    assert_eq!(bed.get("owner-token", &path(&made)).await.fault(), (404, "not_found", ""));
    for bad in ["x", "00000000-0000-0000-0000-000000000000", "%ff"] {
        assert_eq!(bed.get("owner-token", &format!("{APPS}/{bad}")).await.status(), 404, "{bad}");
    }
    assert_eq!(bed.get("owner-token", APPS).await.json["items"][0]["slug"], other["slug"]);
    let owner = bed.ports.directory().account("owner").expect("exists").id;
    let app = bed.ports.directory().ci_apps().pop().expect("one");
    assert_eq!(bed.ports.directory().app_role(&app, owner), Some(AppRole::Owner));
}
