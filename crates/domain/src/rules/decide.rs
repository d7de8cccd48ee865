//! What an exchange means for its delivery: succeeded, try again, give up, switch the hook off.

use std::time::Duration;

use crate::attempt::{Exchange, Next, Outcome};
use crate::delivery::{DeliveryState, Reason};
use crate::rules::backoff::Schedule;
use crate::time::Timestamp;

/// What `decide` needs to know beside the exchange.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The moment of decision.
    pub now: Timestamp,
    /// When the event was accepted.
    pub accepted_at: Timestamp,
    /// Deliveries open for longer than this expire (D-19).
    pub max_age: Duration,
    /// Number of the attempt just made, from 1.
    pub number: u32,
    /// The schedule in force for this hook.
    pub schedule: &'a Schedule,
    /// What the dialect's vendor does, in seconds between attempts.
    pub vendor_delays: &'a [u32],
    /// Does 410 switch the hook off in this dialect (D-15)?
    pub gone_disables: bool,
    /// Uniform in 0 to 1.
    pub jitter: f64,
}

/// The verdict on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What becomes of the delivery.
    pub next: Next,
    /// Switch the hook off.
    pub disable_hook: bool,
}

/// HTTP 410.
const GONE: u16 = 410;

/// Judges one exchange. The status line decides: 2xx is success, everything else, redirects included, is failure
/// (D-15).
pub fn decide(exchange: &Exchange, facts: &Circumstances<'_>) -> Decision {
    let ended = |state, reason| Decision { next: Next::Ended { state, reason }, disable_hook: false };
    match exchange.outcome {
        Outcome::Answered => match exchange.status {
            Some(200..=299) => return ended(DeliveryState::Succeeded, None),
            Some(GONE) if facts.gone_disables => {
                return Decision { disable_hook: true, ..ended(DeliveryState::Cancelled, Some(Reason::Gone)) };
            }
            Some(_) | None => {}
        },
        Outcome::TimedOut
        | Outcome::NameFailed
        | Outcome::ConnectFailed
        | Outcome::TlsFailed
        | Outcome::Broken
        | Outcome::Refused
        | Outcome::InternalError => {}
    }
    let delay = facts.schedule.delay(facts.vendor_delays, facts.number, facts.jitter, exchange.retry_after);
    let Some(delay) = delay else { return ended(DeliveryState::Failed, None) };
    let due = facts.now.plus(delay);
    if due > facts.accepted_at.plus(facts.max_age) {
        return ended(DeliveryState::Expired, Some(Reason::TooOld));
    }
    Decision { next: Next::RetryAt(due), disable_hook: false }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    fn exchange(outcome: Outcome, status: Option<u16>) -> Exchange {
        Exchange {
            outcome,
            status,
            error: None,
            duration: Duration::from_millis(3),
            response_head: Bytes::new(),
            response_body: Bytes::new(),
            retry_after: None,
        }
    }

    fn facts() -> Circumstances<'static> {
        Circumstances {
            now: START,
            accepted_at: START,
            max_age: Duration::from_secs(7 * 86_400),
            number: 1,
            schedule: &Schedule::Postrider,
            vendor_delays: &[],
            gone_disables: true,
            jitter: 0.5,
        }
    }

    #[test]
    fn d15_the_status_line_decides() {
        let verdict = |status| decide(&exchange(Outcome::Answered, Some(status)), &facts()).next;
        let succeeded = Next::Ended { state: DeliveryState::Succeeded, reason: None };
        let retry = Next::RetryAt(START.plus(Duration::from_secs(5)));
        for status in [200, 201, 204, 226, 299] {
            assert_eq!(verdict(status), succeeded, "{status}");
        }
        for status in [301, 302, 307, 308, 400, 404, 429, 500, 503] {
            assert_eq!(verdict(status), retry, "{status}");
        }
    }

    #[test]
    fn d15_gone_switches_the_hook_off_where_the_dialect_says_so() {
        let gone = exchange(Outcome::Answered, Some(410));
        let verdict = decide(&gone, &facts());
        assert!(verdict.disable_hook);
        assert_eq!(verdict.next, Next::Ended { state: DeliveryState::Cancelled, reason: Some(Reason::Gone) });
        let lenient = decide(&gone, &Circumstances { gone_disables: false, ..facts() });
        assert!(!lenient.disable_hook && matches!(lenient.next, Next::RetryAt(_)));
    }

    #[test]
    fn every_failure_without_an_answer_is_tried_again() {
        for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Answered) {
            assert!(matches!(decide(&exchange(outcome, None), &facts()).next, Next::RetryAt(_)), "{outcome:?}");
        }
    }

    #[test]
    fn the_last_attempt_fails_and_old_deliveries_expire() {
        let timeout = exchange(Outcome::TimedOut, None);
        let last = decide(&timeout, &Circumstances { number: 11, ..facts() });
        assert_eq!(last.next, Next::Ended { state: DeliveryState::Failed, reason: None });
        let late = Circumstances { number: 10, now: START.plus(Duration::from_secs(6 * 86_400 + 9)), ..facts() };
        let expired = Next::Ended { state: DeliveryState::Expired, reason: Some(Reason::TooOld) };
        assert_eq!(decide(&timeout, &late).next, expired);
    }
}
