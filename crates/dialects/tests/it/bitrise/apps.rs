//! Apps (contract bitrise section 4).

use std::time::Duration;

use domain::account::OrgRole;
use domain::ci::{CiApp, GitAccount, GitHost};
use domain::secret::Secret;
use serde_json::{Value, json};
use testkit::a_build;

use super::{Bed, assert_refused, made};
use crate::world::{Answer, World};

/// A configuration with two workflows that can be triggered.
const CONFIG: &str =
    "workflows:\n  primary: {}\n  _setup: {}\n  deploy: {}\ntrigger_map:\n- push_branch: main\n  workflow: primary\n";

/// Where an app is.
fn path(app: &CiApp) -> String {
    format!("/v0.1/apps/{}", app.uid)
}

/// Titles of a list, in order.
async fn titles(bed: &Bed, query: &str) -> Vec<String> {
    let list = bed.get(&format!("/v0.1/apps{query}")).await;
    let items = list["data"].as_array().expect("a list").iter();
    items.map(|app| app["title"].as_str().expect("text").to_owned()).collect()
}

/// Asks to register an app, as alice.
async fn register(world: &World, body: Value) -> Answer {
    world.ask(&world.token, "POST", "/v0.1/apps/register", body).await
}

/// A refusal as the calls that register an app word it.
fn assert_error_msg(answer: &Answer, status: u16, part: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    let told = answer.json();
    assert_eq!(told.as_object().expect("an object").len(), 1, "{told}");
    assert!(told["error_msg"].as_str().expect("a text").contains(part), "{told}");
}

#[tokio::test]
async fn an_app_is_shown_with_every_field_of_section_4() {
    let bed = Bed::new().await;
    let acme = bed.world.ports.directory().account("acme").expect("exists").uid;
    let expected = json!({
        "slug": bed.app.uid.to_string(), "title": "Rocket", "project_type": null, "provider": "github",
        "repo_owner": "acme", "repo_url": "https://github.com/acme/rocket.git", "repo_slug": "rocket",
        "is_disabled": false, "status": -1, "is_public": false, "is_github_checks_enabled": false,
        "owner": {"account_type": "organization", "name": "acme", "slug": acme.to_string()},
        "avatar_url": null, "project_id": bed.app.uid.to_string(),
    });
    assert_eq!(bed.get(&path(&bed.app)).await, json!({"data": expected}));
    let paging = json!({"total_item_count": 1, "page_item_limit": 50});
    assert_eq!(bed.get("/v0.1/apps").await, json!({"data": [expected], "paging": paging}));
    let store = &bed.world.ports.store;
    store.start_builds(vec![a_build(bed.app.id, "b1")], Vec::new(), Box::new(|_| Vec::new())).await.expect("started");
    assert_eq!(bed.get(&path(&bed.app)).await["data"]["status"], 0, "that of the last build");
}

