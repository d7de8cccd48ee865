//! Breakers noted with settlements, and what a person asked for (D-20).

use std::time::Duration;

use domain::attempt::{BreakerStep, HookFate, Settlement};
use domain::delivery::{DeliveryState, Work};
use domain::id::HookId;
use domain::ports::ClaimDue;
use domain::rules::breaker::Breaker;
use testkit::{START, an_event};

use crate::bed::{Bed, Ledger, anything_goes, ended, retried};

fn open(failures: u32) -> Breaker {
    Breaker { failures, open_until: Some(START.plus(Duration::from_secs(10))), healed: None }
}

/// A failure that leaves the hook's breaker like this.
fn failed(bed: &Bed, work: &Work, version: u32, step: u64, breaker: Breaker) -> Settlement {
    let settlement = retried(&**bed.store(), work, bed.now(), bed.now());
    Settlement { breaker: Some(BreakerStep { version, step, breaker }), ..settlement }
}

async fn settle(bed: &Bed, batch: Vec<Settlement>) {
    bed.store().settle(batch).await.expect("settles");
}

async fn breaker_of(bed: &Bed, hook: HookId) -> Option<Breaker> {
    let found = bed.store().breakers_of(&[hook]).await.expect("reads");
    let loaded = bed.store().breakers().await.expect("reads");
    let loaded = loaded.into_iter().find(|(of, ..)| *of == hook).map(|(_, _, breaker)| breaker);
    assert_eq!(found.first().map(|(_, breaker)| *breaker), loaded, "people and the engine read the same");
    loaded
}

/// That many deliveries of one hook in a lane.
async fn works(bed: &Bed, hook: HookId, count: usize) -> Vec<Work> {
    let bell = Ledger::with_places(count);
    bed.store().set_bell(bell.clone());
    for at in 0..count {
        bed.store().accept(an_event(&format!("{hook}-{at}")).for_hooks(&[hook]).build()).await.expect("accepted");
    }
    bell.take_works()
}

pub(crate) async fn d20_a_breaker_is_noted_with_its_settlement_and_survives_a_restart(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(2).await;
    let works = works(&bed, hooks[0], 3).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, None);
    settle(&bed, vec![failed(&bed, &works[0], 1, 1, open(5))]).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, Some(open(5)));
    assert_eq!(breaker_of(&bed, hooks[1]).await, None);
    bed.restart().await;
    bed.store().recover(bed.now()).await.expect("recovers");
    assert_eq!(breaker_of(&bed, hooks[0]).await, Some(open(5)));
    assert_eq!(bed.store().breakers().await.expect("reads"), [(hooks[0], 1, open(5))]);
    // Steps of a new process begin anew, and are later all the same.
    let work = bed.claim(hooks[0], 1).await.remove(0);
    let healing = Breaker { healed: Some(0), ..Breaker::default() };
    settle(&bed, vec![failed(&bed, &work, 1, 1, healing)]).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, Some(healing));
    let work = bed.claim(hooks[0], 1).await.remove(0);
    settle(&bed, vec![failed(&bed, &work, 1, 2, Breaker::default())]).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, None, "closed ones are left out");
}

pub(crate) async fn d20_of_several_observations_the_last_is_kept(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let works = works(&bed, hooks[0], 5).await;
    let step = |at: usize, step| failed(&bed, &works[at], 1, step, open(u32::try_from(step).expect("small")));
    settle(&bed, vec![step(0, 7), step(1, 9), step(2, 8)]).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, Some(open(9)));
    settle(&bed, vec![step(3, 6)]).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, Some(open(9)), "settled later, observed earlier");
    settle(&bed, vec![step(4, 10)]).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, Some(open(10)));
}

pub(crate) async fn d20_an_edit_resets_the_breaker_and_older_versions_do_not_count(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(2).await;
    let works = works(&bed, hooks[0], 3).await;
    settle(&bed, vec![failed(&bed, &works[0], 1, 1, open(5))]).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    bed.store().update_hook(hooks[0], bed.now(), Box::new(|hook| hook), anything_goes()).await.expect("edited");
    assert_eq!(bell.take_changes(), [hooks[0]]);
    assert_eq!(breaker_of(&bed, hooks[0]).await, None);
    settle(&bed, vec![failed(&bed, &works[1], 1, 2, open(6))]).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, None, "it was about the hook as it had been");
    settle(&bed, vec![failed(&bed, &works[2], 2, 3, open(5))]).await;
    assert_eq!(breaker_of(&bed, hooks[0]).await, Some(open(5)));
    bed.store().delete_hook(hooks[0]).await.expect("deleted");
    assert_eq!(breaker_of(&bed, hooks[0]).await, None);
    let repository = domain::id::RepositoryId(1);
    bed.store().delete_repository(repository).await.expect("deleted");
    assert_eq!(bell.take_changes(), hooks, "hooks that go with their repository are told of, too");
}

