//! The authorization-code flow (RFC 6749 section 4.1), as GitHub's documentation has it.

use std::time::Duration;

use serde_json::Value;

use super::{CALLBACK, ENCODED, SECRET, Scene, back, error, form};

const TOKEN: &str = "/login/oauth/access_token";

#[tokio::test]
async fn a_user_allows_an_application_and_it_acts_for_them() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    let path =
        format!("/login/oauth/authorize?client_id=ferry&redirect_uri={ENCODED}&scope=repo%20user&state=s%26%C3%A9");
    let answer = alice.decide(&path, "1").await;
    assert!(
        answer.header("location").starts_with("https://ferry.test/callback?code="),
        "{}",
        answer.header("location")
    );
    let told = back(&answer);
    assert_eq!(told["state"], "s&\u{e9}");
    let given = scene.exchange(&told["code"], &[("redirect_uri", CALLBACK)]).await;
    assert_eq!(
        (&given["token_type"], &given["scope"]),
        (&"bearer".into(), &"repo".into()),
        "user was not alice's to give"
    );
    let token = given["access_token"].as_str().expect("a token");
    let me = scene.whoami(token).await;
    assert_eq!((me.json()["login"].as_str(), me.header("x-oauth-scopes")), (Some("alice"), "repo"));
    assert_eq!(me.header("x-oauth-client-id"), "ferry");
    assert_eq!(scene.whoami(&scene.world.token).await.header("x-oauth-client-id"), "", "her own token is nobody's");
}

#[tokio::test]
async fn the_answer_is_a_form_unless_json_is_asked_for() {
    let scene = Scene::new().await;
    let code = scene.code("repo,admin:org", "").await;
    let fields = [("client_id", "ferry"), ("client_secret", SECRET), ("code", code.as_str())];
    let answer = scene.world.send(form(TOKEN, &fields).body_of(&fields)).await;
    assert_eq!(answer.header("content-type"), "application/x-www-form-urlencoded; charset=utf-8");
    assert!(answer.text.starts_with("access_token=prt_"), "{}", answer.text);
    assert!(answer.text.ends_with("&token_type=bearer&scope=repo%2Cadmin%3Aorg"), "{}", answer.text);
    let again = scene.world.send(form(TOKEN, &fields).body_of(&fields)).await;
    assert!(again.text.starts_with("error=bad_verification_code&error_description=The+code+passed"), "{}", again.text);
}

#[tokio::test]
async fn clients_prove_themselves_in_the_body_or_by_basic_authentication() {
    let scene = Scene::new().await;
    let basic = |pair: &str| {
        use base64::Engine as _;
        format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair))
    };
    let ask = async |authorization: &str, fields: &[(&str, &str)]| {
        let request = form(TOKEN, fields).header("accept", "application/json").header("authorization", authorization);
        scene.world.send(request.body_of(fields)).await.json()
    };
    let good = basic("ferry:secret of ferry");
    let code = scene.code("repo", "").await;
    for (authorization, fields) in [
        (basic("ferry:wrong"), vec![("code", code.as_str())]),
        (basic("ferry:"), vec![("code", code.as_str())]),
        (basic("pirate:secret of ferry"), vec![("code", code.as_str())]),
        (good.clone(), vec![("code", code.as_str()), ("client_id", "pirate")]),
        (good.clone(), vec![("code", code.as_str()), ("client_secret", SECRET)]),
        ("Bearer x".to_owned(), vec![("code", code.as_str()), ("client_id", "ferry"), ("client_secret", SECRET)]),
    ] {
        assert_eq!(error(&ask(&authorization, &fields).await), "incorrect_client_credentials", "{authorization}");
    }
    let given = ask(&good, &[("code", &code), ("grant_type", "authorization_code")]).await;
    assert!(scene.works(&given["access_token"]).await, "nothing of that spent the code");
}