#[tokio::test]
async fn lists_have_an_order_filters_and_pages() {
    let bed = Bed::new().await;
    let acme = bed.world.app.owner;
    for (second, (title, kind)) in [("Glider", "ios"), ("Kite", "android"), ("Rocket two", "ios")].iter().enumerate() {
        made(&bed.world, |app| {
            app.owner = acme;
            app.uid = domain::id::Uid::new(app.created_at, &testkit::SeededEntropy::new(second as u64));
            app.title = (*title).to_owned();
            app.project_type = Some((*kind).to_owned());
            app.created_at = app.created_at.plus(Duration::from_secs(second as u64 + 1));
        })
        .await;
    }
    assert_eq!(titles(&bed, "?sort_by=created_at").await, ["Rocket two", "Kite", "Glider", "Rocket"]);
    let store = &bed.world.ports.store;
    store.start_builds(vec![a_build(bed.app.id, "b1")], Vec::new(), Box::new(|_| Vec::new())).await.expect("started");
    assert_eq!(titles(&bed, "").await, ["Rocket", "Rocket two", "Kite", "Glider"], "what was built last goes first");
    assert_eq!(titles(&bed, "?title=rOcKeT&sort_by=last_build_at").await, ["Rocket", "Rocket two"]);
    assert_eq!(titles(&bed, "?project_type=ios").await, ["Rocket two", "Glider"]);
    let (mut found, mut next) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = bed.get(&format!("/v0.1/apps?limit=1&sort_by=created_at&next={next}")).await;
        found.push(page["data"][0]["title"].clone());
        assert_eq!(page["paging"]["total_item_count"], 4);
        next = page["paging"]["next"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((json!(found), next.as_str()), (json!(["Rocket two", "Kite", "Glider", "Rocket"]), ""));
    let odd = bed.call("GET", "/v0.1/apps?sort_by=name", Value::Null).await;
    assert_refused(&odd, 400, "sort_by: must be one of last_build_at, created_at", "order");
}

#[tokio::test]
async fn only_apps_one_has_to_do_with_are_listed() {
    let bed = Bed::new().await;
    let public = made(&bed.world, |app| {
        app.owner = bed.world.app.owner;
        app.uid = domain::id::Uid::new(app.created_at, &testkit::SeededEntropy::new(3));
        app.is_public = true;
        app.title = "Open".to_owned();
    })
    .await;
    let mallory = bed.world.token_for("mallory", "repo").await;
    let seen = async |path: &str| bed.world.ask(&mallory, "GET", path, Value::Null).await;
    assert_eq!(seen("/v0.1/apps").await.json()["data"], json!([]));
    assert_eq!(seen(&path(&bed.app)).await.status, 404);
    assert_eq!(seen(&path(&public)).await.status, 200, "who knows its slug may look");
    let acme = bed.world.ports.directory().account("acme").expect("exists").uid;
    let of_acme = format!("/v0.1/organizations/{acme}/apps");
    assert_eq!(seen(&of_acme).await.json()["data"].as_array().expect("a list").len(), 1);
    assert_eq!(bed.get(&of_acme).await["paging"]["total_item_count"], 2);
    bed.world.join("mallory", OrgRole::Member).await;
    assert_eq!(seen("/v0.1/apps").await.json()["paging"]["total_item_count"], 2);
    let narrow = bed.world.token_for("alice", "public_repo").await;
    let list = bed.world.ask(&narrow, "GET", "/v0.1/apps", Value::Null).await.json();
    assert_eq!((&list["data"][0]["title"], &list["paging"]["total_item_count"]), (&json!("Open"), &json!(1)));
    assert_eq!(bed.world.ask(&narrow, "GET", &path(&bed.app), Value::Null).await.status, 403);
    assert_eq!(bed.world.ask("", "GET", "/v0.1/apps", Value::Null).await.status, 401);
}

#[tokio::test]
async fn an_app_is_registered_and_finished_as_the_guides_do() {
    let world = World::new().await;
    let body = json!({"provider": "github", "is_public": false, "repo_url": "git@github.com:acme/rocket.git",
        "type": "git", "git_owner": "acme", "git_repo_slug": "rocket", "a_new_field": 1});
    let registered = register(&world, body).await;
    assert_eq!(registered.status, 200, "{}", registered.text);
    let slug = registered.json()["slug"].as_str().expect("a slug").to_owned();
    assert_eq!(registered.text, format!("{}\n", json!({"status": "ok", "slug": slug})));
    let app = world.ports.directory().ci_apps().pop().expect("one");
    assert_eq!((app.slug(), app.title.as_str(), app.default_branch.as_str()), (slug.clone(), "rocket", "master"));
    assert!(app.repository.is_none() && app.manual_approval && !app.is_public);

    let finish = format!("/v0.1/apps/{slug}/finish");
    let body = json!({"stack_id": "osx-xcode-edge", "mode": "manual", "config": "default-ios-config",
        "project_type": "ios", "envs": {"A": "1"}});
    let finished = world.ask(&world.token, "POST", &finish, body).await;
    let mut expected = json!({"status": "ok", "branch_name": "master", "build_trigger_token": app.trigger_token.expose(),
        "is_webhook_auto_reg_supported": false});
    assert_eq!((finished.status.as_u16(), finished.json()), (200, expected.clone()));
    let app = world.ports.directory().ci_apps().pop().expect("one");
    assert_eq!(app.project_type.as_deref(), Some("ios"));
    let account = GitAccount {
        owner: app.owner,
        host: GitHost::GitHub,
        api: "https://api.github.com".to_owned(),
        user: None,
        token: Secret::new("t"),
        created_at: app.created_at,
    };
    world.ports.store.set_git_account(account).await.expect("connected");
    expected["is_webhook_auto_reg_supported"] = json!(true);
    assert_eq!(world.ask(&world.token, "POST", &finish, Value::Null).await.json(), expected, "with an account there");
}

#[tokio::test]
async fn an_app_on_this_server_is_linked_to_its_repository_by_who_administers_it() {
    let world = World::new().await;
    let url = "http://postrider.test/acme/app.git";
    register(&world, json!({"repo_url": url, "is_public": true, "organization_slug": "ACME"})).await;
    let linked = world.ports.directory().ci_apps().pop().expect("one");
    assert_eq!((linked.repository, linked.owner), (Some(world.app.id), world.app.owner));
    assert_eq!((linked.default_branch.as_str(), linked.provider.as_str()), ("main", "github"));
    let token = world.token_for("mallory", "repo").await;
    let body = json!({"repo_url": url, "is_public": true});
    let other = world.ask(&token, "POST", "/v0.1/apps/register", body).await.json()["slug"].clone();
    let other = world.ports.directory().ci_apps().into_iter().find(|app| other == app.slug()).expect("made");
    assert_eq!(other.repository, None, "mallory only reads it");
    let acme = world.ports.directory().account("acme").expect("exists").uid.to_string();
    let by_uid = json!({"repo_url": "https://gitlab.com/a/b", "is_public": false, "organization_slug": acme,
        "title": "By uid", "default_branch_name": "develop", "manual_approval_enabled": false});
    assert_eq!(register(&world, by_uid).await.status, 200);
    let third = world.ports.directory().ci_apps().pop().expect("three");
    assert_eq!((third.owner, third.title.as_str(), third.provider.as_str()), (world.app.owner, "By uid", "gitlab"));
    assert_eq!((third.default_branch.as_str(), third.manual_approval), ("develop", false));
}

#[tokio::test]
async fn refused_registrations_say_so_in_error_msg() {
    let world = World::new().await;
    let good = json!({"repo_url": "https://github.com/a/b", "is_public": false});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, part) in [
        (json!({"is_public": true}), "repo_url: is missing"),
        (json!({"repo_url": "https://github.com/a/b"}), "is_public: is missing"),
        (with("repo_url", json!("b")), "repo_url: must be"),
        (with("repo_url", json!(7)), "repo_url: must be a string"),
        (with("is_public", json!("yes")), "is_public: must be true or false"),
        (with("provider", json!("svn")), "provider: must be one of github"),
        (with("organization_slug", json!("nobody")), "organization_slug:"),
        (with("title", json!("x".repeat(101))), "title:"),
        (with("default_branch_name", json!("a b")), "default_branch_name:"),
        (json!([]), "the body is not a JSON object"),
    ] {
        assert_error_msg(&register(&world, body).await, 400, part);
    }
    assert_error_msg(&world.ask("", "POST", "/v0.1/apps/register", good.clone()).await, 401, "Unauthorized");
    let narrow = world.token_for("alice", "public_repo").await;
    assert_error_msg(&world.ask(&narrow, "POST", "/v0.1/apps/register", good.clone()).await, 403, "Forbidden");
    let mallory = world.token_for("mallory", "repo").await;
    let for_acme = with("organization_slug", json!("acme"));
    assert_error_msg(&world.ask(&mallory, "POST", "/v0.1/apps/register", for_acme).await, 400, "not yours");
    let nowhere = "/v0.1/apps/00000000-0000-0000-0000-000000000000/finish";
    assert_error_msg(&world.ask(&mallory, "POST", nowhere, json!({})).await, 404, "Not Found");
    assert!(world.ports.directory().ci_apps().is_empty(), "nothing was made");
}

