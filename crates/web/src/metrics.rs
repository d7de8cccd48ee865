//! Names and meanings of the metrics, in one place for `/metrics` and `docs/operating.md`.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Registers the help texts. Call once, after the recorder is installed.
pub fn describe() {
    describe_counter!("postrider_events_accepted_total", Unit::Count, "Events accepted, repeats not counted.");
    describe_counter!("postrider_deliveries_planned_total", Unit::Count, "Deliveries planned for accepted events.");
    describe_counter!("postrider_attempts_total", Unit::Count, "Attempts by dialect and outcome.");
    describe_counter!("postrider_unsent_total", Unit::Count, "Deliveries that ended without an attempt.");
    describe_counter!("postrider_skipped_total", Unit::Count, "Deliveries skipped by rule, by dialect and reason.");
    describe_gauge!("postrider_breakers", Unit::Count, "Breakers that are not closed, by dialect and state.");
    describe_counter!("postrider_breaker_openings_total", Unit::Count, "Closed breakers that opened, by dialect.");
    describe_counter!("postrider_held_total", Unit::Count, "Deliveries put off by an open breaker, by dialect.");
    describe_counter!("postrider_hub_tasks_total", Unit::Count, "Tasks of the hub, by job and outcome.");
    describe_gauge!("postrider_hub_tasks", Unit::Count, "Tasks of the hub that wait or are under way.");
    describe_gauge!("postrider_hub_subscriptions", Unit::Count, "Subscriptions of the hub.");
    describe_gauge!("postrider_hub_subscriptions_expiring", Unit::Count, "Those whose lease ends within a day.");
    describe_counter!("postrider_egress_refusals_total", Unit::Count, "Targets the address guard refused, by reason.");
    describe_gauge!("postrider_in_flight", Unit::Count, "Exchanges with receivers under way.");
    describe_gauge!("postrider_unsettled", Unit::Count, "Attempts whose records are not committed yet.");
    describe_gauge!("postrider_lane_queued", Unit::Count, "Deliveries waiting in memory, all lanes together.");
    describe_gauge!("postrider_lane_depth_max", Unit::Count, "Deliveries waiting in the fullest lane.");
    describe_gauge!("postrider_lane_bytes", Unit::Bytes, "Payloads waiting in memory.");
    describe_gauge!("postrider_lanes_slow", Unit::Count, "Lanes whose receivers are slow.");
    describe_gauge!("postrider_oldest_due_age_seconds", Unit::Seconds, "How long the oldest due delivery has waited.");
    describe_histogram!(
        "postrider_accept_to_first_attempt_seconds",
        Unit::Seconds,
        "From the commit of an event to the start of a delivery's first attempt."
    );
    describe_histogram!("postrider_exchange_seconds", Unit::Seconds, "Exchanges with receivers.");
    describe_histogram!("postrider_store_commit_seconds", Unit::Seconds, "Group commits, sync included.");
    describe_histogram!("postrider_store_batch_size", Unit::Count, "Commands in a group commit.");
    describe_gauge!("postrider_store_queue_depth", Unit::Count, "Commands waiting for the store's writer.");
    describe_gauge!("postrider_store_sync_seconds", Unit::Seconds, "Median sync of the disk at start.");
    describe_gauge!("postrider_disk_free_bytes", Unit::Bytes, "Room on the disk under the database.");
}
