//! What the tests share.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::ports::{Clock, SendRequest};
use domain::rules::target::{EgressPolicy, TargetUrl};
use domain::time::Timestamp;
use engine::{EgressSettings, HttpSender};

/// The machine's clock, for tests that talk to real sockets.
pub(crate) struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        Timestamp::from_micros(i64::try_from(since.as_micros()).expect("before the year 292,000"))
    }

    fn monotonic(&self) -> Duration {
        self.now().since(Timestamp::default())
    }
}

/// A policy with these entries.
pub(crate) fn allowing(entries: &[&str]) -> EgressPolicy {
    let allow = entries.iter().map(|entry| EgressPolicy::parse_allow(entry).expect("an egress rule")).collect();
    EgressPolicy { allow, ..EgressPolicy::default() }
}

/// Settings that permit loopback and any number of connections, with short limits.
pub(crate) fn loopback() -> EgressSettings {
    EgressSettings { policy: allowing(&["loopback"]), connects_per_second: 1_000_000, ..EgressSettings::default() }
}

/// A sender with these settings.
pub(crate) fn sender(settings: EgressSettings) -> HttpSender {
    HttpSender::new(settings, Arc::new(RealClock))
}

/// A POST of `{}`.
pub(crate) fn post(url: &str) -> SendRequest {
    SendRequest {
        url: TargetUrl::trusted(url.to_owned()),
        headers: vec![("Content-Type", "application/json".to_owned()), ("X-GitHub-Event", "push".to_owned())],
        body: Bytes::from_static(b"{}"),
        insecure_tls: false,
        timeout: Duration::from_secs(10),
    }
}
