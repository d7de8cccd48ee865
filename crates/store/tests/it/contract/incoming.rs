//! Requests that came in.

use std::time::Duration;

use domain::ci::{BuildFilter, IncomingFilter, MAX_INCOMING_BYTES, MAX_INCOMING_KEPT, NewIncoming, TakenIn, Verdict};
use futures_util::future::join_all;
use testkit::a_build;

use crate::bed::{Bed, uid};

use super::ci::{a_request, numbers, with_app};

pub(crate) async fn a_request_sent_twice_builds_once_and_gets_the_same_answer(bed: Bed) {
    let (mut bed, app) = with_app(bed).await;
    let sent = (0..30_u128).map(|at| {
        let (delivery, name) = (format!("d-{}", at % 10), format!("build {at}"));
        let new = a_request(app.id, Some(&delivery), at + 1, vec![a_build(app.id, &name)]);
        let store = bed.store().clone();
        async move { (at % 10, store.take_in(new, numbers()).await.expect("taken")) }
    });
    let taken = join_all(sent).await;
    let fresh = taken.iter().filter(|(_, taken)| matches!(taken, TakenIn::Now { .. })).count();
    assert_eq!(fresh, 10);
    let answer = |taken: &TakenIn| match taken {
        TakenIn::Now { answer, .. } | TakenIn::Before(answer) => answer.clone(),
    };
    for (key, one) in &taken {
        let first = taken.iter().find(|(other, _)| other == key).expect("itself");
        assert_eq!(answer(one), answer(&first.1));
    }
    let all = bed.store().builds(app.id, BuildFilter { limit: 50, ..BuildFilter::default() }).await.expect("reads");
    assert_eq!((all.total, all.builds[0].number), (10, 10));
    let log = bed.store().incoming(app.id, IncomingFilter::default(), 50).await.expect("reads");
    assert_eq!((log.len(), log.iter().map(|one| one.repeats).sum::<u64>()), (10, 20));
    let idle = async |number, builds| {
        bed.store().take_in(a_request(app.id, Some("idle"), number, builds), numbers()).await.expect("taken")
    };
    assert!(matches!(idle(50, Vec::new()).await, TakenIn::Now { .. }));
    let later = idle(51, vec![a_build(app.id, "later")]).await;
    assert!(matches!(later, TakenIn::Now { .. }), "what led to nothing is not held against the next try");
    assert!(matches!(idle(52, vec![a_build(app.id, "never")]).await, TakenIn::Before(_)));
    bed.restart().await;
    let again = a_request(app.id, Some("d-3"), 99, Vec::new());
    let again = bed.store().take_in(again, numbers()).await.expect("taken");
    assert!(matches!(&again, TakenIn::Before(answer) if answer.status == 201 && !answer.body.is_empty()));
    let week_later = testkit::START.plus(Duration::from_secs(8 * 24 * 3600));
    let late = NewIncoming { received_at: week_later, ..a_request(app.id, Some("d-3"), 100, Vec::new()) };
    let late = bed.store().take_in(late, numbers()).await.expect("taken");
    assert!(matches!(late, TakenIn::Now { .. }), "forgotten after a week");
}

pub(crate) async fn a_request_is_read_back_as_it_came_and_the_newest_thousand_stay(bed: Bed) {
    let (bed, app) = with_app(bed).await;
    let kept = u128::try_from(MAX_INCOMING_KEPT).expect("fits");
    let sent = (0..kept + 20).map(|at| bed.store().take_in(a_request(app.id, None, at + 1, Vec::new()), numbers()));
    assert!(join_all(sent).await.iter().all(Result::is_ok));
    let all = bed.store().incoming(app.id, IncomingFilter::default(), 5_000).await.expect("reads");
    assert_eq!(all.len(), MAX_INCOMING_KEPT);
    assert!(all[0].headers.is_empty() && all[0].body.is_empty(), "lists are small");
    let one = bed.store().incoming_by_uid(all[0].uid).await.expect("reads").expect("exists");
    assert_eq!((one.headers.len(), &one.body[..], one.answer.status), (1, &b"{}"[..], 201));
    let failed = IncomingFilter { verdict: Some(Verdict::Failed), ..IncomingFilter::default() };
    assert!(bed.store().incoming(app.id, failed, 9).await.expect("reads").is_empty());
    let from = IncomingFilter { before: Some(all[9].id), status: Some((200, 299)), ..IncomingFilter::default() };
    assert_eq!(bed.store().incoming(app.id, from, 1).await.expect("reads")[0].id, all[10].id);
}

pub(crate) async fn the_newest_requests_stay_as_far_as_there_is_room(bed: Bed) {
    let (bed, app) = with_app(bed).await;
    let large = bytes::Bytes::from(vec![b'x'; MAX_INCOMING_BYTES / 6 + 1]);
    for at in 0..8_u128 {
        let body = if at == 2 { "{}".into() } else { large.clone() };
        let request = NewIncoming { body, ..a_request(app.id, None, at + 1, Vec::new()) };
        assert!(matches!(bed.store().take_in(request, numbers()).await, Ok(TakenIn::Now { .. })));
    }
    let all = bed.store().incoming(app.id, IncomingFilter::default(), 50).await.expect("reads");
    let uids: Vec<_> = all.iter().map(|one| one.uid).collect();
    assert_eq!(uids, [uid(8), uid(7), uid(6), uid(5), uid(4), uid(3)]);
}
