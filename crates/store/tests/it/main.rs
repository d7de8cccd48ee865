//! The contract every backend keeps: each case is written once, over `dyn Store`, and stamped for each backend.

mod bed;
mod contract;
mod model;
mod sqlite_file;

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
    accounts {
        a_login_is_taken_in_any_case
        of_two_creations_at_once_one_gets_the_name
        an_edit_keeps_identity_and_moves_the_date
        members_and_collaborators_come_and_go
        repositories_are_named_once_per_owner_and_move
        tokens_authenticate_until_they_are_revoked
        an_account_takes_everything_it_owns_along_but_not_the_log
        a_push_moves_the_repository_and_the_directory_survives_a_restart
    }
    applications {
        an_application_is_edited_within_its_identity_and_survives_a_restart
        an_application_takes_its_tokens_along_and_lets_its_hooks_go
        an_owner_takes_applications_along
        of_an_applications_tokens_for_one_user_and_scope_the_newest_ten_stay
        a_reset_token_has_a_new_value_alone
    }
    breakers {
        d20_a_breaker_is_noted_with_its_settlement_and_survives_a_restart
        d20_of_several_observations_the_last_is_kept
        d20_an_edit_resets_the_breaker_and_older_versions_do_not_count
        d20_gone_switches_the_hook_off_and_so_resets_its_breaker
        what_a_person_asked_for_is_claimed_by_itself
        deliveries_handed_back_while_others_of_their_event_are_under_way_are_settled_once
    }
    ci {
        an_app_is_edited_within_its_identity_and_survives_a_restart
        an_app_takes_its_hooks_and_builds_along_and_outlives_its_repository
        builds_are_numbered_without_gaps_and_told_of_with_their_numbers
        queued_builds_are_claimed_once_by_priority_and_age
        check_24_a_build_ends_once_and_is_told_of_once
        what_ran_within_a_dead_process_ends_as_failed
        a_log_is_appended_piece_by_piece_and_cut_when_it_is_too_long
        builds_are_listed_by_filter_and_page
        builds_of_several_apps_are_one_list
        a_build_request_is_decided_once
    }
    events {
        d1_an_accepted_event_is_read_back_as_it_was
        d6_a_repeat_gets_the_first_answer_and_delivers_nothing
    }
    git_accounts {
        an_account_has_one_credential_for_each_host_and_the_newest_counts
        a_credential_is_removed_once_and_goes_with_its_account
    }
    grants {
        rfc6749_a_code_gives_one_token_and_its_replay_revokes_it
        a_refused_code_is_spent_unless_it_was_anothers
        a_code_ends_with_the_token_the_user_signed_in_with
        codes_are_forgotten_a_day_after_their_end
        rfc8628_a_device_waits_is_slowed_down_and_gets_one_token
        rfc8628_a_device_is_denied_or_expires
        an_application_has_no_more_than_a_thousand_devices_waiting
        u3_a_session_is_read_back_used_and_ended
        u3_a_session_ends_with_its_token
    }
    hooks {
        a_hook_is_edited_within_its_identity
        the_sibling_rule_judges_creations_and_edits_without_the_hook_itself
        of_many_equal_creations_at_once_one_stands
        a_deleted_hook_is_gone_and_its_id_never_comes_back
    }
    incoming {
        a_request_sent_twice_builds_once_and_gets_the_same_answer
        a_request_is_read_back_as_it_came_and_the_newest_thousand_stay
        the_newest_requests_stay_as_far_as_there_is_room
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
    safety {
        d3_a_failing_command_of_a_group_fails_alone
        d1_events_rise_in_commit_order_whoever_publishes
        d7_what_would_overfill_the_queue_is_refused_at_once
        n8_closing_finishes_what_was_handed_in_and_refuses_the_rest
        a_backup_is_a_whole_database_of_one_moment
        t10_no_secret_is_found_in_the_files
        a_crash_leaves_what_was_answered
    }
    streams {
        a_stream_has_the_newest_events_of_its_types_up_to_any_of_them
        a_stream_leaves_large_data_out
    }
    tasks {
        tasks_are_read_back_as_they_were_and_claimed_in_due_order
        the_newest_request_of_a_pair_takes_the_place_of_older_ones
        e15_so_many_requests_wait_for_one_host
        e15_so_many_requests_wait_for_one_topic
        few_tasks_of_one_host_are_under_way_at_once
        fetches_of_a_topic_coalesce_while_they_wait_and_never_overlap
        a_fetch_that_waits_for_its_retry_comes_forward_and_every_try_is_remembered
        what_follows_from_a_task_is_committed_with_its_end
        a_failed_effect_leaves_the_task_as_it_was
        p1_a_crash_before_a_claim_or_before_its_end_loses_no_task
        d13_a_task_under_way_at_five_crashes_is_dropped
        the_newest_ten_thousand_notes_are_kept
        t10_secrets_and_callbacks_of_tasks_are_sealed
    }
    topics {
        a_topic_is_made_once_and_follows_the_page_its_url_names
        a_renewal_replaces_lease_and_secret_and_keeps_the_row
        a_topic_and_a_callback_have_one_subscription
        unsubscribing_takes_the_row_away_once
        n9_lapsed_subscriptions_are_purged_in_steps
        the_end_of_a_topic_tells_each_subscriber
        a_topic_can_end_in_silence
        a_topic_stays_while_there_is_something_to_do_for_it
    }
    views {
        pages_of_the_log_join_without_gap_or_overlap_under_every_filter
        one_attempt_shows_what_lists_leave_out
        every_part_of_an_exchange_is_kept
        every_end_of_a_delivery_is_kept
        the_last_exchange_of_each_hook_is_found
        the_log_remembers_where_each_request_went
        events_are_listed_newest_first_in_pages
        exchanges_are_tallied_by_event_name_and_day
    }
}
