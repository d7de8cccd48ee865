//! The log as people see it.

use std::time::Duration;

use domain::attempt::{Exchange, HookFate, Next, Outcome, Settlement};
use domain::delivery::{DeliveryState, Message, Reason};
use domain::hook::Hook;
use domain::id::{AttemptId, EventId, HookId, RepositoryId};
use domain::ports::{AttemptFilter, Store, Tally};
use domain::rules::target::TargetUrl;
use testkit::{START, an_event};

use crate::bed::{Bed, DIALECTS, Ledger, answered, anything_goes, attempt_of, ended, uid};

/// Publishes an event as two messages, `push` and `create`, to one hook, and settles with these statuses in turn.
async fn log_of(bed: &Bed, hook: HookId, statuses: &[u16]) {
    let bell = Ledger::with_places(999);
    bed.store().set_bell(bell.clone());
    for (at, status) in statuses.iter().enumerate() {
        let mut new = an_event(&at.to_string()).for_hooks(&[hook]).build();
        new.plan.messages.push(Message {
            dialect: DIALECTS[1],
            uid: uid(500 + at as u128),
            kind: "create".into(),
            action: Some("created".into()),
            body: format!("{{\"at\":{at}}}").into(),
            passed_through: false,
        });
        new.plan.deliveries.push(domain::delivery::PlannedDelivery { hook, message: 1 });
        bed.store().accept(new).await.expect("accepted");
        let works = bell.take_works();
        assert_eq!(works[1].message().body, format!("{{\"at\":{at}}}"));
        let settle = |work| Settlement {
            attempt: attempt_of(&**bed.store(), work, bed.now(), Some(answered(*status))),
            next: Next::Ended { state: DeliveryState::Failed, reason: None },
            lease: work.lease,
            hook: HookFate::Stays,
            tally: None,
            breaker: None,
        };
        bed.store().settle(works.iter().map(settle).collect()).await.expect("settles");
        bed.clock.advance(Duration::from_secs(1));
    }
}

async fn ids(store: &dyn Store, hook: HookId, filter: AttemptFilter, limit: usize) -> Vec<AttemptId> {
    let rows = store.attempts_of(hook, filter, limit).await.expect("lists");
    rows.iter().map(|row| row.attempt.id).collect()
}

pub(crate) async fn pages_of_the_log_join_without_gap_or_overlap_under_every_filter(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(2).await;
    log_of(&bed, hooks[0], &[200, 500, 204, 404, 503, 200]).await;
    let any = AttemptFilter::default;
    let filters = [
        (any(), 12),
        (AttemptFilter { status: Some((400, 499)), ..any() }, 2),
        (AttemptFilter { failed: Some(true), ..any() }, 6),
        (AttemptFilter { failed: Some(false), ..any() }, 6),
        (AttemptFilter { kind: Some("create".to_owned()), ..any() }, 6),
        (AttemptFilter { action: Some("created".to_owned()), ..any() }, 6),
        (AttemptFilter { message_uid: Some(uid(502)), ..any() }, 1),
        (AttemptFilter { redelivery: Some(true), ..any() }, 0),
        (AttemptFilter { redelivery: Some(false), ..any() }, 12),
        (AttemptFilter { since: Some(testkit::START.plus(Duration::from_secs(4))), ..any() }, 4),
        (AttemptFilter { until: Some(testkit::START.plus(Duration::from_secs(4))), ..any() }, 8),
        (AttemptFilter { kind: Some("push".to_owned()), failed: Some(true), ..any() }, 3),
    ];
    for (filter, expected) in filters {
        let whole = ids(&**bed.store(), hooks[0], filter.clone(), 99).await;
        assert_eq!(whole.len(), expected, "{filter:?}");
        assert!(whole.is_sorted_by(|newer, older| newer > older), "newest first");
        let mut joined: Vec<AttemptId> = Vec::new();
        loop {
            let page = AttemptFilter { before: joined.last().copied(), ..filter.clone() };
            let page = ids(&**bed.store(), hooks[0], page, 2).await;
            if page.is_empty() {
                break;
            }
            joined.extend(page);
        }
        assert_eq!(joined, whole, "{filter:?}");
    }
    assert!(ids(&**bed.store(), hooks[1], any(), 9).await.is_empty());
}

