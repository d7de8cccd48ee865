//! What no client should send: this API's error form, and never a 5xx (H-4).

use serde_json::{Value, json};

use super::{HOOKS, WORKSPACE_HOOKS, assert_refused, call, get, hook, path_of, simple, stored};
use crate::nonsense::{NO_OBJECTS, not_json, too_much, values};
use crate::world::{World, request};

/// Every endpoint that reads a body.
async fn endpoints(world: &World) -> Vec<(&'static str, String)> {
    let made = hook(world, simple("http://r.test/")).await;
    let of_workspace = call(world, "POST", WORKSPACE_HOOKS, simple("http://r.test/")).await.json();
    vec![
        ("POST", HOOKS.to_owned()),
        ("PUT", path_of(&made)),
        ("POST", WORKSPACE_HOOKS.to_owned()),
        ("PUT", path_of(&of_workspace)),
    ]
}

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused() {
    let world = World::new().await;
    for (method, path) in endpoints(&world).await {
        let send =
            async |body: &[u8]| world.send(request(&world.token, method, &format!("/2.0{path}"), body.to_vec())).await;
        for broken in not_json() {
            assert_refused(&send(&broken).await, 400, &format!("{method} {path}"));
        }
        for other in NO_OBJECTS.into_iter().chain(["", " "]) {
            assert_refused(&send(other.as_bytes()).await, 400, &format!("{method} {path} {other:?}"));
        }
        assert_refused(&send(&too_much()).await, 413, "1 MiB and one byte");
        assert_refused(&send(&vec![b' '; 1024 * 1024]).await, 400, "1 MiB of nothing");
    }
    assert_eq!(stored(&world).len(), 1);
}

#[tokio::test]
async fn members_of_every_wrong_type_never_end_in_a_5xx() {
    let world = World::new().await;
    let values = values();
    let members = [
        "url",
        "description",
        "events",
        "active",
        "secret",
        "skip_cert_verification",
        "history_enabled",
        "uuid",
        "secret_set",
        "subject",
        "links",
        "",
    ];
    let before = stored(&world).len();
    for (method, path) in endpoints(&world).await {
        for member in members {
            for value in &values {
                let mut body = simple("http://r.test/x");
                body[member] = value.clone();
                let answer = call(&world, method, &path, body).await;
                if answer.status.as_u16() >= 400 {
                    assert_refused(&answer, 400, &format!("{method} {path} {member} {value}"));
                } else if method == "POST" {
                    let gone = call(&world, "DELETE", &path_of(&answer.json()), Value::Null).await;
                    assert_eq!(gone.status, 204);
                }
            }
        }
    }
    assert_eq!(stored(&world).len(), before + 1);
}

#[tokio::test]
async fn wrong_types_are_named_field_by_field() {
    let world = World::new().await;
    let body = json!({
        "url": 7, "events": "repo:push", "active": "yes", "secret": 7, "description": [], "history_enabled": 1,
        "skip_cert_verification": {},
    });
    for (method, path) in endpoints(&world).await {
        let answer = call(&world, method, &path, body.clone()).await;
        assert_refused(&answer, 400, &path);
        let told = answer.json()["error"]["fields"].clone();
        let mut names: Vec<_> = told.as_object().expect("fields").keys().map(String::as_str).collect();
        names.sort_unstable();
        let all = ["active", "description", "events", "history_enabled", "secret", "skip_cert_verification", "url"];
        assert_eq!(names, all, "{method} {path}");
        let detail = answer.json()["error"]["detail"].clone();
        assert!(detail.as_str().expect("words").starts_with("active: must be true or false; "), "{detail}");
    }
}

#[tokio::test]
async fn a_description_has_at_most_1000_characters() {
    let world = World::new().await;
    let body = |length| json!({"url": "http://r.test/", "events": ["repo:push"], "description": "ü".repeat(length)});
    hook(&world, body(1_000)).await;
    let long = call(&world, "POST", HOOKS, body(1_001)).await;
    assert_refused(&long, 400, "too long");
    assert!(long.json()["error"]["fields"]["description"].is_array());
}

#[tokio::test]
async fn pages_are_whole_numbers_above_zero() {
    let world = World::new().await;
    hook(&world, simple("http://r.test/")).await;
    for path in
        [HOOKS, WORKSPACE_HOOKS, "/hook_events/workspace", "/workspaces", "/user/workspaces", "/repositories/acme"]
    {
        for (query, status) in [
            ("page=0", 400),
            ("page=-1", 400),
            ("page=1.5", 400),
            ("page=", 400),
            ("page=99999999999", 200),
            ("page=18446744073709551615", 200),
            ("page=18446744073709551616", 400),
            ("pagelen=0", 400),
            ("pagelen=abc", 400),
            ("pagelen=-5", 400),
            ("pagelen=18446744073709551615&page=18446744073709551615", 200),
            ("page=%ff", 400),
            ("%ff=%fe&&&====", 200),
        ] {
            let answer = get(&world, &format!("{path}?{query}")).await;
            assert_eq!(answer.status.as_u16(), status, "{path}?{query}");
            if status == 400 {
                assert_refused(&answer, 400, query);
            }
        }
    }
}

#[tokio::test]
async fn names_of_nonsense_are_404() {
    let world = World::new().await;
    for name in ["%00", "%2e%2e", "%7B%7D", "{}", "{", "%7Bx%7D", "a%2Fb", "%ff", &"x".repeat(5_000), "1%20"] {
        for path in [
            format!("/repositories/{name}/app/hooks"),
            format!("/repositories/acme/{name}/hooks"),
            format!("{HOOKS}/{name}"),
            format!("/workspaces/{name}/hooks"),
            format!("{WORKSPACE_HOOKS}/{name}"),
            format!("/workspaces/{name}"),
            format!("/users/{name}"),
        ] {
            assert_refused(&get(&world, &path).await, 404, &path);
        }
    }
}
