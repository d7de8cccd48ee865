//! The contract every backend keeps: each case is written once, over `dyn Store`, and stamped for each backend.

mod bed;
mod contract;

/// Stamps the cases of each noun for each backend.
macro_rules! contract {
    ($($noun:ident { $($case:ident)* })*) => {
        mod sqlite {
            $(mod $noun { $(
                #[tokio::test]
                async fn $case() {
                    crate::contract::$noun::$case(crate::bed::Bed::sqlite()).await;
                }
            )* })*
        }
    };
}

contract! {
    events {
        d1_an_accepted_event_is_read_back_as_it_was
        d6_a_repeat_gets_the_first_answer_and_delivers_nothing
    }
    queue {
        deliveries_without_a_place_are_queued_and_claimed_in_due_order
        a_claim_takes_no_more_than_its_lane_can_and_nothing_of_others
        a_failed_delivery_comes_back_when_it_is_due
        d12_a_lapsed_claim_writes_its_attempt_late_and_changes_nothing
        p2_what_a_crash_left_unsettled_is_recovered_and_marked
        d5_recovery_takes_large_plans_in_steps
        d13_a_delivery_under_way_at_five_crashes_is_quarantined
        d13_a_recorded_attempt_starts_the_count_of_recoveries_over
        n8_what_is_handed_back_is_due_at_once_and_not_marked_recovered
        a_fresh_delivery_settled_twice_counts_once
        a_redelivery_is_a_delivery_of_its_own
        d15_gone_switches_the_hook_off_in_the_same_transaction
    }
}