pub(crate) async fn one_attempt_shows_what_lists_leave_out(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    log_of(&bed, hooks[0], &[201]).await;
    let listed = bed.store().attempts_of(hooks[0], AttemptFilter::default(), 1).await.expect("lists").remove(0);
    let slim = listed.attempt.exchange.as_ref().expect("sent");
    assert!(listed.attempt.request_head.is_empty() && slim.response_head.is_empty() && slim.response_body.is_empty());
    let whole = bed.store().attempt(listed.attempt.id).await.expect("reads").expect("exists");
    assert_eq!(whole.attempt.exchange, Some(answered(201)));
    assert_eq!(whole.attempt.request_head, "X-GitHub-Event: push\r\n");
    assert_eq!((whole.uid, whole.kind.as_str(), whole.action.as_deref()), (uid(500), "create", Some("created")));
    assert_eq!(whole.repository, Some(RepositoryId(1)));
    assert!(bed.store().attempt(AttemptId(1)).await.expect("reads").is_none());
}

pub(crate) async fn every_part_of_an_exchange_is_kept(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    for (at, outcome) in Outcome::ALL.into_iter().enumerate() {
        bed.store().accept(an_event(&at.to_string()).for_hooks(&hooks).build()).await.expect("accepted");
        let work = bell.take_works().remove(0);
        *bell.places.lock().expect("whole") += 1;
        let exchange = Exchange {
            outcome,
            status: (outcome == Outcome::Answered).then_some(429),
            error: Some("no\nluck".to_owned()),
            retry_after: Some(Duration::from_secs(120)),
            ..answered(429)
        };
        let mut settlement = ended(&**bed.store(), &work, bed.now(), DeliveryState::Failed);
        settlement.attempt.exchange = Some(exchange.clone());
        bed.store().settle(vec![settlement.clone()]).await.expect("settles");
        let row = bed.store().attempt(settlement.attempt.id).await.expect("reads").expect("exists");
        assert_eq!(row.attempt, settlement.attempt);
    }
}

pub(crate) async fn every_end_of_a_delivery_is_kept(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(99);
    bed.store().set_bell(bell.clone());
    let ends = [
        (DeliveryState::Cancelled, Some(Reason::HookDeleted)),
        (DeliveryState::Cancelled, Some(Reason::HookInactive)),
        (DeliveryState::Cancelled, Some(Reason::Gone)),
        (DeliveryState::Expired, Some(Reason::TooOld)),
        (DeliveryState::Quarantined, Some(Reason::Poison)),
        (DeliveryState::Skipped, Some(Reason::Oversize)),
        (DeliveryState::Failed, None),
    ];
    for (at, (state, reason)) in ends.into_iter().enumerate() {
        bed.store().accept(an_event(&at.to_string()).for_hooks(&hooks).build()).await.expect("accepted");
        let work = bell.take_works().remove(0);
        let mut settlement = ended(&**bed.store(), &work, bed.now(), state);
        settlement.next = Next::Ended { state, reason };
        settlement.attempt.exchange = None;
        bed.store().settle(vec![settlement.clone()]).await.expect("settles");
        let row = bed.store().attempt(settlement.attempt.id).await.expect("reads").expect("exists");
        assert_eq!((row.state, row.reason), (state, reason));
    }
    assert!(bed.store().last_exchanges(&hooks).await.expect("reads").is_empty(), "nothing was sent");
    assert!(bed.store().conservation().await.expect("counts").holds());
}

pub(crate) async fn the_last_exchange_of_each_hook_is_found(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(3).await;
    log_of(&bed, hooks[1], &[200, 503]).await;
    let last = bed.store().last_exchanges(&hooks).await.expect("reads");
    let statuses: Vec<_> = last.iter().map(|(hook, exchange)| (*hook, exchange.status)).collect();
    assert_eq!(statuses, [(hooks[1], Some(503))]);
}

