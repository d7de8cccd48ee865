//! `PATCH` of a hook and of its configuration.

use serde_json::{Value, json};

use super::{HOOKS, hook, id_of, path_of, signed_hook};
use crate::world::World;

/// The secret that signs, which no answer shows.
fn secret(world: &World, hook: &Value) -> Option<String> {
    let hook = world.ports.directory().hook(id_of(hook)).expect("the hook");
    hook.secret.as_ref().map(|secret| secret.expose().to_owned())
}

#[tokio::test]
async fn check_13_switching_off_and_on_keeps_the_secret() {
    let world = World::new().await;
    let made = signed_hook(&world, "http://r.test/").await;
    let off = world.patch(&path_of(&made), json!({"active": false})).await;
    assert_eq!(
        (off.status.as_u16(), &off.json()["active"], &off.json()["config"]),
        (200, &json!(false), &made["config"])
    );
    world.patch(&path_of(&made), json!({"active": true})).await;
    assert_eq!(secret(&world, &made).as_deref(), Some("s"));
}

#[tokio::test]
async fn check_14_a_configuration_without_a_secret_drops_it() {
    let world = World::new().await;
    let made = signed_hook(&world, "http://r.test/").await;
    let after = world.patch(&path_of(&made), json!({"config": {"url": "http://n.test/"}})).await.json();
    assert_eq!(after["config"], json!({"content_type": "form", "insecure_ssl": "0", "url": "http://n.test/"}));
    assert_eq!(secret(&world, &made), None);
}

#[tokio::test]
async fn check_15_a_merge_keeps_the_secret() {
    let world = World::new().await;
    let made = signed_hook(&world, "http://r.test/").await;
    let path = format!("{}/config", path_of(&made));
    let merged = world.patch(&path, json!({"content_type": "form"})).await;
    let expected = json!({"content_type": "form", "insecure_ssl": "0", "secret": "********", "url": "http://r.test/"});
    assert_eq!((merged.status.as_u16(), merged.json()), (200, expected.clone()));
    assert_eq!(world.get(&path).await.json(), expected);
    assert_eq!(secret(&world, &made).as_deref(), Some("s"));
    assert_eq!(world.patch(&path, json!({"secret": "t"})).await.status, 200);
    assert_eq!(secret(&world, &made).as_deref(), Some("t"));
    assert_eq!(world.patch(&path, json!({"content-type": "json"})).await.status, 422);
}

#[tokio::test]
async fn check_16_an_empty_configuration_changes_nothing() {
    let world = World::new().await;
    let made = signed_hook(&world, "http://r.test/").await;
    let after = world.patch(&path_of(&made), json!({"config": {}})).await.json();
    assert_eq!((&after["config"], &after["events"]), (&made["config"], &made["events"]));
    assert_eq!(secret(&world, &made).as_deref(), Some("s"));
}

#[tokio::test]
async fn s4_the_mask_sent_back_keeps_the_secret() {
    let world = World::new().await;
    let made = signed_hook(&world, "http://r.test/").await;
    let after = world.patch(&path_of(&made), json!({"config": made["config"]})).await.json();
    assert_eq!(after["config"], made["config"]);
    assert_eq!(secret(&world, &made).as_deref(), Some("s"));
}

#[tokio::test]
async fn check_17_events_outrank_additions_and_removals() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "active": false})).await;
    let table = [
        (json!({"events": ["push"], "add_events": ["status"], "remove_events": ["push"]}), json!(["push"])),
        (json!({"add_events": ["status"], "remove_events": ["status"]}), json!(["push", "status"])),
        (json!({"remove_events": ["push", "status"]}), json!([])),
        (json!({"events": ["push"]}), json!(["push"])),
        (json!({"events": []}), json!(["push"])),
        (json!({"add_events": ["push", "*"]}), json!(["push", "*"])),
    ];
    for (body, events) in table {
        let answer = world.patch(&path_of(&made), body.clone()).await;
        assert_eq!(answer.json()["events"], events, "{body}");
    }
    for body in [json!({"events": ["nope"]}), json!({"add_events": ["nope"]}), json!({"remove_events": ["nope"]})] {
        let answer = world.patch(&path_of(&made), body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["field"]), (422, &json!("events")));
    }
    assert_eq!(
        world.get(&path_of(&made)).await.json()["events"],
        json!(["push", "*"]),
        "a refused edit changes nothing"
    );
}

#[tokio::test]
async fn check_18_a_hook_cannot_be_renamed() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    let answer = world.patch(&path_of(&made), json!({"name": "bob"})).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["name"]), (200, &json!("web")));
}

#[tokio::test]
async fn an_edit_moves_updated_at_and_sends_nothing() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "active": false})).await;
    world.clock.advance(std::time::Duration::from_secs(60));
    let after = world.patch(&path_of(&made), json!({"active": true})).await.json();
    assert_eq!((&after["created_at"], &after["updated_at"]), (&made["created_at"], &json!("2026-01-02T03:05:05Z")));
    assert!(world.due(id_of(&made)).await.is_empty());
}

#[tokio::test]
async fn check_09_an_edit_may_not_make_a_duplicate() {
    let world = World::new().await;
    hook(&world, json!({"config": {"url": "http://r.test/"}, "events": ["push"]})).await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "events": ["fork"]})).await;
    let answer = world.patch(&path_of(&made), json!({"add_events": ["push"]})).await;
    assert_eq!(answer.json()["errors"][0]["message"], "Hook already exists on this repository");
    assert_eq!(world.get(HOOKS).await.json()[1]["events"], json!(["fork"]));
}
