//! Claims, settling, fencing, recovery, redelivery.

use std::time::Duration;

use domain::attempt::{HookFate, Next, Settlement};
use domain::delivery::{DeliveryState, Lease, Reason};
use domain::id::{AttemptId, HookId};
use domain::ports::{AttemptFilter, Backlog, ClaimDue, Store, StoreError};
use testkit::an_event;

use crate::bed::{Bed, Ledger, answered, attempt_of, ended, retried};

const SOON: Duration = Duration::from_secs(5);

/// P3, and how many deliveries are in a state.
async fn in_state(store: &dyn Store, state: DeliveryState) -> u64 {
    let sums = store.conservation().await.expect("counts");
    assert!(sums.holds(), "P3: {sums:?}");
    sums.by_state.iter().filter(|(of, _)| *of == state).map(|(_, count)| count).sum()
}

async fn publish(bed: &Bed, ce_id: &str, hooks: &[HookId]) {
    let accepted = bed.store().accept(an_event(ce_id).for_hooks(hooks).build()).await.expect("accepted");
    assert!(!accepted.duplicate);
}

async fn settle(bed: &Bed, batch: Vec<Settlement>) {
    bed.store().settle(batch).await.expect("settles");
}

pub(crate) async fn deliveries_without_a_place_are_queued_and_claimed_in_due_order(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(1);
    bed.store().set_bell(bell.clone());
    for ce_id in ["a", "b", "c"] {
        publish(&bed, ce_id, &hooks).await;
    }
    assert_eq!(bell.take_works().len(), 1);
    assert_eq!(bell.take_dues(), vec![(hooks[0], bed.now()); 2]);
    let works = bed.claim(hooks[0], 9).await;
    assert_eq!(works.len(), 2);
    assert!(works[0].outgoing.event < works[1].outgoing.event, "oldest first");
    assert!(works.iter().all(|work| work.attempts == 0 && !work.recovered && !work.redelivery));
    assert_eq!(works[0].message().kind.as_ref(), "push");
    assert!(bed.claim(hooks[0], 9).await.is_empty(), "claimed once");
}

pub(crate) async fn a_claim_takes_no_more_than_its_lane_can_and_nothing_of_others(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(3).await;
    for at in 0..5 {
        publish(&bed, &at.to_string(), &hooks).await;
    }
    let now = bed.now();
    let claim = ClaimDue { now, lanes: vec![(hooks[0], 2), (hooks[1], 9)], lease_until: now };
    let works = bed.store().claim_due(claim).await.expect("claims");
    let of = |hook: HookId| works.iter().filter(|work| work.hook == hook).count();
    assert_eq!(hooks.iter().map(|hook| of(*hook)).collect::<Vec<_>>(), [2, 5, 0]);
    assert_eq!(bed.store().queued(hooks[2]).await.expect("counts"), 5);
    let backlog = bed.store().backlog().await.expect("lists");
    let lanes = [hooks[0], hooks[2]].map(|hook| Backlog { hook, due: now });
    assert_eq!(backlog, lanes, "lanes with unclaimed rows");
    let event = &works[0].outgoing;
    assert!(works.iter().any(|other| other.hook == hooks[1] && std::sync::Arc::ptr_eq(event, &other.outgoing)));
}

pub(crate) async fn a_failed_delivery_comes_back_when_it_is_due(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    publish(&bed, "a", &hooks).await;
    let fresh = bell.take_works().remove(0);
    let due = bed.now().plus(SOON);
    settle(&bed, vec![retried(&**bed.store(), &fresh, bed.now(), due)]).await;
    assert_eq!(bell.take_dues(), [(hooks[0], due)]);
    assert!(bed.claim(hooks[0], 9).await.is_empty(), "not yet due");
    bed.clock.advance(SOON);
    let again = bed.claim(hooks[0], 9).await.remove(0);
    assert_eq!((again.delivery, again.attempts), (fresh.delivery, 1));
    let later = due.plus(SOON);
    settle(&bed, vec![retried(&**bed.store(), &again, bed.now(), later)]).await;
    bed.clock.advance(SOON);
    let last = bed.claim(hooks[0], 9).await.remove(0);
    assert_eq!(last.attempts, 2);
    assert_eq!(in_state(&**bed.store(), DeliveryState::Open).await, 1);
    settle(&bed, vec![ended(&**bed.store(), &last, bed.now(), DeliveryState::Failed)]).await;
    assert_eq!(in_state(&**bed.store(), DeliveryState::Failed).await, 1);
    let log = bed.store().attempts_of(hooks[0], AttemptFilter::default(), 9).await.expect("lists");
    let numbers: Vec<_> = log.iter().map(|row| (row.attempt.number, row.state, row.retry_at)).collect();
    let open = DeliveryState::Open;
    assert_eq!(numbers, [(3, DeliveryState::Failed, None), (2, open, Some(later)), (1, open, Some(due))]);
    assert_eq!(bed.store().count_attempts_of(hooks[0]).await.expect("counts"), 3);
}

