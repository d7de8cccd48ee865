//! Requests at the same time: no subscription is made twice or lost.

use futures_util::future::join_all;
use serde_json::json;

use super::*;

const ROUNDS: usize = 20;

fn topic(event: &str) -> String {
    format!("https://github.com/acme/app/events/{event}")
}

fn sorted(hooks: &[Value]) -> Vec<String> {
    let events = hooks.iter().flat_map(|hook| hook["events"].as_array().expect("a list").clone());
    let mut events: Vec<_> = events.map(|event| event.as_str().expect("text").to_owned()).collect();
    events.sort();
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn check_45_subscribing_at_the_same_time_makes_one_hook() {
    let world = World::new().await;
    for round in 0..ROUNDS {
        let callback = format!("http://r.test/{round}");
        let topics: Vec<_> = ["push", "fork", "issues", "push", "push", "watch"].map(topic).into();
        let wishes: Vec<_> = topics.iter().map(|topic| fields("subscribe", topic, &callback)).collect();
        let answers = join_all(wishes.iter().map(|wish| send(&world, wish))).await;
        assert!(answers.iter().all(|answer| answer.status == 204), "{round}");
        let made: Vec<_> = hooks(&world).await.into_iter().filter(|hook| hook["config"]["url"] == *callback).collect();
        assert_eq!(sorted(&made), ["fork", "issues", "push", "watch"], "{round}");
        assert_eq!(made.len(), 1, "{round}");
        assert_eq!(world.due(id_of(&made[0])).await.len(), 1, "one ping");
        assert_eq!(world.delete(&format!("{HOOKS}/{}", made[0]["id"])).await.status, 204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_subscription_made_while_the_last_one_ends_is_kept() {
    let world = World::new().await;
    for round in 0..ROUNDS {
        done(&world, "subscribe", "push", &[]).await;
        let (push, fork, issues) = (topic("push"), topic("fork"), topic("issues"));
        let wishes = [
            fields("unsubscribe", &push, CALLBACK),
            fields("subscribe", &fork, CALLBACK),
            fields("unsubscribe", &push, CALLBACK),
            fields("subscribe", &issues, CALLBACK),
        ];
        let answers = join_all(wishes.iter().map(|wish| send(&world, wish))).await;
        assert!(answers.iter().all(|answer| answer.status == 204), "{round}");
        let left = hooks(&world).await;
        assert_eq!(sorted(&left), ["fork", "issues"], "{round}: {}", json!(left));
        let wishes = [fields("unsubscribe", &fork, CALLBACK), fields("unsubscribe", &issues, CALLBACK)];
        join_all(wishes.iter().map(|wish| send(&world, wish))).await;
        assert!(hooks(&world).await.is_empty(), "{round}");
    }
}