#[tokio::test]
async fn a_configuration_is_given_out_as_it_came() {
    let bed = Bed::new().await;
    let yml = format!("{}/bitrise.yml", path(&bed.app));
    let none = bed.call("GET", &yml, Value::Null).await;
    assert_refused(&none, 404, "the app has no bitrise.yml", "none yet");
    let saved = bed.call("POST", &yml, json!({"app_config_datastore_yaml": CONFIG})).await;
    assert_eq!((saved.status.as_u16(), saved.json()), (200, json!({"status": "ok"})));
    let shown = bed.call("GET", &yml, Value::Null).await;
    assert_eq!((shown.text.as_str(), shown.header("content-type")), (CONFIG, "text/yaml; charset=utf-8"));
    let workflows = bed.get(&format!("{}/build-workflows", path(&bed.app))).await;
    assert_eq!(workflows, json!({"data": ["primary", "deploy"]}), "utility workflows cannot be triggered");
    let object = json!({"app_config_datastore_yaml": {"workflows": {"only": {}}}});
    assert_eq!(bed.call("POST", &yml, object).await.status, 200);
    let workflows = bed.get(&format!("{}/build-workflows", path(&bed.app))).await;
    assert_eq!(workflows, json!({"data": ["only"]}), "JSON is YAML");
}

