//! Accepting events and reading them.

use domain::delivery::DeliveryState;
use domain::event::Accepted;
use testkit::an_event;

use crate::bed::{Bed, Ledger, ended};

pub(crate) async fn d1_an_accepted_event_is_read_back_as_it_was(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(2).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    let new = an_event("one").saying("{\"n\":7}").for_hooks(&hooks).build();
    let accepted = bed.store().accept(new.clone()).await.expect("accepted");
    assert_eq!((accepted.deliveries, accepted.duplicate), (2, false));
    let event = bed.store().event(accepted.id).await.expect("reads").expect("exists");
    assert_eq!((&event.ce_id, &event.data, event.place), (&new.ce_id, &new.data, new.place));
    let outgoing = bed.store().outgoing(accepted.id).await.expect("reads").expect("exists");
    assert_eq!(outgoing.messages, new.plan.messages);

    let works = bell.take_works();
    let ids: Vec<_> = works.iter().map(|work| work.hook).collect();
    assert_eq!(ids, hooks, "delivered in the plan's order");
    let done = works.iter().map(|work| ended(&**bed.store(), work, bed.now(), DeliveryState::Succeeded)).collect();
    bed.store().settle(done).await.expect("settles");
    let sums = bed.store().conservation().await.expect("counts");
    assert!(sums.holds() && sums.by_state.contains(&(DeliveryState::Succeeded, 2)), "{sums:?}");
}

pub(crate) async fn d6_a_repeat_gets_the_first_answer_and_delivers_nothing(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    let first = bed.store().accept(an_event("one").for_hooks(&hooks).build()).await.expect("accepted");
    let again = bed.store().accept(an_event("one").for_hooks(&hooks).build()).await.expect("accepted");
    assert_eq!(again, Accepted { duplicate: true, ..first });
    let other = bed.store().accept(an_event("one").saying("{\"n\":2}").for_hooks(&hooks).build());
    assert_eq!(other.await.expect("accepted"), Accepted { duplicate: true, differs: true, ..first });
    assert_eq!(bell.take_works().len(), 1);
    assert_eq!(*bell.places.lock().expect("whole"), 8, "a repeat reserves no place");
}
