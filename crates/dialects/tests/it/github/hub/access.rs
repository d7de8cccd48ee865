//! Who may use the hub, and how much (contract github sections 2 and 5).

use dialects::{ApiSettings, UrlPolicy};
use domain::account::Permission;
use serde_json::json;

use super::*;

const UNKNOWN: &str = "No repository found for hub.topic: ";

#[tokio::test]
async fn without_a_token_nobody_learns_anything() {
    let world = World::new().await;
    for path in ["/hub", "/api/v3/hub"] {
        for topic in [TOPIC, "https://github.com/nobody/nothing/events/push", "nonsense"] {
            let body = encoded(&fields("subscribe", topic, CALLBACK));
            let anonymous = world.send(form("", path, ENCODED, body.clone())).await;
            assert_refused(&anonymous, 401, "Requires authentication");
            let bad = world.send(form("wrong", path, ENCODED, body)).await;
            assert_eq!((bad.status.as_u16(), &bad.json()["message"]), (401, &json!("Bad credentials")));
        }
    }
}

#[tokio::test]
async fn a_token_may_be_the_password_as_curl_sends_it() {
    let world = World::new().await;
    let mut request = form("", "/api/v3/hub", ENCODED, encoded(&fields("subscribe", TOPIC, CALLBACK)));
    // alice:token-0
    request.headers_mut().insert("authorization", "Basic YWxpY2U6dG9rZW4tMA==".parse().expect("a header"));
    assert_eq!(world.send(request).await.status, 204);
}

#[tokio::test]
async fn scopes_decide_as_for_creating_hooks() {
    let world = World::new().await;
    let table = [
        ("repo", 204, 204),
        ("public_repo", 204, 422),
        ("admin:repo_hook", 204, 204),
        ("write:repo_hook", 204, 204),
        ("read:repo_hook", 404, 422),
        ("user,admin:org_hook,admin:org", 404, 422),
    ];
    let secret = "https://github.com/alice/secret/events/push";
    for (scopes, of_public, of_private) in table {
        let token = world.token_for("alice", scopes).await;
        for mode in ["subscribe", "unsubscribe"] {
            let public = send_as(&world, &token, &fields(mode, TOPIC, CALLBACK)).await;
            assert_eq!(public.status, of_public, "{scopes}");
            let private = send_as(&world, &token, &fields(mode, secret, CALLBACK)).await;
            assert_eq!(private.status, of_private, "{scopes}");
            if of_private == 422 {
                assert_refused(&private, 422, &format!("{UNKNOWN}\"{secret}\""));
            }
        }
    }
}

#[tokio::test]
async fn only_admins_subscribe_and_private_repositories_read_like_none() {
    let world = World::new().await;
    let token = world.token_for("mallory", "repo,admin:repo_hook").await;
    for unseen in ["alice/secret", "alice/nothing", "nobody/app"] {
        let topic = format!("https://github.com/{unseen}/events/push");
        for mode in ["subscribe", "unsubscribe"] {
            let answer = send_as(&world, &token, &fields(mode, &topic, CALLBACK)).await;
            assert_refused(&answer, 422, &format!("{UNKNOWN}\"{topic}\""));
        }
    }
    let subscribe = fields("subscribe", TOPIC, CALLBACK);
    assert_refused(&send_as(&world, &token, &subscribe).await, 404, "Not Found");
    world.collaborate("mallory", Permission::Write).await;
    assert_refused(&send_as(&world, &token, &subscribe).await, 404, "Not Found");
    world.collaborate("mallory", Permission::Admin).await;
    assert_eq!(send_as(&world, &token, &subscribe).await.status, 204);
}

#[tokio::test]
async fn an_archived_repository_takes_neither() {
    let world = World::new().await;
    done(&world, "subscribe", "push", &[]).await;
    assert_eq!(world.patch("/repos/acme/app", json!({"archived": true})).await.status, 200);
    for mode in ["subscribe", "unsubscribe"] {
        let answer = send(&world, &fields(mode, TOPIC, CALLBACK)).await;
        assert_refused(&answer, 403, "Repository was archived so is read-only.");
    }
    assert_eq!(hooks(&world).await.len(), 1);
}

#[tokio::test]
async fn e2_callbacks_obey_the_servers_rules_but_any_can_be_taken_away() {
    let policy = UrlPolicy::new(|url| if url.as_str().contains("inside") { Err("inside".to_owned()) } else { Ok(()) });
    let world = World::with(ApiSettings { url_policy: policy, ..ApiSettings::default() }).await;
    let inside = "http://inside.test/";
    let message = "Invalid hub.callback: 'http://inside.test/' is not supported because it isn't reachable over the \
                   public Internet (inside)";
    assert_refused(&send(&world, &fields("subscribe", TOPIC, inside)).await, 422, message);
    assert_eq!(send(&world, &fields("unsubscribe", TOPIC, inside)).await.status, 204);
    assert!(hooks(&world).await.is_empty());
}

#[tokio::test]
async fn check_10_an_event_has_at_most_so_many_hooks() {
    let world = World::with(ApiSettings { max_hooks_per_event: 2, ..ApiSettings::default() }).await;
    let callback = |number: usize| format!("http://{number}.test/");
    let subscribe = async |event: &str, number: usize| {
        let topic = format!("https://github.com/acme/app/events/{event}");
        send(&world, &fields("subscribe", &topic, &callback(number))).await
    };
    for number in 0..2 {
        assert_eq!(subscribe("push", number).await.status, 204);
    }
    let full = "The \"push\" event cannot have more than 2 hooks";
    assert_refused(&subscribe("push", 2).await, 422, full);
    assert_eq!(subscribe("fork", 2).await.status, 204);
    assert_refused(&subscribe("push", 2).await, 422, full);
    assert_eq!(subscribe("push", 1).await.status, 204, "a repeat takes no place");
    assert_eq!(hooks(&world).await[2]["events"], json!(["fork"]));
}
