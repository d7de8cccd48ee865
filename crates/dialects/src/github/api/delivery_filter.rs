//! Which deliveries are wanted: `status`, `redelivery`, `cursor`, and our own `since`, `until`, `event`, `action`,
//! `guid` (contract github sections 1.5 and 7).

use domain::id::{AttemptId, Uid};
use domain::ports::{AttemptFilter, AttemptRow};
use domain::time::Timestamp;

use super::call::Call;
use super::errors::{ApiError, Problem};
use super::hook_json::Told;

/// What stands before the id in a cursor.
pub(super) const CURSOR_PREFIX: &str = "v1_";

/// The statuses a `status` filter takes; failures without an answer count by the status that stands for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// 200 to 399: a redirect counts here, although its text says otherwise.
    Success,
    /// 400 to 599.
    Failure,
}

/// A filter: what the store can do, and what is left for us.
#[derive(Debug)]
pub(super) struct Wanted {
    /// What the store does.
    pub(super) filter: AttemptFilter,
    status: Option<Status>,
}

impl Wanted {
    /// Reads the query.
    pub(super) fn read(call: &Call) -> Result<Self, ApiError> {
        let status = one_of(call, "status", &[("success", Status::Success), ("failure", Status::Failure)])?;
        let redelivery = one_of(call, "redelivery", &[("true", true), ("false", false)])?;
        let moment = |name| parsed(call, name, Timestamp::parse_rfc3339);
        let filter = AttemptFilter {
            before: parsed(call, "cursor", start_of_page)?,
            status: (status == Some(Status::Success)).then_some((200, 399)),
            failed: (status == Some(Status::Failure)).then_some(true),
            redelivery,
            kind: call.asked.query("event").map(str::to_owned),
            action: call.asked.query("action").map(str::to_owned),
            message_uid: parsed(call, "guid", |text| text.parse().ok().map(Uid))?,
            since: moment("since")?,
            until: moment("until")?,
            with_unsent: false,
        };
        Ok(Self { filter, status })
    }

    /// Does the store's filter say it all?
    pub(super) fn is_exact(&self) -> bool {
        self.status != Some(Status::Failure)
    }

    /// Does a row that passed the store's filter count?
    pub(super) fn fits(&self, row: &AttemptRow) -> bool {
        let Some(exchange) = &row.attempt.exchange else { return false };
        match self.status {
            None => true,
            Some(Status::Success) => (200..=399).contains(&Told::of(exchange).code),
            Some(Status::Failure) => (400..=599).contains(&Told::of(exchange).code),
        }
    }
}

/// A cursor names the delivery that starts the page; the store wants the one after it.
fn start_of_page(cursor: &str) -> Option<AttemptId> {
    let start: i64 = cursor.strip_prefix(CURSOR_PREFIX)?.parse().ok()?;
    (start >= 0).then_some(AttemptId(start.saturating_add(1)))
}

fn one_of<T: Copy>(call: &Call, name: &'static str, values: &[(&str, T)]) -> Result<Option<T>, ApiError> {
    parsed(call, name, |text| values.iter().find(|(known, _)| *known == text).map(|(_, value)| *value))
}

fn parsed<T>(call: &Call, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
    let Some(text) = call.asked.query(name) else { return Ok(None) };
    let refused = || ApiError::Invalid(vec![Problem::invalid(name, text).of("HookDelivery")]);
    parse(text).map(Some).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_the_first_delivery_of_its_page() {
        assert_eq!(start_of_page("v1_55148726666"), Some(AttemptId(55_148_726_667)));
        for bad in ["", "v1_", "v1_x", "v2_1", "1", "v1_-5", "v1_99999999999999999999"] {
            assert_eq!(start_of_page(bad), None, "{bad}");
        }
    }
}