pub(crate) async fn the_log_remembers_where_each_request_went(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    log_of(&bed, hooks[0], &[200]).await;
    bed.clock.advance(Duration::from_secs(1));
    let moved = Box::new(|hook| Hook { url: TargetUrl::trusted("http://u:p@elsewhere.test/".to_owned()), ..hook });
    bed.store().update_hook(hooks[0], bed.now(), moved, anything_goes()).await.expect("edited");
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    bed.store().accept(an_event("later").for_hooks(&hooks).build()).await.expect("accepted");
    let work = bell.take_works().remove(0);
    bed.store().delete_hook(hooks[0]).await.expect("deleted");
    let last = ended(&**bed.store(), &work, bed.now(), DeliveryState::Succeeded);
    bed.store().settle(vec![last]).await.expect("settles");
    let rows = bed.store().attempts_of(hooks[0], AttemptFilter::default(), 9).await.expect("lists");
    let urls: Vec<_> = rows.iter().map(|row| row.url.as_str()).collect();
    let old = "http://receiver.test/0";
    assert_eq!(urls, ["http://u:p@elsewhere.test/", old, old], "also when the hook is gone");
}

pub(crate) async fn events_are_listed_newest_first_in_pages(bed: Bed) {
    let bed = bed.with_repository().await;
    let mut made = Vec::new();
    for at in 0..5_u8 {
        let mut new = an_event(&at.to_string()).build();
        if at % 2 == 1 {
            new.place.repository = None;
        }
        new.kind = format!("acme.thing.{at}");
        made.push(bed.store().accept(new).await.expect("accepted").id);
    }
    let ids = |events: Vec<domain::event::Event>| events.iter().map(|event| event.id).collect::<Vec<EventId>>();
    let page = bed.store().events(None, Some(made[4]), 3).await.expect("lists");
    assert_eq!(ids(page), [made[3], made[2], made[1]]);
    let page = bed.store().events(Some(RepositoryId(1)), None, 9).await.expect("lists");
    assert_eq!(ids(page), [made[4], made[2], made[0]]);
    let latest = bed.store().latest_event(RepositoryId(1), &["acme.thing.0", "acme.thing.2"]).await.expect("reads");
    assert_eq!(latest.expect("exists").id, made[2]);
    assert!(bed.store().latest_event(RepositoryId(1), &["acme.thing.1"]).await.expect("reads").is_none());
    assert!(bed.store().event(EventId(1)).await.expect("reads").is_none());
    assert!(bed.store().outgoing(EventId(1)).await.expect("reads").is_none());
}

pub(crate) async fn exchanges_are_tallied_by_event_name_and_day(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(2).await;
    let mut newest = Vec::new();
    for (at, (hook, status)) in [(0, 200), (0, 500), (0, 404), (1, 200), (0, 204)].into_iter().enumerate() {
        let new = an_event(&at.to_string()).for_hooks(&[hooks[hook]]).build();
        bed.store().accept(new).await.expect("accepted");
        let work = bed.claim(hooks[hook], 9).await.remove(0);
        let attempt = attempt_of(&**bed.store(), &work, bed.now(), Some(answered(status)));
        newest.push(attempt.id);
        let settled = Settlement {
            attempt,
            next: Next::Ended { state: DeliveryState::Failed, reason: None },
            lease: work.lease,
            hook: HookFate::Stays,
            tally: Some("push".into()),
            breaker: None,
        };
        bed.store().settle(vec![settled]).await.expect("settles");
        bed.clock.advance(Duration::from_secs(20 * 3600));
    }
    let since = |start| bed.store().tallies(hooks[0], start);
    let all = since(START).await.expect("reads");
    let expected = Tally {
        kind: "push".to_owned(),
        successes: 2,
        failures: 2,
        errors: 0,
        last_success: Some(newest[4]),
        last_failure: Some(newest[2]),
        last_error: None,
    };
    assert_eq!(all, std::slice::from_ref(&expected));
    let recent = since(START.plus(Duration::from_secs(3 * 86_400))).await.expect("reads");
    assert_eq!(recent, [Tally { successes: 1, failures: 0, last_failure: None, ..expected }]);
    bed.store().delete_hook(hooks[0]).await.expect("deleted");
    assert!(since(START).await.expect("reads").is_empty());
}
