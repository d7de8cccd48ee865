//! `/applications/{client_id}/…`: what an application may ask about its tokens.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Scene;
use crate::world::{Answer, request};

impl Scene {
    /// A call of the API with Basic authentication.
    async fn as_client(&self, pair: &str, method: &str, path: &str, body: &Value) -> Answer {
        let mut asked = request("", method, &format!("/api/v3/applications{path}"), body.to_string().into_bytes());
        let basic = format!("basic {}", BASE64_STANDARD.encode(pair));
        asked.headers_mut().insert("authorization", basic.parse().expect("a header"));
        self.world.send(asked).await
    }

    /// The same as `ferry`.
    async fn as_ferry(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.as_client("ferry:secret of ferry", method, path, body).await
    }

    /// A token of alice's that `ferry` got.
    async fn token(&self) -> Value {
        let code = self.code("repo", "").await;
        self.exchange(&code, &[]).await["access_token"].clone()
    }
}

#[tokio::test]
async fn an_application_checks_a_token() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let answer = scene.as_ferry("POST", "/ferry/token", &json!({"access_token": token})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let told = answer.json();
    let text = token.as_str().expect("text");
    assert_eq!((&told["token"], &told["scopes"], &told["user"]["login"]), (&token, &json!(["repo"]), &json!("alice")));
    assert_eq!(told["app"]["client_id"], "ferry");
    assert_eq!(told["app"]["name"], "Ferry <Deluxe>");
    assert_eq!(told["token_last_eight"], text[text.len() - 8..]);
    assert_eq!(told["hashed_token"].as_str().map(str::len), Some(64));
    assert!(told["id"].is_number() && told["expires_at"].is_null() && told["created_at"].is_string());
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn tokens_that_are_not_its_own_do_not_exist_to_an_application() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let others = [json!(scene.world.token), json!("nonsense"), json!("")];
    for method in ["POST", "PATCH", "DELETE"] {
        for other in &others {
            let answer = scene.as_ferry(method, "/ferry/token", &json!({"access_token": other})).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["message"]),
                (404, &json!("Not Found")),
                "{method} {other}"
            );
        }
        let of_ferry = json!({"access_token": token});
        let answer = scene.as_client("pirate:secret of pirate", method, "/pirate/token", &of_ferry).await;
        assert_eq!(answer.status, 404, "{method}");
    }
    let answer =
        scene.as_client("pirate:secret of pirate", "DELETE", "/pirate/grant", &json!({"access_token": token})).await;
    assert_eq!(answer.status, 404);
    assert!(scene.works(&token).await);
}

#[tokio::test]
async fn only_the_application_itself_may_ask() {
    let scene = Scene::new().await;
    let body = json!({"access_token": scene.token().await});
    for (pair, path, status, words) in [
        ("ferry:wrong", "/ferry/token", 401, "Bad credentials"),
        ("nobody:secret of ferry", "/ferry/token", 401, "Bad credentials"),
        ("ferry", "/ferry/token", 401, "Bad credentials"),
        ("pirate:secret of pirate", "/ferry/token", 404, "Not Found"),
        ("ferry:secret of ferry", "/pirate/token", 404, "Not Found"),
    ] {
        let answer = scene.as_client(pair, "POST", path, &body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["message"]), (status, &json!(words)), "{pair} {path}");
    }
    let none = scene.world.call_as("", "POST", "/applications/ferry/token", body.clone()).await;
    assert_eq!((none.status.as_u16(), &none.json()["message"]), (401, &json!("Requires authentication")));
    let by_token = scene.world.call("POST", "/applications/ferry/token", body).await;
    assert_eq!(by_token.status, 401, "a token is no client secret");
    for (body, status) in [(json!({}), 422), (json!({"access_token": 7}), 422), (json!([]), 400)] {
        assert_eq!(scene.as_ferry("POST", "/ferry/token", &body).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn a_token_is_renewed_and_given_back() {
    let scene = Scene::new().await;
    let old = scene.token().await;
    let renewed = scene.as_ferry("PATCH", "/ferry/token", &json!({"access_token": old})).await.json();
    assert!(!scene.works(&old).await);
    assert!(scene.works(&renewed["token"]).await);
    assert_eq!(scene.as_ferry("DELETE", "/ferry/token", &json!({"access_token": renewed["token"]})).await.status, 204);
    assert!(!scene.works(&renewed["token"]).await);
    let again = scene.as_ferry("DELETE", "/ferry/token", &json!({"access_token": renewed["token"]})).await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn a_grant_is_given_back_as_a_whole() {
    let scene = Scene::new().await;
    let (one, other, code) = (scene.token().await, scene.token().await, scene.code("repo", "").await);
    let of_mallory = {
        let mut mallory = scene.signed_in("mallory", "repo").await;
        let told = super::back(&mallory.allow("/login/oauth/authorize?client_id=ferry&scope=repo").await);
        scene.exchange(&told["code"], &[]).await["access_token"].clone()
    };
    assert_eq!(scene.as_ferry("DELETE", "/ferry/grant", &json!({"access_token": one})).await.status, 204);
    assert!(!scene.works(&one).await && !scene.works(&other).await);
    assert_eq!(super::error(&scene.exchange(&code, &[]).await), "bad_verification_code", "codes on their way, too");
    assert!(scene.works(&of_mallory).await, "other users are not concerned");
    let consent = scene.alice().await.get("/login/oauth/authorize?client_id=ferry&scope=repo").await;
    assert_eq!(consent.status, 200, "alice is asked again");
}

#[tokio::test]
async fn deleting_an_application_revokes_everything_it_had() {
    let scene = Scene::new().await;
    let (token, code) = (scene.token().await, scene.code("repo", "").await);
    scene.world.ports.store.delete_application(scene.ferry.id).await.expect("deleted");
    assert!(!scene.works(&token).await);
    assert_eq!(super::error(&scene.exchange(&code, &[]).await), "incorrect_client_credentials");
    assert_eq!(scene.as_ferry("POST", "/ferry/token", &json!({"access_token": token})).await.status, 401);
    assert_eq!(scene.alice().await.get("/login/oauth/authorize?client_id=ferry").await.status, 400);
}