#[tokio::test]
async fn errors_have_githubs_names_and_status_200() {
    let scene = Scene::new().await;
    let code = scene.code("repo", "").await;
    let table: [(&[(&str, &str)], &str); 8] = [
        (&[("client_id", "nobody")], "incorrect_client_credentials"),
        (&[("client_secret", "wrong")], "incorrect_client_credentials"),
        (&[("client_secret", "")], "incorrect_client_credentials"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "refresh_token")], "unsupported_grant_type"),
        (&[("code", "")], "bad_verification_code"),
        (&[("code", "0123456789abcdef0123")], "bad_verification_code"),
        (&[("redirect_uri", "https://ferry.test/other")], "redirect_uri_mismatch"),
    ];
    for (fields, name) in table {
        assert_eq!(error(&scene.exchange(&code, fields).await), name, "{fields:?}");
    }
}

#[tokio::test]
async fn rfc6749_4_1_2_a_code_lives_ten_minutes() {
    let scene = Scene::new().await;
    let (early, late) = (scene.code("repo", "").await, scene.code("repo", "").await);
    scene.world.clock.advance(Duration::from_secs(599));
    assert!(scene.works(&scene.exchange(&early, &[]).await["access_token"]).await);
    scene.world.clock.advance(Duration::from_secs(1));
    assert_eq!(error(&scene.exchange(&late, &[]).await), "bad_verification_code");
}

#[tokio::test]
async fn a_token_ends_with_the_one_its_user_signed_in_with_and_is_told_when() {
    let scene = Scene::new().await;
    let alice = scene.world.ports.directory().account("alice").expect("exists").id;
    let scopes = domain::account::Scopes::parse("repo").expect("known");
    let ends = Some(domain::ports::Clock::now(&*scene.world.clock).plus(Duration::from_secs(3_600)));
    let new = domain::ports::NewToken { expires_at: ends, ..testkit::a_token("short", alice, scopes) };
    scene.world.ports.store.create_token(new).await.expect("created");
    let mut browser = super::Browser::signed_in(&scene.world, "short").await;
    let told = back(&browser.allow("/login/oauth/authorize?client_id=ferry&scope=repo").await);
    scene.world.clock.advance(Duration::from_secs(60));
    let given = scene.exchange(&told["code"], &[]).await;
    assert_eq!(given["expires_in"], 3_540);
    scene.world.clock.advance(Duration::from_secs(3_540));
    assert!(!scene.works(&given["access_token"]).await);
}

#[tokio::test]
async fn at_most_ten_tokens_of_one_user_and_scope_live() {
    let scene = Scene::new().await;
    let mut tokens: Vec<Value> = Vec::new();
    for _ in 0..11 {
        let code = scene.code("repo", "").await;
        tokens.push(scene.exchange(&code, &[]).await["access_token"].clone());
    }
    assert!(!scene.works(&tokens[0]).await, "the oldest went");
    assert!(scene.works(&tokens[1]).await && scene.works(&tokens[10]).await);
}

#[tokio::test]
async fn codes_survive_whatever_happens_to_the_process() {
    let scene = Scene::new().await;
    let code = scene.code("repo", "").await;
    // Nothing of a flow is in memory: the store has it (the store's own tests crash it), and it is there at once.
    let hash = domain::account::TokenHash::of(&code);
    let judge = Box::new(|_: &domain::grant::Code| Err(domain::grant::CodeRefusal::OfAnother));
    let seen = scene.world.ports.store.redeem_code(hash, judge).await.expect("asks");
    assert!(matches!(seen, domain::grant::Redeemed::Refused(domain::grant::CodeRefusal::OfAnother)));
}

#[tokio::test]
async fn rfc8414_the_metadata_names_every_endpoint() {
    let scene = Scene::new().await;
    let answer = scene.world.ask("", "GET", "/.well-known/oauth-authorization-server", Value::Null).await;
    let told = answer.json();
    assert_eq!(told["issuer"], "http://postrider.test");
    assert_eq!(told["token_endpoint"], "http://postrider.test/login/oauth/access_token");
    assert_eq!(told["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(told["authorization_response_iss_parameter_supported"], true);
}
