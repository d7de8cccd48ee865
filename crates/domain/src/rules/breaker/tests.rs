use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const LIMIT: usize = 8;

fn at(secs: f64) -> Timestamp {
    START.plus(Duration::from_secs_f64(secs))
}

fn seen(what: Observation, probe: bool, now: Timestamp) -> Seen {
    Seen { what, probe, now, jitter: 1.0, limit: LIMIT }
}

/// D-20 without jitter.
fn steady() -> BreakerSettings {
    BreakerSettings { jitter: (1.0, 1.0), ..BreakerSettings::default() }
}

/// Data Center's numbers (contract bitbucket-datacenter section 4).
fn data_center() -> BreakerSettings {
    BreakerSettings { exponent: 1.2, on_open: OnOpen::Skip, ..steady() }
}

/// Fails that often in a row, each failure after the first five a probe as soon as one may go. Returns the pauses.
fn pauses(settings: &BreakerSettings, failures: usize) -> Vec<f64> {
    let mut breaker = Breaker::default();
    let mut now = START;
    let mut pauses = Vec::new();
    for _ in 0..failures {
        breaker = breaker.after(&seen(Observation::Failure, breaker.open_until.is_some(), now), settings);
        if let Some(until) = breaker.open_until {
            pauses.push(until.since(now).as_secs_f64());
            now = until;
        }
    }
    pauses
}

#[test]
fn d20_five_failures_in_a_row_open_it_for_ten_seconds() {
    let settings = steady();
    let mut breaker = Breaker::default();
    for count in 1..=4 {
        breaker = breaker.after(&seen(Observation::Failure, false, START), &settings);
        assert_eq!(breaker, Breaker { failures: count, ..Breaker::default() });
        assert_eq!(breaker.passage(START, LIMIT), Passage::Closed { limit: LIMIT });
    }
    let forgiven = breaker.after(&seen(Observation::Success, false, START), &settings);
    assert!(forgiven.is_untroubled(), "a success ends the row");
    breaker = breaker.after(&seen(Observation::Failure, false, START), &settings);
    assert_eq!(breaker.passage(at(9.999), LIMIT), Passage::Open { until: at(10.0) });
    assert_eq!(breaker.passage(at(10.0), LIMIT), Passage::HalfOpen);
    assert_eq!((breaker.state(START), breaker.state(at(10.0))), (BreakerState::Open, BreakerState::HalfOpen));
}

#[test]
fn d20_pauses_double_up_to_ten_hours() {
    let pauses = pauses(&steady(), 5 + 13);
    assert_eq!(pauses[..4], [10.0, 20.0, 40.0, 80.0]);
    assert_eq!(pauses[11..], [20_480.0, 36_000.0, 36_000.0], "12 further failures reach the cap");
}

#[test]
fn data_centers_pauses_grow_by_a_fifth() {
    let pauses = pauses(&data_center(), 5 + 46);
    assert!((pauses[1] - 12.0).abs() < 1e-6 && (pauses[2] - 14.4).abs() < 1e-6, "{pauses:?}");
    assert!(pauses[44] < 36_000.0 && pauses[45] >= 36_000.0, "45 further failures reach the cap: {pauses:?}");
}

#[test]
fn d20_a_pause_lasts_half_to_all_of_its_length() {
    let settings = BreakerSettings { trigger: 1, ..BreakerSettings::default() };
    for (jitter, secs) in [(0.0, 5.0), (0.5, 7.5), (1.0, 10.0)] {
        let failure = Seen { jitter, ..seen(Observation::Failure, false, START) };
        assert_eq!(Breaker::default().after(&failure, &settings).open_until, Some(at(secs)));
    }
}

#[test]
fn only_a_probe_after_the_pause_makes_it_longer() {
    let settings = steady();
    let open = Breaker { failures: 5, open_until: Some(at(10.0)), healed: None };
    let fail = |probe, secs| open.after(&seen(Observation::Failure, probe, at(secs)), &settings);
    assert_eq!(fail(false, 3.0), open, "it had begun before the breaker opened");
    assert_eq!(fail(false, 12.0), open, "so had this one");
    assert_eq!(fail(true, 3.0), open, "a person asked for this probe");
    assert_eq!(fail(true, 12.0), Breaker { failures: 6, open_until: Some(at(32.0)), healed: None });
    assert_eq!(open.after(&seen(Observation::Neither, true, at(12.0)), &settings), open, "our fault is not theirs");
}

