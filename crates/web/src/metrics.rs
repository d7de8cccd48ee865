//! Names and meanings of the metrics, in one place for `/metrics` and `docs/operating.md`.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Registers the help texts. Call once, after the recorder is installed.
pub fn describe() {
    describe_counter!("postrider_attempts_total", Unit::Count, "Attempts by dialect and outcome.");
    describe_counter!(
        "postrider_egress_refused_total",
        Unit::Count,
        "Targets refused by the address guard, by reason."
    );
    describe_gauge!("postrider_in_flight", Unit::Count, "Exchanges with receivers under way.");
    describe_gauge!("postrider_lane_depth", Unit::Count, "Deliveries waiting in memory, all lanes together.");
    describe_gauge!("postrider_oldest_due_seconds", Unit::Seconds, "How long the oldest due delivery has waited.");
    describe_histogram!(
        "postrider_accept_to_first_attempt_seconds",
        Unit::Seconds,
        "From the commit of an event to the start of a delivery's first attempt."
    );
    describe_histogram!("postrider_store_commit_seconds", Unit::Seconds, "Group commits, sync included.");
    describe_gauge!("postrider_store_queue", Unit::Count, "Commands waiting for the store's writer.");
}
