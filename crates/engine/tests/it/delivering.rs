//! From acceptance to the log: what a delivery comes to.

use std::time::Duration;

use bytes::Bytes;
use domain::attempt::Outcome;
use domain::delivery::{DeliveryState, Reason};
use domain::hook::NewHook;
use domain::ports::Clock as _;
use domain::rules::backoff::Schedule;
use domain::secret::Secret;
use testkit::a_hook;

use crate::script::{Reply, later, status, timed_out};
use crate::world::World;

const URL: &str = "http://receiver.test/hook";
const OTHER: &str = "http://other.test/";

#[tokio::test]
async fn an_accepted_event_is_sent_and_logged() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    let event = world.publish(&[hook]).await;
    let log = world.log(hook, 1).await;
    let row = &log[0];
    assert_eq!((row.attempt.event, row.state, row.attempt.number), (event, DeliveryState::Succeeded, 1));
    assert!(!row.attempt.recovered && !row.attempt.redelivery);
    let whole = world.ports.store.attempt(row.attempt.id).await.expect("read").expect("there");
    let head = String::from_utf8(whole.attempt.request_head.to_vec()).expect("text");
    assert!(head.starts_with("Host: receiver.test\r\nContent-Length: 7\r\nX-Number: 1\r\n"), "{head}");
    let exchange = whole.attempt.exchange.expect("made");
    assert_eq!((exchange.status, &exchange.response_body[..]), (Some(200), &b"ok"[..]));
    world.finish().await;
}

#[tokio::test]
async fn d8_a_delivery_counts_itself_among_those_that_led_to_it() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    let hops = async |earlier: u8, attempts: usize| {
        world.accept(|event| event.for_hooks(&[hook]).after_hops(earlier)).await;
        world.log(hook, attempts).await;
        world.script.sent_to(URL).last().expect("sent").headers[2].clone()
    };
    assert_eq!(hops(0, 1).await, ("Postrider-Hops", "1".to_owned()));
    world.script.next(URL, status(500));
    assert_eq!(hops(4, 2).await, ("Postrider-Hops", "5".to_owned()));
    world.advance(Duration::from_secs(7)).await;
    world.log(hook, 3).await;
    assert_eq!(world.script.sent_to(URL)[2].headers[2].1, "5", "a retry is the same delivery");
    world.finish().await;
}

#[tokio::test]
async fn s8_headers_of_the_hooks_maker_are_sent_and_their_values_are_not_logged() {
    let world = World::new().await;
    let headers = vec![("X-Api-Key".to_owned(), Secret::new("opensesame"))];
    let hook = world.make(NewHook { headers: headers.clone(), ..a_hook().calling(URL).build() }).await;
    world.publish(&[hook]).await;
    let log = world.log(hook, 1).await;
    assert_eq!(world.script.sent_to(URL)[0].own_headers, headers);
    let whole = world.ports.store.attempt(log[0].attempt.id).await.expect("read").expect("there");
    let head = String::from_utf8(whole.attempt.request_head.to_vec()).expect("text");
    assert!(head.contains("X-Api-Key: ********\r\n") && !head.contains("opensesame"), "{head}");
    world.finish().await;
}

#[tokio::test]
async fn d10_a_failure_is_retried_with_the_same_message_id_when_it_is_due() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    world.script.next(URL, status(500)).next(URL, timed_out());
    world.publish(&[hook]).await;
    let first = world.log(hook, 1).await;
    assert_eq!(first[0].state, DeliveryState::Open);
    world.advance(Duration::from_secs(3)).await;
    assert_eq!(world.script.sent_to(URL).len(), 1, "not due yet");
    world.advance(Duration::from_secs(4)).await;
    world.log(hook, 2).await;
    world.advance(Duration::from_secs(37)).await;
    let log = world.log(hook, 3).await;
    let numbers: Vec<_> = log.iter().map(|row| row.attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(log[2].state, DeliveryState::Succeeded);
    assert!(log.iter().all(|row| row.attempt.delivery == log[0].attempt.delivery));
    assert_ne!(log[1].attempt.id, log[0].attempt.id);
    let ids: Vec<_> = world.script.sent_to(URL).iter().map(|request| request.headers[1].1.clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    world.finish().await;
}

#[tokio::test]
async fn d18_the_hooks_own_schedule_decides_when_it_fails_for_good() {
    let world = World::new().await;
    let hook = world.make(a_hook().calling(URL).retrying(Schedule::None).build()).await;
    world.script.always(URL, status(500));
    world.publish(&[hook]).await;
    assert_eq!(world.log(hook, 1).await[0].state, DeliveryState::Failed);
    world.finish().await;
}

#[tokio::test]
async fn d13_a_panic_costs_one_attempt() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    world.script.next(URL, Reply::Panic);
    world.publish(&[hook]).await;
    world.log(hook, 1).await;
    world.accept(|event| event.saying("\"panic\"").for_hooks(&[hook])).await;
    let log = world.log(hook, 2).await;
    for row in &log {
        let exchange = row.attempt.exchange.as_ref().expect("made");
        assert_eq!((exchange.outcome, row.state), (Outcome::InternalError, DeliveryState::Open));
    }
    world.publish(&[hook]).await;
    assert_eq!(world.log(hook, 3).await[2].state, DeliveryState::Succeeded, "the courier lives on");
    assert_eq!(world.engine.snapshot().in_flight, 0);
}

