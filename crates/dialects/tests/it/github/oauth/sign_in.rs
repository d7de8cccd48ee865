//! Signing in with a token, and the session it makes (contract delivery-and-security U-2 to U-4).

use std::time::Duration;

use dialects::ApiSettings;
use serde_json::Value;
use testkit::a_token_of;

use super::browser::csrf;
use super::{Browser, Scene};

const CONSENT: &str = "/login/oauth/authorize?client_id=ferry&scope=repo";

#[tokio::test]
async fn u3_the_cookie_is_for_this_host_over_tls_alone() {
    let settings = ApiSettings { public_url: Some("https://git.acme.test".into()), ..ApiSettings::default() };
    let scene = Scene::with(settings).await;
    let mut browser = Browser::new(&scene.world);
    let answer = browser.sign_in(&scene.world.token, "").await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-postrider_session="), "{set}");
    for part in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age=604800"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Domain"));
    let page = browser.get(CONSENT).await;
    assert_eq!((page.status.as_u16(), page.header("strict-transport-security")), (200, "max-age=31536000"));
    assert!(!page.text.contains("not encrypted"));
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    let fields = [("csrf", csrf(&page)), ("client_id", "ferry".to_owned()), ("authorize", "1".to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let foreign = [("origin", "http://git.acme.test")];
    assert_eq!(browser.post_from("/login/oauth/authorize", &fields, &foreign).await.status, 403, "another scheme");
    let own = [("origin", "https://git.acme.test")];
    let answer = browser.post_from("/login/oauth/authorize", &fields, &own).await;
    assert_eq!(super::back(&answer)["iss"], "https://git.acme.test");
}

#[tokio::test]
async fn u3_without_tls_the_cookie_has_another_name_and_a_banner_says_so() {
    let scene = Scene::new().await;
    let mut browser = Browser::new(&scene.world);
    let page = browser.get("/login").await;
    assert!(page.text.contains("This connection is not encrypted"));
    let answer = browser.sign_in(&scene.world.token, "").await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("postrider_session=") && !set.contains("Secure"), "{set}");
}

#[tokio::test]
async fn only_a_living_token_that_a_person_made_signs_in() {
    let scene = Scene::new().await;
    let alice = scene.world.ports.directory().account("alice").expect("exists").id;
    let scopes = domain::account::Scopes::parse("repo").expect("known");
    let of_app = a_token_of(scene.ferry.id, "of the app", alice, scopes);
    scene.world.ports.store.create_token(of_app).await.expect("created");
    let mut browser = Browser::new(&scene.world);
    for token in ["", "nonsense", "of the app", &"x".repeat(10_000)] {
        let answer = browser.sign_in(token, "").await;
        assert_eq!(answer.status, 422, "{token}");
        assert!(answer.text.contains("role=\"alert\""));
        assert!(!browser.cookies.contains_key("postrider_session"));
        assert!(token.is_empty() || !answer.text.contains(token), "what was typed is not repeated");
    }
    assert_eq!(browser.sign_in(&format!(" {}\n", scene.world.token), "").await.status, 303, "pasted with blanks");
}

#[tokio::test]
async fn u6_tokens_can_be_typed_twenty_times_a_minute() {
    let scene = Scene::new().await;
    let mut browser = Browser::new(&scene.world);
    for _ in 0..20 {
        assert_eq!(browser.sign_in("nonsense", "").await.status, 422);
    }
    assert_eq!(browser.sign_in(&scene.world.token, "").await.status, 429, "even a good one");
    scene.world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(browser.sign_in(&scene.world.token, "").await.status, 303);
}

#[tokio::test]
async fn u3_each_sign_in_makes_a_new_session_and_ends_the_old_one() {
    let scene = Scene::new().await;
    let mut browser = scene.alice().await;
    let old = browser.cookies["postrider_session"].clone();
    // An attacker may have planted the cookie: signing in must not bless it (session fixation).
    browser.cookies.insert("postrider_sign_in".to_owned(), "a".repeat(64));
    let fields = [("csrf", login_csrf(&"a".repeat(64))), ("token", scene.world.token.clone())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post("/login", &fields).await.status, 303);
    assert_ne!(browser.cookies["postrider_session"], old);
    browser.cookies.insert("postrider_session".to_owned(), old);
    assert_eq!(browser.get(CONSENT).await.status, 303, "the old one has ended");
}