#[test]
fn d20_a_success_closes_it_and_ramps_up() {
    let settings = steady();
    let open = Breaker { failures: 9, open_until: Some(at(10.0)), healed: None };
    let mut breaker = open.after(&seen(Observation::Success, true, at(11.0)), &settings);
    assert_eq!(breaker, Breaker { failures: 0, open_until: None, healed: Some(0) });
    let mut limits = Vec::new();
    while let Passage::Closed { limit } = breaker.passage(at(11.0), LIMIT)
        && limit < LIMIT
    {
        assert_eq!(breaker.state(at(11.0)), BreakerState::Healing);
        limits.push(limit);
        breaker = breaker.after(&seen(Observation::Success, false, at(11.0)), &settings);
    }
    let expected: Vec<_> = [1, 2, 4].into_iter().flat_map(|limit| [limit; 10]).collect();
    assert_eq!(limits, expected);
    assert!(breaker.is_untroubled());
}

#[test]
fn in_skip_mode_a_success_closes_it_fully() {
    let open = Breaker { failures: 9, open_until: Some(at(10.0)), healed: None };
    assert!(open.after(&seen(Observation::Success, true, at(11.0)), &data_center()).is_untroubled());
}

#[test]
fn any_failure_but_our_own_counts() {
    let exchange = |outcome, status| Exchange {
        outcome,
        status,
        error: None,
        duration: Duration::ZERO,
        response_head: bytes::Bytes::new(),
        response_body: bytes::Bytes::new(),
        retry_after: None,
    };
    for status in [200, 204, 299] {
        assert_eq!(Observation::of(&exchange(Outcome::Answered, Some(status))), Observation::Success, "{status}");
    }
    for status in [101, 301, 400, 404, 410, 429, 500, 503] {
        assert_eq!(Observation::of(&exchange(Outcome::Answered, Some(status))), Observation::Failure, "{status}");
    }
    for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Answered) {
        let expected = if outcome == Outcome::InternalError { Observation::Neither } else { Observation::Failure };
        assert_eq!(Observation::of(&exchange(outcome, None)), expected, "{outcome:?}");
    }
}

fn observation() -> impl Strategy<Value = Observation> {
    prop_oneof![1 => Just(Observation::Success), 4 => Just(Observation::Failure), 1 => Just(Observation::Neither)]
}

proptest! {
    /// Whatever happens: a pause is never longer than the cap, a success closes, nothing else shortens a pause, and the
    /// limit is never above the hook's own nor zero.
    #[test]
    fn whatever_happens_the_rules_hold(
        steps in vec((observation(), any::<bool>(), 0_u64..100_000, 0.0_f64..1.0), 0..200),
        exponent in 0.0_f64..1e9,
        skip in any::<bool>(),
    ) {
        let on_open = if skip { OnOpen::Skip } else { OnOpen::Hold };
        let settings = BreakerSettings { exponent, on_open, ..BreakerSettings::default() };
        let mut breaker = Breaker::default();
        let mut now = START;
        for (what, probe, later, jitter) in steps {
            now = now.plus(Duration::from_secs(later));
            let next = breaker.after(&Seen { what, probe, now, jitter, limit: LIMIT }, &settings);
            if let Some(until) = next.open_until {
                prop_assert!(next.failures >= settings.trigger);
                prop_assert!(breaker.open_until == next.open_until || until.since(now) <= settings.max);
                prop_assert!(breaker.open_until.is_none_or(|before| before <= until));
            }
            match what {
                Observation::Success => prop_assert!(next.open_until.is_none() && next.failures == 0),
                Observation::Neither => prop_assert_eq!(next, breaker),
                Observation::Failure => prop_assert!(breaker.open_until.is_none() || next.open_until.is_some()),
            }
            if let Passage::Closed { limit } = next.passage(now, LIMIT) {
                prop_assert!((1..=LIMIT).contains(&limit));
            }
            prop_assert!(!skip || next.healed.is_none());
            breaker = next;
        }
    }
}
