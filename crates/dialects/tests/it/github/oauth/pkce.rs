//! Proof Key for Code Exchange (RFC 7636), and how it is got around (RFC 9700 sections 2.1.1 and 4.8).

use super::{Scene, back, error};

/// Appendix B of RFC 7636.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

#[tokio::test]
async fn rfc7636_the_verifier_fetches_the_token() {
    let scene = Scene::new().await;
    let code = scene.code("repo", CHALLENGE).await;
    assert!(scene.works(&scene.exchange(&code, &[("code_verifier", VERIFIER)]).await["access_token"]).await);
}

#[tokio::test]
async fn rfc7636_a_wrong_verifier_spends_the_code() {
    let scene = Scene::new().await;
    let code = scene.code("repo", CHALLENGE).await;
    let wrong = "a".repeat(43);
    assert_eq!(error(&scene.exchange(&code, &[("code_verifier", &wrong)]).await), "bad_verification_code");
    let late = scene.exchange(&code, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(error(&late), "bad_verification_code", "no second guess");
}

#[tokio::test]
async fn rfc9700_downgrade_a_challenge_without_verifier_gives_nothing() {
    let scene = Scene::new().await;
    let code = scene.code("repo", CHALLENGE).await;
    assert_eq!(error(&scene.exchange(&code, &[]).await), "bad_verification_code");
}

#[tokio::test]
async fn rfc9700_downgrade_a_verifier_without_challenge_gives_nothing() {
    // An attacker took the challenge out of the request; the client still believes to be protected.
    let scene = Scene::new().await;
    let code = scene.code("repo", "").await;
    assert_eq!(error(&scene.exchange(&code, &[("code_verifier", VERIFIER)]).await), "bad_verification_code");
}

#[tokio::test]
async fn rfc7636_plain_and_malformed_challenges_are_refused_before_anybody_is_asked() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    for more in [
        &format!("&code_challenge={VERIFIER}&code_challenge_method=plain"),
        &format!("&code_challenge={VERIFIER}"),
        "&code_challenge_method=S256",
        "&code_challenge=short&code_challenge_method=S256",
        &format!("{CHALLENGE}{CHALLENGE}"),
    ] {
        let answer = alice.get(&format!("/login/oauth/authorize?client_id=ferry&state=x{more}")).await;
        let told = back(&answer);
        assert_eq!((told["error"].as_str(), told["state"].as_str()), ("invalid_request", "x"), "{more}");
    }
}
