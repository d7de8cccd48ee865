//! Nonsense to each endpoint: a refusal, never a failure of the server's (H-4).

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::Scene;
use crate::nonsense;

const POSTS: [&str; 6] =
    ["/login", "/logout", "/login/oauth/authorize", "/login/oauth/access_token", "/login/device/code", "/login/device"];
const GETS: [&str; 4] =
    ["/login", "/login/oauth/authorize", "/login/device", "/.well-known/oauth-authorization-server"];
const NAMES: [&str; 16] = [
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "redirect_uri",
    "grant_type",
    "device_code",
    "user_code",
    "scope",
    "state",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "csrf",
    "return_to",
    "token",
];

#[tokio::test]
async fn h4_bodies_that_cannot_be_read_are_refused() {
    let scene = Scene::new().await;
    let mut bodies: Vec<(&str, Vec<u8>)> = Vec::new();
    for body in nonsense::not_json().into_iter().chain(nonsense::NO_OBJECTS.map(|text| text.as_bytes().to_vec())) {
        bodies.push(("application/json", body));
    }
    for kind in ["application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""] {
        bodies.push((kind, vec![0xff; 100]));
        bodies.push((kind, vec![b'a'; 64 * 1024 + 1]));
        bodies.push((kind, b"=&=&&&%&%f&a=%ff%00".to_vec()));
    }
    for path in POSTS {
        for (kind, body) in &bodies {
            let request = Request::post(path).header("host", "postrider.test").header("content-type", *kind);
            let answer = scene.world.send(request.body(Body::from(body.clone())).expect("a request")).await;
            assert!(answer.status.as_u16() < 500, "{path} {kind}: {}", answer.status);
            assert!(
                !answer.text.contains("access_token=") && !answer.headers.contains_key("set-cookie")
                    || path == "/login"
            );
        }
    }
}

#[tokio::test]
async fn h4_values_of_every_kind_in_every_parameter() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    let good = [("client_id", "ferry"), ("client_secret", "secret of ferry"), ("scope", "repo")];
    let odd = ["", "\u{0}", "\r\n", "\u{202e}", "%", "\"><script>", "a:b", "-1", "9".repeat(5_000).leak(), "\u{1f600}"];
    for name in NAMES {
        for value in odd {
            let mut fields: Vec<_> = good.into_iter().filter(|(known, _)| *known != name).collect();
            fields.push((name, value));
            for path in POSTS {
                let answer = alice.post(path, &fields).await;
                assert!(answer.status.as_u16() < 500, "{path} {name}={value:?}: {}", answer.status);
                assert!(!answer.text.contains("<script>"), "{path} {name}");
            }
            for path in GETS {
                let answer = alice.get(&format!("{path}?{}", super::encoded(&fields))).await;
                assert!(answer.status.as_u16() < 500, "{path} {name}={value:?}: {}", answer.status);
                assert!(!answer.text.contains("<script>"), "{path} {name}");
            }
        }
        for value in nonsense::values() {
            let body = json!({"client_id": "ferry", name: value});
            for path in POSTS {
                let request = Request::post(path).header("host", "h").header("content-type", "application/json");
                let answer = scene.world.send(request.body(Body::from(body.to_string())).expect("a request")).await;
                assert!(answer.status.as_u16() < 500, "{path} {body}: {}", answer.status);
            }
        }
    }
}

#[tokio::test]
async fn h4_wrong_methods_are_refused() {
    let scene = Scene::new().await;
    for path in POSTS {
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer = scene.world.ask("", method, path, json!(null)).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
    for path in ["/login/oauth/access_token", "/login/device/code", "/logout"] {
        assert_eq!(scene.world.ask("", "GET", path, json!(null)).await.status, 405, "{path}");
    }
    for path in ["/login/oauth", "/login/oauth/authorize/", "/login/x", "/api/v3/login/oauth/authorize"] {
        assert_eq!(scene.world.ask("", "GET", path, json!(null)).await.status, 404, "{path}");
    }
}