pub(crate) async fn d20_gone_switches_the_hook_off_and_so_resets_its_breaker(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let works = works(&bed, hooks[0], 1).await;
    let gone = Settlement { hook: HookFate::SwitchedOff, ..failed(&bed, &works[0], 1, 1, open(5)) };
    settle(&bed, vec![gone]).await;
    assert!(!bed.store().directory().hook(hooks[0]).expect("kept").active);
    assert_eq!(breaker_of(&bed, hooks[0]).await, None);
}

pub(crate) async fn what_a_person_asked_for_is_claimed_by_itself(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let (hook, bell) = (hooks[0], Ledger::with_places(1));
    bed.store().set_bell(bell.clone());
    let accept = async |ce_id: &str, direct: bool| {
        let mut new = an_event(ce_id).for_hooks(&[hook]).build();
        new.plan.direct = direct;
        bed.store().accept(new).await.expect("accepted");
    };
    accept("first", false).await;
    let first = bell.take_works().remove(0);
    let failed = ended(&**bed.store(), &first, bed.now(), DeliveryState::Failed);
    settle(&bed, vec![failed.clone()]).await;
    accept("other", false).await;
    assert_eq!((bell.take_dues().len(), bell.take_asked().len()), (1, 0));
    accept("ping", true).await;
    bed.store().redeliver(failed.attempt.id, bed.now()).await.expect("planned");
    assert_eq!((bell.take_dues().len(), bell.take_asked()), (0, vec![(hook, bed.now()); 2]));

    let claim = async |limit: usize| {
        let claim = ClaimDue { now: bed.now(), lanes: vec![(hook, limit)], lease_until: bed.now() };
        bed.store().claim_by_hand(claim).await.expect("claims")
    };
    let ping = claim(1).await.remove(0);
    let again = claim(9).await;
    assert!(ping.outgoing.direct && ping.by_hand());
    assert!(again.len() == 1 && again[0].redelivery && again[0].by_hand());
    // Handed back it is still a person's; once it was tried, its retries are ours.
    bed.store().hand_back(vec![ping.delivery], bed.now()).await.expect("hands back");
    assert_eq!((bell.take_dues().len(), bell.take_asked().len()), (0, 1));
    let ping = claim(9).await.remove(0);
    let retries = [&ping, &again[0]].map(|work| retried(&**bed.store(), work, bed.now(), bed.now()));
    settle(&bed, retries.to_vec()).await;
    assert!(claim(9).await.is_empty());
    let rest = bed.claim(hook, 9).await;
    assert_eq!(rest.len(), 3);
    assert!(rest.iter().all(|work| !work.by_hand()));
}

pub(crate) async fn deliveries_handed_back_while_others_of_their_event_are_under_way_are_settled_once(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(2).await;
    let bell = Ledger::with_places(9);
    bed.store().set_bell(bell.clone());
    bed.store().accept(an_event("a").for_hooks(&hooks).build()).await.expect("accepted");
    let works = bell.take_works();
    bed.store().hand_back(vec![works[0].delivery], bed.now()).await.expect("hands back");
    let done = |work: &Work| ended(&**bed.store(), work, bed.now(), DeliveryState::Succeeded);
    settle(&bed, vec![done(&works[0])]).await;
    settle(&bed, vec![done(&works[1])]).await;
    // Its event is no longer remembered now, and it is late all the same.
    settle(&bed, vec![done(&works[0])]).await;
    assert_eq!(bed.store().queued(hooks[0]).await.expect("counts"), 1);
    let again = bed.claim(hooks[0], 9).await.remove(0);
    settle(&bed, vec![done(&again)]).await;
    let sums = bed.store().conservation().await.expect("counts");
    assert!(sums.holds() && sums.by_state.contains(&(DeliveryState::Succeeded, 2)), "{sums:?}");
}
