//! What an exchange means for its delivery: succeeded, try again, give up, switch the hook off.

use std::time::Duration;

use crate::attempt::{Exchange, HookFate, Next, Outcome};
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
    /// When the hook's lease ends: no attempt starts after that.
    pub lease_until: Option<Timestamp>,
    /// What 410 does to hooks of this dialect (D-15).
    pub when_gone: HookFate,
    /// How many attempts there are in all after such an exchange, if the dialect limits them.
    pub max_attempts: Option<u32>,
    /// Uniform in 0 to 1.
    pub jitter: f64,
}

/// The verdict on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What becomes of the delivery.
    pub next: Next,
    /// What becomes of the hook.
    pub hook: HookFate,
}

/// HTTP 410.
const GONE: u16 = 410;

/// Judges one exchange. The status line decides: 2xx is success, everything else, redirects included, is failure
/// (D-15).
pub fn decide(exchange: &Exchange, facts: &Circumstances<'_>) -> Decision {
    let ended = |state, reason| Decision { next: Next::Ended { state, reason }, hook: HookFate::Stays };
    match exchange.outcome {
        Outcome::Answered => match exchange.status {
            Some(200..=299) => return ended(DeliveryState::Succeeded, None),
            Some(GONE) if facts.when_gone != HookFate::Stays => {
                return Decision { hook: facts.when_gone, ..ended(DeliveryState::Cancelled, Some(Reason::Gone)) };
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
    let exhausted = facts.max_attempts.is_some_and(|most| facts.number >= most);
    let Some(delay) = delay.filter(|_| !exhausted) else { return ended(DeliveryState::Failed, None) };
    let due = facts.now.plus(delay);
    if due > facts.accepted_at.plus(facts.max_age) {
        return ended(DeliveryState::Expired, Some(Reason::TooOld));
    }
    if facts.lease_until.is_some_and(|end| due >= end) {
        return ended(DeliveryState::Expired, Some(Reason::LeaseEnded));
    }
    Decision { next: Next::RetryAt(due), hook: HookFate::Stays }
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
            lease_until: None,
            when_gone: HookFate::SwitchedOff,
            max_attempts: None,
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
        assert_eq!(verdict.hook, HookFate::SwitchedOff);
        assert_eq!(verdict.next, Next::Ended { state: DeliveryState::Cancelled, reason: Some(Reason::Gone) });
        let lenient = decide(&gone, &Circumstances { when_gone: HookFate::Stays, ..facts() });
        assert!(lenient.hook == HookFate::Stays && matches!(lenient.next, Next::RetryAt(_)));
    }

    #[test]
    fn every_failure_without_an_answer_is_tried_again() {
        for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Answered) {
            assert!(matches!(decide(&exchange(outcome, None), &facts()).next, Next::RetryAt(_)), "{outcome:?}");
        }
    }

    #[test]
    fn a_lease_ends_the_retries_and_a_dialect_may_limit_them() {
        let missing = exchange(Outcome::Answered, Some(404));
        let leased = |secs| Circumstances { lease_until: Some(START.plus(Duration::from_secs(secs))), ..facts() };
        let lapsed = Next::Ended { state: DeliveryState::Expired, reason: Some(Reason::LeaseEnded) };
        assert_eq!(decide(&missing, &leased(5)).next, lapsed, "the retry would start as the lease ends");
        assert!(matches!(decide(&missing, &leased(6)).next, Next::RetryAt(_)));
        let limited = |number| decide(&missing, &Circumstances { max_attempts: Some(4), number, ..facts() }).next;
        assert!(matches!(limited(3), Next::RetryAt(_)));
        assert_eq!(limited(4), Next::Ended { state: DeliveryState::Failed, reason: None });
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
