//! What RFC 6749 section 10 and RFC 9700 section 4 say attackers try.

use super::browser::csrf;
use super::{CALLBACK, ENCODED, SECRET, Scene, back, error};

const PATH: &str = "/login/oauth/authorize?client_id=ferry&scope=repo&state=x";

#[tokio::test]
async fn rfc9700_4_1_and_4_11_nobody_is_sent_to_a_url_that_is_not_registered() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    for evil in [
        "https%3A%2F%2Fevil.test%2F",
        "https%3A%2F%2Fferry.test%2Fcallback%2F",
        "https%3A%2F%2Fferry.test%2Fcallback%3Fnext%3Dhttps%3A%2F%2Fevil.test",
        "https%3A%2F%2Fferry.test%2Fcallback%2F..%2Fopen",
        "https%3A%2F%2Fferry.test.evil.test%2Fcallback",
        "https%3A%2F%2Fferry.test%40evil.test%2Fcallback",
        "https%3A%2F%2Fferry.test%3A444%2Fcallback",
        "http%3A%2F%2Fferry.test%2Fcallback",
        "%2F%2Fevil.test",
        "javascript%3Aalert(1)",
        "%0d%0aLocation%3A%20https%3A%2F%2Fevil.test",
    ] {
        let answer = alice.get(&format!("{PATH}&redirect_uri={evil}")).await;
        let location = answer.header("location");
        assert!(location.starts_with("https://ferry.test/callback?error=redirect_uri_mismatch&"), "{evil}: {location}");
        assert_eq!(back(&answer)["state"], "x");
    }
    let none = scene.register("none", &[]).await;
    let answer =
        alice.get(&format!("/login/oauth/authorize?client_id={}&redirect_uri={ENCODED}", none.client_id)).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""), "nowhere to go");
}

#[tokio::test]
async fn rfc6749_10_5_a_replayed_code_revokes_what_it_gave() {
    let scene = Scene::new().await;
    let code = scene.code("repo", "").await;
    let given = scene.exchange(&code, &[]).await;
    assert!(scene.works(&given["access_token"]).await);
    assert_eq!(error(&scene.exchange(&code, &[]).await), "bad_verification_code");
    assert!(!scene.works(&given["access_token"]).await);
}

#[tokio::test]
async fn rfc9700_4_5_a_code_injected_into_another_client_is_worthless_and_stays_good_for_its_own() {
    let scene = Scene::new().await;
    let code = scene.code("repo", "").await;
    let stolen = scene.exchange(&code, &[("client_id", "pirate"), ("client_secret", "secret of pirate")]).await;
    assert_eq!(error(&stolen), "bad_verification_code");
    let given = scene.exchange(&code, &[]).await["access_token"].clone();
    scene.exchange(&code, &[("client_id", "pirate"), ("client_secret", "secret of pirate")]).await;
    assert!(scene.works(&given).await, "another client cannot revoke it either");
}

#[tokio::test]
async fn rfc6749_10_2_a_client_cannot_be_impersonated_without_its_secret() {
    let scene = Scene::new().await;
    let code = scene.code("repo", "").await;
    let fields = [("client_id", "ferry"), ("code", code.as_str())];
    let answer = scene.program("/login/oauth/access_token", &fields).await;
    assert_eq!(error(&answer.json()), "incorrect_client_credentials");
    assert!(scene.works(&scene.exchange(&code, &[]).await["access_token"]).await);
}

#[tokio::test]
async fn rfc9700_4_4_mix_up_every_authorization_response_names_its_issuer() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    let responses = [
        alice.decide(PATH, "1").await,
        alice.decide(PATH, "0").await,
        alice.get(&format!("{PATH}&response_type=token")).await,
        alice.get(&format!("{PATH}&redirect_uri=https%3A%2F%2Fevil.test")).await,
    ];
    for answer in responses {
        assert_eq!(back(&answer)["iss"], "http://postrider.test", "{}", answer.header("location"));
    }
}

#[tokio::test]
async fn rfc9700_2_1_2_tokens_never_travel_in_urls() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    for kind in ["token", "code%20token", "id_token"] {
        let told = back(&alice.get(&format!("{PATH}&response_type={kind}")).await);
        assert_eq!(told["error"], "unsupported_response_type");
        assert!(!told.contains_key("access_token"));
    }
    let code = scene.code("repo", "").await;
    let path = format!("/login/oauth/access_token?client_id=ferry&client_secret=secret%20of%20ferry&code={code}");
    let answer = scene.program(&path, &[]).await;
    assert_eq!(error(&answer.json()), "incorrect_client_credentials", "secrets in a URL end up in logs");
}

/// The form that allows `ferry`.
fn yes(csrf: &str) -> [(&str, &str); 4] {
    [("client_id", "ferry"), ("scope", "repo"), ("authorize", "1"), ("csrf", csrf)]
}