/// The form token of a sign-in cookie.
fn login_csrf(cookie: &str) -> String {
    use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let mac = sign(&Key::new(HMAC_SHA256, cookie.as_bytes()), b"form");
    mac.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[tokio::test]
async fn u4_nobody_is_signed_in_by_another_site() {
    let scene = Scene::new().await;
    let mut browser = Browser::new(&scene.world);
    let token = csrf(&browser.get("/login").await);
    let fields = [("csrf", token.as_str()), ("token", scene.world.token.as_str())];
    for headers in [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://evil.test")]] {
        assert_eq!(browser.post_from("/login", &fields, headers).await.status, 422, "{headers:?}");
    }
    let mut victim = Browser::new(&scene.world);
    assert_eq!(victim.post("/login", &fields).await.status, 422, "a form of the attacker's own browser");
    assert_eq!(browser.post("/login", &fields).await.status, 303);
}

#[tokio::test]
async fn rfc9700_4_11_signing_in_leads_to_pages_of_ours_alone() {
    let scene = Scene::new().await;
    for elsewhere in [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "/login/oauth/authorize",
        "/api/v3/user",
        "login/device",
        "/login/device/../../evil",
        "/login/oauth/authorize?\r\nx: y",
        "javascript:alert(1)",
    ] {
        let mut browser = Browser::new(&scene.world);
        let answer = browser.sign_in(&scene.world.token, elsewhere).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/login"), "{elsewhere}");
    }
    let mut browser = Browser::new(&scene.world);
    assert_eq!(browser.sign_in(&scene.world.token, "/login/device").await.header("location"), "/login/device");
}

#[tokio::test]
async fn u3_a_session_ends_idle_old_signed_out_or_with_its_token() {
    let scene = Scene::new().await;
    let hours = |count: u64| Duration::from_secs(count * 3_600);
    let mut idle = scene.alice().await;
    scene.world.clock.advance(hours(12));
    assert_eq!(idle.get(CONSENT).await.status, 303);
    let mut busy = scene.alice().await;
    for _ in 0..15 {
        assert_eq!(busy.get(CONSENT).await.status, 200);
        scene.world.clock.advance(hours(11));
    }
    scene.world.clock.advance(hours(3));
    assert_eq!(busy.get(CONSENT).await.status, 303, "seven days");

    let mut leaving = scene.alice().await;
    let token = csrf(&leaving.get("/login").await);
    let stolen = leaving.cookies.clone();
    assert_eq!(leaving.post("/logout", &[]).await.status, 403, "other sites sign nobody out");
    assert_eq!(leaving.post("/logout", &[("csrf", &token)]).await.status, 303);
    leaving.cookies = stolen;
    assert_eq!(leaving.get(CONSENT).await.status, 303, "ended here, not just forgotten there");

    let value = scene.world.token_for("alice", "repo").await;
    let mut revoked = Browser::signed_in(&scene.world, &value).await;
    let page = revoked.get(CONSENT).await;
    let id = scene.world.ports.directory().token(&domain::account::TokenHash::of(&value)).expect("exists").id;
    scene.world.ports.store.delete_token(id).await.expect("revoked");
    let fields = [("csrf", csrf(&page)), ("client_id", "ferry".to_owned()), ("authorize", "1".to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(revoked.post("/login/oauth/authorize", &fields).await.status, 403);
}

#[tokio::test]
async fn u4_apis_do_not_read_cookies() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    assert_eq!(alice.get("/api/v3/user").await.status, 401);
    assert_eq!(alice.get("/api/v1/whoami").await.status, 401);
}

#[tokio::test]
async fn another_account_can_be_taken() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    let token = csrf(&alice.get(CONSENT).await);
    let answer = alice.post("/logout", &[("csrf", &token), ("return_to", CONSENT)]).await;
    assert!(answer.header("location").starts_with("/login?return_to=%2Flogin%2Foauth%2Fauthorize%3F"));
    let answer = alice.sign_in(&scene.world.token_for("mallory", "repo").await, CONSENT).await;
    assert_eq!(answer.header("location"), CONSENT);
    assert!(alice.get(CONSENT).await.text.contains("<strong>mallory</strong>"));
}

#[tokio::test]
async fn the_style_sheet_is_ours_and_cookies_of_others_do_no_harm() {
    let scene = Scene::new().await;
    let style = scene.world.ask("", "GET", "/login/style.css", Value::Null).await;
    assert_eq!((style.status.as_u16(), style.header("content-type")), (200, "text/css; charset=utf-8"));
    let mut browser = Browser::new(&scene.world);
    for value in ["", "x", "\u{20ac}", &"g".repeat(64), &"0".repeat(64), &"a;b=c".repeat(900)] {
        browser.cookies.insert("postrider_session".to_owned(), value.to_owned());
        assert_eq!(browser.get(CONSENT).await.status, 303, "{value}");
    }
}