pub(crate) async fn d12_a_lapsed_claim_writes_its_attempt_late_and_changes_nothing(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(1).await;
    publish(&bed, "a", &hooks).await;
    let stale = bed.claim(hooks[0], 1).await.remove(0);
    assert_eq!(bed.crash_and_recover().await, 1);
    settle(&bed, vec![ended(&**bed.store(), &stale, bed.now(), DeliveryState::Succeeded)]).await;
    assert_eq!(in_state(&**bed.store(), DeliveryState::Open).await, 1);
    let log = bed.store().attempts_of(hooks[0], AttemptFilter::default(), 9).await.expect("lists");
    assert!(log.len() == 1 && log[0].late);
    let anew = bed.claim(hooks[0], 1).await.remove(0);
    assert!(anew.recovered && anew.delivery == stale.delivery);
    settle(&bed, vec![ended(&**bed.store(), &anew, bed.now(), DeliveryState::Succeeded)]).await;
    assert_eq!(in_state(&**bed.store(), DeliveryState::Succeeded).await, 1);
}

pub(crate) async fn p2_what_a_crash_left_unsettled_is_recovered_and_marked(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(2).await;
    bed.store().recover(bed.now()).await.expect("recovers");
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    for ce_id in ["a", "b", "c"] {
        publish(&bed, ce_id, &hooks).await;
    }
    let works = bell.take_works();
    // One of `a` is settled, one waits for its retry; `b` is done; `c` is untouched.
    let due = bed.now().plus(SOON);
    settle(&bed, vec![ended(&**bed.store(), &works[0], bed.now(), DeliveryState::Succeeded)]).await;
    settle(&bed, vec![retried(&**bed.store(), &works[1], bed.now(), due)]).await;
    let rest = works[2..4].iter().map(|work| ended(&**bed.store(), work, bed.now(), DeliveryState::Succeeded));
    settle(&bed, rest.collect()).await;
    assert_eq!(in_state(&**bed.store(), DeliveryState::Open).await, 3);

    assert_eq!(bed.crash_and_recover().await, 2, "only `c`");
    assert_eq!(in_state(&**bed.store(), DeliveryState::Open).await, 3);
    let recovered = bed.claim(hooks[0], 9).await;
    assert_eq!(recovered.len(), 1);
    assert!(recovered[0].recovered && recovered[0].delivery == works[4].delivery && recovered[0].attempts == 0);
    assert_eq!(bed.crash_and_recover().await, 1, "only the claim");
}

pub(crate) async fn d5_recovery_takes_large_plans_in_steps(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(3).await;
    let many: Vec<_> = hooks.iter().copied().cycle().take(2_500).collect();
    bed.store().set_bell(Ledger::with_places(usize::MAX));
    publish(&bed, "a", &many).await;
    publish(&bed, "b", &hooks).await;
    assert_eq!(bed.crash_and_recover().await, 2_503);
    assert_eq!(bed.crash_and_recover().await, 0, "all of them have rows now");
    assert_eq!(in_state(&**bed.store(), DeliveryState::Open).await, 2_503);
    assert_eq!(bed.store().queued(hooks[0]).await.expect("counts"), 835);
}

pub(crate) async fn d13_a_delivery_under_way_at_five_crashes_is_quarantined(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(1).await;
    publish(&bed, "a", &hooks).await;
    for crash in 1..=5 {
        let works = bed.claim(hooks[0], 1).await;
        assert_eq!(works.len(), 1, "crash {crash}");
        assert_eq!(bed.crash_and_recover().await, 1);
    }
    assert!(bed.claim(hooks[0], 1).await.is_empty());
    assert_eq!(in_state(&**bed.store(), DeliveryState::Quarantined).await, 1);
    let unsent = AttemptFilter { with_unsent: true, ..AttemptFilter::default() };
    let log = bed.store().attempts_of(hooks[0], unsent, 9).await.expect("lists");
    assert_eq!((log[0].reason, &log[0].attempt.exchange), (Some(Reason::Poison), &None));
    assert!(bed.store().attempts_of(hooks[0], AttemptFilter::default(), 9).await.expect("lists").is_empty());
    assert_eq!(bed.store().count_attempts_of(hooks[0]).await.expect("counts"), 0, "nothing was sent");
}

pub(crate) async fn d13_a_recorded_attempt_starts_the_count_of_recoveries_over(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(1).await;
    publish(&bed, "a", &hooks).await;
    for _ in 0..7 {
        bed.claim(hooks[0], 1).await;
        bed.crash_and_recover().await;
        let work = bed.claim(hooks[0], 1).await.remove(0);
        assert!(work.recovered);
        settle(&bed, vec![retried(&**bed.store(), &work, bed.now(), bed.now())]).await;
    }
    let work = bed.claim(hooks[0], 1).await.remove(0);
    assert_eq!((work.recovered, work.attempts), (false, 7));
}