#[tokio::test]
async fn deliveries_that_must_not_be_sent_end_with_a_reason() {
    let world = World::new().await;
    // One hook keeps the lane busy until the others have changed.
    let (gone, off) = (world.hook(URL).await, world.hook(OTHER).await);
    world.script.always(URL, Reply::Hold).always(OTHER, Reply::Hold);
    world.publish(&[gone, off]).await;
    world.script.wait_for(URL, 1).await;
    world.script.wait_for(OTHER, 1).await;
    world.publish(&[gone, off]).await;
    world.ports.store.delete_hook(gone).await.expect("deleted");
    let edit = Box::new(|hook| domain::hook::Hook { active: false, ..hook });
    let now = world.clock.now();
    world.ports.store.update_hook(off, now, edit, std::sync::Arc::new(|_, _| Ok(()))).await.expect("edited");
    world.script.let_go(2);
    let counts = world.finish().await;
    let count = |state| counts.by_state.iter().find(|(other, _)| *other == state).map_or(0, |(_, count)| *count);
    assert_eq!((count(DeliveryState::Succeeded), count(DeliveryState::Cancelled)), (2, 2), "{counts:?}");
    assert_eq!(world.log(off, 2).await[1].reason, Some(Reason::HookInactive));

    let hook = world.hook("http://third.test/").await;
    world.accept(|event| event.saying(&"1".repeat(1_001)).for_hooks(&[hook])).await;
    let log = world.log(hook, 1).await;
    assert_eq!((log[0].state, log[0].reason), (DeliveryState::Skipped, Some(Reason::Oversize)));
    assert!(log[0].attempt.exchange.is_none());
    assert!(world.script.sent_to("http://third.test/").is_empty());
}

#[tokio::test]
async fn d19_a_delivery_open_for_too_long_expires_without_another_attempt() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    world.script.always(URL, status(500));
    world.publish(&[hook]).await;
    world.log(hook, 1).await;
    world.advance(Duration::from_secs(8 * 86_400)).await;
    let log = world.log(hook, 2).await;
    assert_eq!((log[1].state, log[1].reason), (DeliveryState::Expired, Some(Reason::TooOld)));
    assert_eq!(world.script.sent_to(URL).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_inactive_hook_still_gets_what_a_person_asks_for() {
    let world = World::new().await;
    let hook = world.make(a_hook().calling(URL).inactive().build()).await;
    world
        .ports
        .store
        .accept({
            let mut ping = testkit::an_event("ping").for_hooks(&[hook]).build();
            ping.plan.direct = true;
            ping
        })
        .await
        .expect("accepted");
    let first = world.log(hook, 1).await;
    assert_eq!(first[0].state, DeliveryState::Succeeded);
    let now = world.clock.now();
    world.ports.store.redeliver(first[0].attempt.id, now).await.expect("planned");
    world.engine.tick().await.expect("ticks");
    let log = world.log(hook, 2).await;
    assert!(log[1].attempt.redelivery && log[1].state == DeliveryState::Succeeded);
    assert_ne!(log[1].attempt.delivery, log[0].attempt.delivery);
    assert!(log[1].attempt.id > log[0].attempt.id);
    assert_eq!(world.script.sent_to(URL)[1].body, Bytes::from_static(b"{\"n\":1}"));
}

#[tokio::test]
async fn d15_gone_switches_the_hook_off_and_cancels_what_is_open() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    world.script.next(URL, status(410));
    world.publish(&[hook]).await;
    let log = world.log(hook, 1).await;
    assert_eq!((log[0].state, log[0].reason), (DeliveryState::Cancelled, Some(Reason::Gone)));
    assert!(!world.ports.directory().hook(hook).expect("still there").active);
    world.finish().await;
}

#[tokio::test]
async fn d16_an_overloaded_receiver_pauses_its_whole_lane() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    world.script.next(URL, later(429, 25));
    world.publish(&[hook]).await;
    world.log(hook, 1).await;
    world.publish(&[hook]).await;
    world.advance(Duration::from_secs(24)).await;
    assert_eq!(world.script.sent_to(URL).len(), 1, "the second delivery waits too");
    world.advance(Duration::from_secs(2)).await;
    world.log(hook, 3).await;
    world.finish().await;
}
