//! The device flow as a device sees it (RFC 8628 section 3, and GitHub's names of errors).

use std::time::Duration;

use domain::application::Application;
use serde_json::Value;

use super::browser::csrf;
use super::{SECRET, Scene, error, form};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl Scene {
    /// A device begins.
    async fn device(&self, scope: &str) -> Value {
        let fields = [("client_id", "ferry"), ("scope", scope)];
        let answer = self.program("/login/device/code", &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// It asks whether it may.
    async fn poll(&self, device: &Value) -> Value {
        let code = device["device_code"].as_str().expect("a code");
        let fields = [("client_id", "ferry"), ("device_code", code), ("grant_type", GRANT)];
        self.program("/login/oauth/access_token", &fields).await.json()
    }

    /// alice answers on the device page.
    async fn answer(&self, device: &Value, authorize: &str) {
        let mut alice = self.alice().await;
        let token = csrf(&alice.get("/login/device").await);
        let code = device["user_code"].as_str().expect("a code");
        let answer =
            alice.post("/login/device", &[("csrf", &token), ("user_code", code), ("authorize", authorize)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test]
async fn a_device_is_connected() {
    let scene = Scene::new().await;
    let device = scene.device("repo user").await;
    assert_eq!(device["verification_uri"], "http://postrider.test/login/device");
    assert_eq!((device["expires_in"].as_u64(), device["interval"].as_u64()), (Some(900), Some(5)));
    let typed = device["user_code"].as_str().expect("a code");
    assert!(typed.len() == 9 && typed.as_bytes()[4] == b'-', "{typed}");
    assert_eq!(error(&scene.poll(&device).await), "authorization_pending");
    scene.answer(&device, "1").await;
    let given = scene.poll(&device).await;
    assert_eq!((&given["token_type"], &given["scope"]), (&"bearer".into(), &"repo".into()));
    let token = given["access_token"].as_str().expect("a token");
    assert_eq!(scene.whoami(token).await.header("x-oauth-client-id"), "ferry");
    assert_eq!(error(&scene.poll(&device).await), "incorrect_device_code", "spent");
    assert!(scene.works(&given["access_token"]).await);
}

#[tokio::test]
async fn rfc8628_3_2_the_answer_is_a_form_unless_json_is_asked_for() {
    let scene = Scene::new().await;
    let fields = [("client_id", "ferry")];
    let answer = scene.world.send(form("/login/device/code", &fields).body_of(&fields)).await;
    assert!(answer.text.starts_with("device_code=") && answer.text.contains("&user_code="), "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn rfc8628_3_5_an_impatient_device_is_slowed_down() {
    let scene = Scene::new().await;
    let device = scene.device("repo").await;
    assert_eq!(error(&scene.poll(&device).await), "authorization_pending");
    let slower = scene.poll(&device).await;
    assert_eq!((error(&slower), slower["interval"].as_u64()), ("slow_down", Some(10)));
    scene.world.clock.advance(Duration::from_secs(9));
    assert_eq!(scene.poll(&device).await["interval"].as_u64(), Some(15));
    scene.world.clock.advance(Duration::from_secs(15));
    assert_eq!(error(&scene.poll(&device).await), "authorization_pending");
}

#[tokio::test]
async fn rfc8628_3_5_a_device_is_denied_or_expires() {
    let scene = Scene::new().await;
    let (denied, late) = (scene.device("repo").await, scene.device("repo").await);
    scene.answer(&denied, "0").await;
    assert_eq!(error(&scene.poll(&denied).await), "access_denied");
    scene.world.clock.advance(Duration::from_secs(900));
    assert_eq!(error(&scene.poll(&late).await), "expired_token");
    assert_eq!(error(&scene.poll(&denied).await), "expired_token");
}

#[tokio::test]
async fn rfc8628_5_devices_keep_no_secret_but_codes_belong_to_their_client() {
    let scene = Scene::new().await;
    let device = scene.device("repo").await;
    let code = device["device_code"].as_str().expect("a code");
    scene.answer(&device, "1").await;
    for (fields, name) in [
        (vec![("client_id", "pirate"), ("device_code", code)], "incorrect_device_code"),
        (
            vec![("client_id", "ferry"), ("client_secret", "wrong"), ("device_code", code)],
            "incorrect_client_credentials",
        ),
        (vec![("client_id", "nobody"), ("device_code", code)], "incorrect_client_credentials"),
        (vec![("client_id", "ferry"), ("device_code", "guess")], "incorrect_device_code"),
        (vec![("client_id", "ferry")], "incorrect_device_code"),
    ] {
        let fields: Vec<_> = fields.into_iter().chain([("grant_type", GRANT)]).collect();
        assert_eq!(error(&scene.program("/login/oauth/access_token", &fields).await.json()), name, "{fields:?}");
    }
    let proven = [("client_id", "ferry"), ("client_secret", SECRET), ("device_code", code), ("grant_type", GRANT)];
    let given = scene.program("/login/oauth/access_token", &proven).await.json();
    assert!(scene.works(&given["access_token"]).await, "a right secret does no harm");
}

#[tokio::test]
async fn an_application_must_have_the_device_flow_enabled() {
    let scene = Scene::new().await;
    let device = scene.device("repo").await;
    let off = Box::new(|app: Application| Application { device_flow: false, ..app });
    let now = domain::ports::Clock::now(&*scene.world.clock);
    scene.world.ports.store.update_application(scene.ferry.id, now, off).await.expect("edited");
    assert_eq!(
        error(&scene.program("/login/device/code", &[("client_id", "ferry")]).await.json()),
        "device_flow_disabled"
    );
    assert_eq!(error(&scene.poll(&device).await), "device_flow_disabled");
}