pub(crate) async fn n8_what_is_handed_back_is_due_at_once_and_not_marked_recovered(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(1);
    bed.store().set_bell(bell.clone());
    publish(&bed, "fresh", &hooks).await;
    publish(&bed, "queued", &hooks).await;
    let fresh = bell.take_works().remove(0);
    let claimed = bed.claim(hooks[0], 1).await.remove(0);
    bed.store().hand_back(vec![fresh.delivery, claimed.delivery], bed.now()).await.expect("hands back");
    // Too late: the lane has given it back.
    settle(&bed, vec![ended(&**bed.store(), &fresh, bed.now(), DeliveryState::Succeeded)]).await;
    assert_eq!(in_state(&**bed.store(), DeliveryState::Open).await, 2);
    bed.restart().await;
    assert_eq!(bed.store().recover(bed.now()).await.expect("recovers"), 0);
    let works = bed.claim(hooks[0], 9).await;
    assert_eq!(works.iter().map(|work| work.delivery).collect::<Vec<_>>(), [fresh.delivery, claimed.delivery]);
    assert!(works.iter().all(|work| !work.recovered && work.attempts == 0));
    let done = works.iter().map(|work| ended(&**bed.store(), work, bed.now(), DeliveryState::Succeeded)).collect();
    settle(&bed, done).await;
    assert_eq!(in_state(&**bed.store(), DeliveryState::Succeeded).await, 2);
}

pub(crate) async fn a_fresh_delivery_settled_twice_counts_once(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    publish(&bed, "a", &[hooks[0], hooks[0]]).await;
    let work = bell.take_works().remove(0);
    let done = ended(&**bed.store(), &work, bed.now(), DeliveryState::Succeeded);
    settle(&bed, vec![done.clone(), done]).await;
    assert_eq!(in_state(&**bed.store(), DeliveryState::Succeeded).await, 1);
    assert_eq!(in_state(&**bed.store(), DeliveryState::Open).await, 1);
}

pub(crate) async fn a_redelivery_is_a_delivery_of_its_own(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    publish(&bed, "a", &hooks).await;
    let first = bell.take_works().remove(0);
    let failed = ended(&**bed.store(), &first, bed.now(), DeliveryState::Failed);
    settle(&bed, vec![failed.clone()]).await;
    let delivery = bed.store().redeliver(failed.attempt.id, bed.now()).await.expect("planned");
    assert_ne!(delivery, first.delivery);
    assert_eq!(bell.take_asked(), [(hooks[0], bed.now())]);
    let again = bed.claim(hooks[0], 9).await.remove(0);
    assert_eq!((again.delivery, again.redelivery, again.attempts), (delivery, true, 0));
    assert_eq!(again.message().uid, first.message().uid);
    assert_eq!(again.earlier, 1, "one attempt was made before");
    let succeeded = ended(&**bed.store(), &again, bed.now(), DeliveryState::Succeeded);
    settle(&bed, vec![succeeded.clone()]).await;
    let third = bed.store().redeliver(succeeded.attempt.id, bed.now()).await.expect("planned");
    let third_work = bed.claim(hooks[0], 9).await.remove(0);
    assert_eq!((third_work.delivery, third_work.earlier), (third, 2), "two were made before");
    settle(&bed, vec![ended(&**bed.store(), &third_work, bed.now(), DeliveryState::Succeeded)]).await;
    let sums = bed.store().conservation().await.expect("counts");
    assert!(sums.planned == 3 && sums.holds(), "{sums:?}");
    let unknown = bed.store().redeliver(AttemptId(1), bed.now()).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
    bed.store().delete_hook(hooks[0]).await.expect("deleted");
    let gone = bed.store().redeliver(failed.attempt.id, bed.now()).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
}

pub(crate) async fn d15_gone_switches_the_hook_off_in_the_same_transaction(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    publish(&bed, "a", &hooks).await;
    let work = bell.take_works().remove(0);
    let gone = Settlement {
        attempt: attempt_of(&**bed.store(), &work, bed.now(), Some(answered(410))),
        next: Next::Ended { state: DeliveryState::Cancelled, reason: Some(Reason::Gone) },
        lease: Lease::Fresh,
        hook: HookFate::SwitchedOff,
        tally: None,
        breaker: None,
    };
    settle(&bed, vec![gone]).await;
    let hook = bed.store().directory().hook(hooks[0]).expect("kept");
    assert_eq!((hook.active, hook.version), (false, 2));
    bed.restart().await;
    assert_eq!(bed.store().directory().hook(hooks[0]).as_deref(), Some(&*hook));
}
