use serde_json::{Value, json};

use crate::bed::{Bed, ROOT};

#[tokio::test]
async fn site_admins_create_list_and_delete_users() {
    let bed = Bed::new().await;
    let body = json!({"login": "alice", "name": "Alice", "email": "alice@acme.test"});
    let made = bed.post(ROOT, "/api/v1/users", body.clone()).await;
    assert_eq!(made.status(), 201, "{made:?}");
    assert_eq!((&made.json["kind"], &made.json["site_admin"]), (&json!("user"), &json!(false)));
    assert_eq!(made.json["created_at"], "2026-01-02T03:04:05.000Z");
    assert_eq!(bed.post(ROOT, "/api/v1/users", json!({"login": "ALICE"})).await.fault(), (409, "conflict", "login"));
    let listed = bed.get(ROOT, "/api/v1/users").await;
    assert_eq!(listed.json["items"][1], made.json);
    assert_eq!(bed.delete(ROOT, "/api/v1/users/alice").await.status(), 204);
    assert_eq!(bed.delete(ROOT, "/api/v1/users/alice").await.fault(), (404, "not_found", ""));
    assert_eq!(bed.delete(ROOT, "/api/v1/users/root").await.fault(), (409, "conflict", ""), "not oneself");
}

#[tokio::test]
async fn registry_bodies_are_checked_field_by_field() {
    let bed = Bed::new().await;
    let fault = async |body: Value| {
        let answer = bed.post(ROOT, "/api/v1/users", body).await;
        let (status, _, field) = answer.fault();
        (status, field.to_owned())
    };
    assert_eq!(fault(json!({})).await, (422, "login".to_owned()));
    assert_eq!(fault(json!({"login": 7})).await, (422, "login".to_owned()));
    for bad in ["", "a/b", "-x", "x.git", "ü", &"x".repeat(101)] {
        assert_eq!(fault(json!({"login": bad})).await, (422, "login".to_owned()), "{bad}");
    }
    assert_eq!(fault(json!({"login": "a", "name": "x\u{1b}[2J"})).await, (422, "name".to_owned()));
    assert_eq!(fault(json!({"login": "a", "email": "nobody"})).await, (422, "email".to_owned()));
    assert_eq!(fault(json!({"login": "a", "site_admin": "yes"})).await, (422, "site_admin".to_owned()));
    assert_eq!(fault(json!({"login": "a", "siteadmin": true})).await, (422, "siteadmin".to_owned()), "no typos");
    assert_eq!(fault(json!([1])).await, (400, String::new()));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let bed = Bed::new().await;
    for n in 0..5 {
        bed.post(ROOT, "/api/v1/users", json!({"login": format!("u{n}")})).await;
    }
    let mut logins = Vec::new();
    let mut path = "/api/v1/users?limit=4".to_owned();
    loop {
        let page = bed.get(ROOT, &path).await.json;
        let items = page["items"].as_array().expect("items").iter();
        logins.extend(items.map(|item| item["login"].as_str().expect("text").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/users?limit=4&cursor={next}");
    }
    assert_eq!(logins, ["root", "u0", "u1", "u2", "u3", "u4"]);
    for bad in ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=-1"] {
        assert_eq!(bed.get(ROOT, &format!("/api/v1/users?{bad}")).await.status(), 400, "{bad}");
    }
}

#[tokio::test]
async fn only_site_admins_with_the_scope_touch_users() {
    let bed = Bed::acme().await;
    bed.token("root", "narrow", "repo").await;
    bed.token("ann", "bold", "site_admin").await;
    for token in ["narrow", "bold", "ann-token"] {
        assert_eq!(bed.get(token, "/api/v1/users").await.fault(), (403, "forbidden", ""), "{token}");
        assert_eq!(bed.post(token, "/api/v1/users", json!({"login": "x"})).await.status(), 403);
        assert_eq!(bed.delete(token, "/api/v1/users/bob").await.status(), 403);
    }
}

#[tokio::test]
async fn organizations_belong_to_their_owners() {
    let bed = Bed::acme().await;
    let logins = async |token: &str| {
        let page = bed.get(token, "/api/v1/orgs").await.json;
        page["items"].as_array().expect("items").len()
    };
    assert_eq!((logins("ann-token").await, logins("bob-token").await, logins(ROOT).await), (1, 0, 1));
    let owner = |body: Value| body;
    let other = json!({"login": "evil", "owner": "ann"});
    assert_eq!(bed.post("bob-token", "/api/v1/orgs", owner(other)).await.status(), 403, "oneself only");
    let by_root = bed.post(ROOT, "/api/v1/orgs", json!({"login": "sub", "owner": "ann"})).await;
    assert_eq!((by_root.status(), &by_root.json["kind"]), (201, &json!("organization")));
    let absent = json!({"login": "sub2", "owner": "nobody"});
    assert_eq!(bed.post(ROOT, "/api/v1/orgs", absent).await.fault(), (422, "invalid", "owner"));
    let member = "/api/v1/orgs/acme/members";
    let role = |role: &str| Some(json!({"role": role}));
    assert_eq!(bed.ask("ann-token", "PUT", &format!("{member}/bob"), role("member")).await.status(), 403);
    assert_eq!(bed.ask("bob-token", "PUT", &format!("{member}/bob"), role("member")).await.status(), 404);
    let bad = bed.ask("owner-token", "PUT", &format!("{member}/bob"), role("king")).await;
    assert_eq!(bad.fault(), (422, "invalid", "role"));
    assert_eq!(bed.ask("owner-token", "PUT", &format!("{member}/acme"), role("member")).await.status(), 404);
    assert_eq!(bed.delete("owner-token", &format!("{member}/owner")).await.fault(), (409, "conflict", ""));
    assert_eq!(bed.ask("owner-token", "PUT", &format!("{member}/ann"), role("owner")).await.status(), 204);
    assert_eq!(bed.delete("owner-token", &format!("{member}/owner")).await.status(), 204);
    assert_eq!(bed.delete("owner-token", "/api/v1/orgs/acme").await.status(), 404, "not any more");
    assert_eq!(bed.delete("ann-token", "/api/v1/orgs/acme").await.status(), 204);
    assert_eq!(bed.get(ROOT, "/api/v1/repos/acme/widgets").await.status(), 404, "gone with it");
}

#[tokio::test]
async fn repositories_are_seen_by_those_who_may() {
    let bed = Bed::acme().await;
    let names = async |token: &str, query: &str| -> Vec<String> {
        let page = bed.get(token, &format!("/api/v1/repos{query}")).await.json;
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| item["full_name"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(names("bob-token", "").await, ["acme/widgets"]);
    assert_eq!(names("ann-token", "?owner=ACME").await, ["acme/widgets", "acme/secret"]);
    assert_eq!(names("ann-token", "?owner=ann").await, Vec::<String>::new());
    bed.token("ann", "publisher", "events:write").await;
    assert_eq!(names("publisher", "").await, ["acme/widgets"], "private ones take the scope repo");
    assert_eq!(bed.get("bob-token", "/api/v1/repos/acme/secret").await.status(), 404);
    let shown = bed.get("ann-token", "/api/v1/repos/acme/SECRET").await.json;
    assert_eq!((&shown["private"], &shown["default_branch"]), (&json!(true), &json!("main")));
    assert_eq!(bed.delete("ann-token", "/api/v1/repos/acme/widgets").await.status(), 403);
    assert_eq!(bed.delete("bob-token", "/api/v1/repos/acme/secret").await.status(), 404);
    assert_eq!(bed.delete("owner-token", "/api/v1/repos/acme/widgets").await.status(), 204);
}

#[tokio::test]
async fn repositories_are_created_by_owners_of_the_account() {
    let bed = Bed::acme().await;
    let create = async |token: &str, owner: &str, name: &str| {
        bed.post(token, "/api/v1/repos", json!({"owner": owner, "name": name})).await.status()
    };
    assert_eq!(create("bob-token", "bob", "own").await, 201);
    assert_eq!(create("bob-token", "BOB", "OWN").await, 409);
    assert_eq!(create("bob-token", "ann", "hers").await, 403);
    assert_eq!(create("ann-token", "acme", "theirs").await, 403);
    assert_eq!(create("bob-token", "nobody", "x").await, 422);
    assert_eq!(create(ROOT, "ann", "given").await, 201);
    bed.token("bob", "public", "public_repo").await;
    assert_eq!(create("public", "bob", "open").await, 201);
    let private = json!({"owner": "bob", "name": "closed", "private": true});
    assert_eq!(bed.post("public", "/api/v1/repos", private).await.status(), 403);
}

#[tokio::test]
async fn s3_tokens_are_shown_once_and_work() {
    let bed = Bed::acme().await;
    let made =
        bed.post("ann-token", "/api/v1/tokens", json!({"scopes": ["repo"], "note": "ci", "expires_in": 60})).await;
    assert_eq!(made.status(), 201, "{made:?}");
    assert_eq!(made.headers["cache-control"], "no-store");
    let token = made.json["token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with("prt_"), "{token}");
    let whoami = bed.get(&token, "/api/v1/whoami").await.json;
    assert_eq!(whoami, json!({"login": "ann", "site_admin": false, "scopes": ["repo"]}));
    let listed = bed.get("ann-token", "/api/v1/tokens").await.json;
    assert_eq!((&listed["items"][1]["note"], listed["items"][1].get("token")), (&json!("ci"), None));
    assert_eq!(listed["items"][1]["expires_at"], "2026-01-02T03:05:05.000Z");
    bed.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(bed.get(&token, "/api/v1/whoami").await.fault(), (401, "unauthorized", ""));
}

#[tokio::test]
async fn a_token_hands_on_no_more_than_it_has() {
    let bed = Bed::acme().await;
    let create = async |token: &str, body: Value| bed.post(token, "/api/v1/tokens", body).await;
    bed.token("ann", "narrow", "repo").await;
    assert_eq!(create("narrow", json!({"scopes": ["admin:org"]})).await.fault(), (403, "forbidden", "scopes"));
    assert_eq!(create("narrow", json!({"scopes": ["repo"], "user": "bob"})).await.status(), 403);
    assert_eq!(create("narrow", json!({"scopes": ["chocolate"]})).await.fault(), (422, "invalid", "scopes"));
    assert_eq!(
        create("narrow", json!({"scopes": ["repo"], "expires_in": 0})).await.fault(),
        (422, "invalid", "expires_in")
    );
    let others = create(ROOT, json!({"scopes": ["user"], "user": "bob"})).await;
    assert_eq!((others.status(), &others.json["user"]), (201, &json!("bob")));
    let admin = create(ROOT, json!({"scopes": ["site_admin"], "user": "bob"})).await;
    assert_eq!(admin.fault(), (422, "invalid", "scopes"));
    let short = create("ann-token", json!({"scopes": ["repo"], "expires_in": 60})).await.json;
    let short = short["token"].as_str().expect("a token");
    let heir = create(short, json!({"scopes": ["repo"], "expires_in": 6000})).await.json;
    assert_eq!(heir["expires_at"], "2026-01-02T03:05:05.000Z", "nor for longer");
}

#[tokio::test]
async fn tokens_are_revoked_by_their_user_or_a_site_admin() {
    let bed = Bed::acme().await;
    let made = bed.post("ann-token", "/api/v1/tokens", json!({"scopes": ["repo"]})).await.json;
    let path = format!("/api/v1/tokens/{}", made["id"]);
    assert_eq!(bed.delete("bob-token", &path).await.fault(), (404, "not_found", ""));
    assert_eq!(bed.delete("ann-token", &path).await.status(), 204);
    assert_eq!(bed.delete(ROOT, &path).await.status(), 404);
    assert_eq!(bed.get("bob-token", "/api/v1/tokens?user=ann").await.status(), 403);
    assert_eq!(bed.get(ROOT, "/api/v1/tokens?user=ann").await.json["items"][0]["user"], "ann");
}

#[tokio::test]
async fn p3_the_doctor_counts() {
    let bed = Bed::acme().await;
    bed.hook("http://receiver.test/").await;
    bed.publish_json(ROOT, crate::bed::event("1", "github.push", &json!({}))).await;
    let told = bed.get(ROOT, "/api/v1/doctor").await.json;
    assert_eq!(told["conservation"]["planned"], 1);
    assert_eq!((&told["conservation"]["open"], &told["conservation"]["holds"]), (&json!(1), &json!(true)));
    assert_eq!((&told["hooks"], &told["store"]["commits"]), (&json!(1), &json!(true)));
    assert_eq!(bed.get("ann-token", "/api/v1/doctor").await.status(), 403);
}
