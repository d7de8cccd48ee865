//! The question a user is asked, and when it is left out.

use super::{Browser, Scene, back};

const PATH: &str = "/login/oauth/authorize?client_id=ferry&scope=repo&state=x";

#[tokio::test]
async fn the_page_says_who_asks_for_what_and_escapes_their_words() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    let page = alice.get("/login/oauth/authorize?client_id=ferry&scope=repo,delete_repo,user&login=bob").await;
    for words in [
        "Ferry &#60;Deluxe&#62;",
        "an application of <strong>alice</strong>",
        "<code>repo</code>",
        "<code>delete_repo</code>",
        "It also asked for this and will not get it",
        "<code>user</code>",
        "It expected bob, but you are signed in as alice.",
        "<strong>ferry.test</strong>",
        "This connection is not encrypted",
    ] {
        assert!(page.text.contains(words), "{words}\n{}", page.text);
    }
    assert!(!page.text.contains("<Deluxe>"));
    let page = alice.get("/login/oauth/authorize?client_id=ferry&scope=gist").await;
    assert!(page.text.contains("public information only"));
}

#[tokio::test]
async fn rfc6749_4_1_2_1_a_refusal_is_told_to_the_application() {
    let scene = Scene::new().await;
    let told = back(&scene.alice().await.decide(PATH, "0").await);
    assert_eq!((told["error"].as_str(), told["state"].as_str()), ("access_denied", "x"));
    assert_eq!(told["error_description"], "The user has denied your application access.");
    assert!(!told.contains_key("code"));
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_first_and_comes_back() {
    let scene = Scene::new().await;
    let mut browser = Browser::new(&scene.world);
    let first = browser.get(&format!("{PATH}&login=alice")).await;
    let sign_in = first.header("location").to_owned();
    assert!(first.status == 303 && sign_in.starts_with("/login?return_to=%2Flogin%2Foauth%2Fauthorize%3Fclient_id"));
    let page = browser.get(&sign_in).await;
    assert!(page.text.contains("expects you to sign in as <strong>alice</strong>"));
    let return_to = format!("{PATH}&login=alice");
    let signed_in = browser.sign_in(&scene.world.token, &return_to).await;
    assert_eq!((signed_in.status.as_u16(), signed_in.header("location")), (303, return_to.as_str()));
    assert!(back(&browser.allow(&return_to).await).contains_key("code"));
}

#[tokio::test]
async fn what_was_allowed_before_is_not_asked_again() {
    let scene = Scene::new().await;
    let code = scene.code("repo", "").await;
    let token = scene.exchange(&code, &[]).await["access_token"].clone();
    let mut alice = scene.alice().await;
    for same_or_less in ["repo", "public_repo", "read:repo_hook", ""] {
        let answer = alice.get(&format!("/login/oauth/authorize?client_id=ferry&scope={same_or_less}")).await;
        assert!(back(&answer).contains_key("code"), "{same_or_less}");
    }
    for more in ["scope=repo,delete_repo", "scope=repo&prompt=consent", "scope=repo&login=bob"] {
        assert_eq!(alice.get(&format!("/login/oauth/authorize?client_id=ferry&{more}")).await.status, 200, "{more}");
    }
    let mut mallory = scene.signed_in("mallory", "repo").await;
    assert_eq!(mallory.get(PATH).await.status, 200, "another user is asked");
    let id = scene.world.ports.directory().token(&domain::account::TokenHash::of(token.as_str().expect("text")));
    scene.world.ports.store.delete_token(id.expect("exists").id).await.expect("revoked");
    assert_eq!(alice.get(PATH).await.status, 200, "after revocation, too");
}

#[tokio::test]
async fn rfc8252_8_6_whoever_listens_locally_is_asked_about_each_time() {
    let scene = Scene::new().await;
    scene.register("tool", &["http://127.0.0.1/cb", "com.example.tool:/cb"]).await;
    let mut alice = scene.alice().await;
    for url in ["http%3A%2F%2F127.0.0.1%3A51004%2Fcb", "com.example.tool%3A%2Fcb"] {
        let path = format!("/login/oauth/authorize?client_id=tool&scope=repo&redirect_uri={url}");
        let code = back(&alice.decide(&path, "1").await)["code"].clone();
        let more = [("client_id", "tool"), ("client_secret", "secret of tool")];
        assert!(scene.works(&scene.exchange(&code, &more).await["access_token"]).await);
        assert_eq!(alice.get(&path).await.status, 200, "{url}");
    }
}

#[tokio::test]
async fn rfc8252_7_3_the_port_of_a_loopback_address_may_be_any() {
    let scene = Scene::new().await;
    scene.register("tool", &["http://127.0.0.1/cb?from=us"]).await;
    let path = "/login/oauth/authorize?client_id=tool&redirect_uri=http%3A%2F%2F127.0.0.1%3A51004%2Fcb%3Ffrom%3Dus";
    let answer = scene.alice().await.decide(path, "1").await;
    assert!(
        answer.header("location").starts_with("http://127.0.0.1:51004/cb?from=us&code="),
        "{}",
        answer.header("location")
    );
}

#[tokio::test]
async fn nobody_gives_an_application_more_than_they_signed_in_with() {
    let scene = Scene::new().await;
    let mut alice = scene.signed_in("alice", "public_repo").await;
    let told = back(&alice.allow("/login/oauth/authorize?client_id=ferry&scope=repo,public_repo,admin:org").await);
    assert_eq!(scene.exchange(&told["code"], &[]).await["scope"], "public_repo");
    let mut admin = scene.signed_in("admin", "site_admin,repo").await;
    let told = back(&admin.allow("/login/oauth/authorize?client_id=ferry&scope=site_admin,repo").await);
    assert_eq!(
        scene.exchange(&told["code"], &[]).await["scope"],
        "repo",
        "an installation is not given away on a page"
    );
}

#[tokio::test]
async fn malformed_requests_are_told_apart_by_who_can_be_told() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    for nobody in ["", "?client_id=", "?client_id=nobody", "?client_id=FERRY", "?client_id=ferry%00"] {
        let answer = alice.get(&format!("/login/oauth/authorize{nobody}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""), "{nobody}");
    }
    let long = "a".repeat(4_097);
    for (more, name) in [
        ("scope=%22", "invalid_scope"),
        ("scope=repo%0a", "invalid_scope"),
        (format!("state={long}").as_str(), "invalid_request"),
        ("response_type=xml", "unsupported_response_type"),
    ] {
        let told = back(&alice.get(&format!("/login/oauth/authorize?client_id=ferry&{more}")).await);
        assert_eq!(told["error"], name, "{more}");
    }
}