#[tokio::test]
async fn a_configuration_that_does_not_hold_together_is_refused() {
    let bed = Bed::new().await;
    let yml = format!("{}/bitrise.yml", path(&bed.app));
    let save = async |value: Value| bed.call("POST", &yml, json!({"app_config_datastore_yaml": value})).await;
    let wrong = save(json!("trigger_map:\n- push_branch: main\n  workflow: gone\nworkflows: {}\n")).await;
    let told = json!({"message": "Unprocessable Entity",
        "errors": ["trigger item #1: non-existent workflow defined as trigger target: gone"]});
    assert_eq!((wrong.status.as_u16(), wrong.json()), (422, told));
    assert_eq!(save(json!("a: [")).await.status, 422, "not even YAML");
    assert_eq!(save(json!("#\n".repeat(512 * 1024))).await.status, 422, "as large as may be, but empty");
    assert_eq!(save(json!("#\n".repeat(512 * 1024 + 1))).await.status, 413);
    assert_eq!(save(json!("x".repeat(3 * 1024 * 1024))).await.status, 413);
    assert_eq!(save(json!(7)).await.status, 400);
    assert_eq!(bed.call("POST", &yml, json!({})).await.status, 400);
    assert_eq!(bed.world.ports.directory().ci_app(bed.app.uid).expect("there").config, None, "nothing was stored");
    bed.world.join("mallory", OrgRole::Member).await;
    let token = bed.world.token_for("mallory", "repo").await;
    for method in ["GET", "POST"] {
        assert_eq!(bed.world.ask(&token, method, &yml, json!({})).await.status, 403, "{method} by a tester");
    }
}

#[tokio::test]
async fn clients_learn_who_they_are_and_where_they_belong() {
    let bed = Bed::new().await;
    let directory = bed.world.ports.directory();
    let (alice, acme) = (directory.account("alice").expect("exists"), directory.account("acme").expect("exists"));
    let me = bed.get("/v0.1/me").await["data"].clone();
    assert_eq!((&me["username"], &me["slug"]), (&json!("alice"), &json!(alice.uid.to_string())));
    let expected = json!({"data": [{"name": "acme", "slug": acme.uid.to_string(), "avatar_icon_url": null,
        "concurrency_count": null,
        "owners": [{"slug": alice.uid.to_string(), "username": "alice", "email": me["email"]}]}]});
    assert_eq!(bed.get("/v0.1/organizations").await, expected);
    let one = bed.get(&format!("/v0.1/organizations/{}", acme.uid)).await;
    assert_eq!(one["data"], expected["data"][0]);
    assert_eq!(bed.get(&format!("/v0.1/users/{}", alice.uid)).await["data"]["username"], "alice");
    let mallory = bed.world.token_for("mallory", "").await;
    let path = format!("/v0.1/organizations/{}", acme.uid);
    assert_eq!(bed.world.ask(&mallory, "GET", &path, Value::Null).await.status, 404);
    assert_eq!(bed.world.ask(&mallory, "GET", "/v0.1/me", Value::Null).await.status, 200, "any token");
}