#[tokio::test]
async fn rfc6749_10_12_consent_cannot_be_given_by_another_site() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    let token = csrf(&alice.get(PATH).await);
    let mut mallory = scene.signed_in("mallory", "repo").await;
    let foreign = csrf(&mallory.get(PATH).await);
    let same_site = [("sec-fetch-site", "same-origin")];
    for (csrf, headers) in [
        ("", &same_site[..]),
        ("x", &same_site),
        (foreign.as_str(), &same_site),
        (token.as_str(), &[("sec-fetch-site", "cross-site")]),
        (token.as_str(), &[("sec-fetch-site", "same-site")]),
        (token.as_str(), &[("sec-fetch-site", "none")]),
        (token.as_str(), &[("origin", "https://evil.test")]),
        (token.as_str(), &[("origin", "http://postrider.test.evil.test")]),
        (token.as_str(), &[("origin", "null")]),
    ] {
        let answer = alice.post_from("/login/oauth/authorize", &yes(csrf), headers).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (403, ""), "{headers:?}");
    }
    for headers in [&same_site[..], &[("origin", "http://postrider.test")], &[]] {
        let answer = alice.post_from("/login/oauth/authorize", &yes(&token), headers).await;
        assert!(back(&answer).contains_key("code"), "{headers:?}");
    }
    let answer = alice.get("/login/oauth/authorize?client_id=ferry&scope=repo&authorize=1").await;
    assert_eq!(answer.status, 200, "a link decides nothing");
}

#[tokio::test]
async fn rfc9700_4_16_pages_cannot_be_framed_and_run_no_script() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    for path in [PATH, "/login/device", "/login", "/login/oauth/authorize?client_id=nobody"] {
        let page = alice.get(path).await;
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
        assert!(!policy.contains("script-src") && !page.text.contains("<script") && !page.text.contains("style="));
        assert_eq!((page.header("x-content-type-options"), page.header("cache-control")), ("nosniff", "no-store"));
    }
    let policy = alice.get(PATH).await;
    let policy = policy.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://ferry.test;"), "the form's answer leads there: {policy}");
    let mut nobody = super::Browser::new(&scene.world);
    let waiting = nobody.get("/login?return_to=%2Flogin%2Foauth%2Fauthorize%3Fclient_id%3Dferry").await;
    assert!(waiting.header("content-security-policy").contains("form-action 'self' https://ferry.test;"));
    let idle = nobody.get("/login").await;
    assert!(idle.header("content-security-policy").contains("form-action 'self';"));
}

#[tokio::test]
async fn rfc9700_4_2_codes_and_tokens_leak_neither_by_referrer_nor_from_caches() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    let page = alice.get(PATH).await;
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert!(!page.text.contains("https://ferry.test/callback\""), "no link carries the reader away");
    let answer = alice.decide(PATH, "1").await;
    assert_eq!((answer.header("referrer-policy"), answer.header("cache-control")), ("no-referrer", "no-store"));
    let code = back(&answer)["code"].clone();
    let fields =
        [("client_id", "ferry"), ("client_secret", SECRET), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    let answer = scene.program("/login/oauth/access_token", &fields).await;
    assert!(answer.text.contains("prt_"));
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
}

#[tokio::test]
async fn rfc9700_4_12_a_form_is_never_sent_on() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    assert_eq!(alice.decide(PATH, "1").await.status, 303, "307 would repeat the form to the application");
}

#[tokio::test]
async fn rfc6749_3_1_parameters_come_once() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    for twice in ["client_id=ferry", &format!("redirect_uri={ENCODED}&redirect_uri=https%3A%2F%2Fevil.test")] {
        let answer = alice.get(&format!("{PATH}&{twice}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""), "{twice}");
    }
    for twice in ["state=y", "scope=user"] {
        assert_eq!(back(&alice.get(&format!("{PATH}&{twice}")).await)["error"], "invalid_request", "{twice}");
    }
    let code = scene.code("repo", "").await;
    let fields = [("client_id", "ferry"), ("client_secret", SECRET), ("code", "guess"), ("code", code.as_str())];
    let answer = scene.program("/login/oauth/access_token", &fields).await;
    assert_eq!(error(&answer.json()), "bad_verification_code");
}

#[tokio::test]
async fn s7_secrets_are_compared_as_hashes_and_whole() {
    let scene = Scene::new().await;
    let code = scene.code("repo", "").await;
    // Whatever a guess has in common with the secret, its hash has nothing, and the comparison reads all of it.
    for guess in ["secret of ferr", "secret of ferry ", "Secret of ferry", "secret of ferr\u{0}", "s"] {
        let answer = scene.exchange(&code, &[("client_secret", guess)]).await;
        assert_eq!(error(&answer), "incorrect_client_credentials", "{guess}");
    }
    assert_ne!(scene.ferry.secret.0, scene.pirate.secret.0);
    assert!(!format!("{:?}", scene.ferry).contains(SECRET), "only the hash is known here");
}

#[tokio::test]
async fn s3_nothing_of_a_flow_is_stored_in_clear() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    let code = scene.code("repo", "").await;
    let given = scene.exchange(&scene.code("repo", "").await, &[]).await;
    let device = scene.program("/login/device/code", &[("client_id", "ferry")]).await.json();
    alice.get(PATH).await;
    let copy = tempfile::tempdir().expect("a directory").keep().join("copy.db");
    scene.world.ports.store.backup(&copy).await.expect("copied");
    let bytes = std::fs::read(&copy).expect("reads");
    std::fs::remove_dir_all(copy.parent().expect("a directory")).expect("removes");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let mut secrets =
        vec![code, text(&given["access_token"]), text(&device["device_code"]), text(&device["user_code"])];
    secrets.extend(alice.cookies.values().cloned());
    secrets.push(SECRET.to_owned());
    for secret in secrets {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}
