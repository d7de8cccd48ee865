//! What callers are told when hosts do not do as they are asked: section 5's second table.

use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Exchange, Outcome};
use domain::ci::Provider;
use testkit::{an_app, answered, unanswered};

use super::{Bed, LONG};

const URL: &str = "https://h.test/acme/rocket.git";
const PROVIDERS: [(Provider, &str); 3] = [
    (Provider::GitHub, "GitHub (api.github.com)"),
    (Provider::GitLab, "GitLab (gitlab.com)"),
    (Provider::Bitbucket, "Bitbucket (api.bitbucket.org)"),
];

#[tokio::test]
async fn what_a_host_refuses_is_400_and_names_host_and_status() {
    for (provider, name) in PROVIDERS {
        let bed = Bed::new(provider, URL).await;
        for (status, hint) in [
            (301, ": the repository has moved"),
            (400, ""),
            (401, ": the connected token is not good, or not any more"),
            (403, ": the connected token may not manage the repository's hooks"),
            (404, ": there is no such repository, or the connected token does not reach it"),
            (429, ": it was asked too often"),
        ] {
            bed.host.answer_next(answered(status));
            assert_eq!(bed.fails().await, (400, format!("{name} answered {status}{hint}")), "listing");
            let before = bed.host.urls().len();
            bed.host.answer_post(status, "{}");
            assert_eq!(bed.fails().await, (400, format!("{name} answered {status}{hint}")), "adding");
            assert_eq!(bed.host.urls().len(), before);
        }
        bed.registers().await;
        assert_eq!(bed.host.urls().len(), 1, "nothing half-done stands in the way");
    }
}

#[tokio::test]
async fn a_host_out_of_order_is_500() {
    for (provider, name) in PROVIDERS {
        let bed = Bed::new(provider, URL).await;
        bed.host.answer_next(answered(502));
        assert_eq!(bed.fails().await, (500, format!("{name} answered 502")));
        bed.host.answer_post(503, "");
        assert_eq!(bed.fails().await, (500, format!("{name} answered 503")));
        for body in ["", "no JSON", "{\"message\":\"no list\"}", "7"] {
            let body = Bytes::from_static(body.as_bytes());
            bed.host.answer_next(Exchange { response_body: body, ..answered(200) });
            let text = format!("{name} answered with something that is no list of hooks");
            assert_eq!(bed.fails().await, (500, text));
        }
        assert!(bed.host.urls().is_empty());
    }
}

#[tokio::test]
async fn e12_a_refused_address_reads_like_one_that_is_away() {
    let bed = Bed::new(Provider::GitHub, URL).await;
    for outcome in [Outcome::Refused, Outcome::ConnectFailed, Outcome::NameFailed, Outcome::TlsFailed, Outcome::Broken]
    {
        bed.host.answer_next(unanswered(outcome, "10.0.0.1 is private"));
        assert_eq!(bed.fails().await, (500, "GitHub (api.github.com) could not be reached".to_owned()), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_slow_host_is_500_after_ten_seconds_in_all() {
    use domain::ports::Clock as _;
    for (provider, name) in PROVIDERS {
        let bed = Bed::new(provider, URL).await;
        for slowness in [LONG, Duration::from_secs(6)] {
            bed.host.is_slow(slowness);
            let began = bed.world.clock.monotonic();
            assert_eq!(bed.fails().await, (500, format!("{name} did not answer in time")), "{slowness:?}");
            assert_eq!(bed.world.clock.monotonic().saturating_sub(began), Duration::from_secs(10));
        }
        let timeouts: Vec<_> = bed.host.take_asked().iter().map(|asked| asked.timeout.as_secs()).collect();
        assert_eq!(timeouts, [10, 10, 4], "what the list took is missing afterwards");
        bed.host.is_slow(Duration::ZERO);
        bed.registers().await;
    }
}

/// The hook was made, but its answer was lost: the next attempt finds it.
#[tokio::test]
async fn check_28_a_lost_answer_leaves_one_hook() {
    let bed = Bed::new(Provider::GitLab, URL).await;
    bed.host.has(Provider::GitLab, &bed.hook_url("gitlab"));
    bed.registers().await;
    assert_eq!(bed.host.urls().len(), 1);
}

#[tokio::test]
async fn requests_that_wait_for_each_other_wait_no_longer_than_the_time_of_one() {
    use domain::ports::Clock as _;
    let bed = Bed::new(Provider::GitLab, URL).await;
    bed.host.is_slow(LONG);
    let began = bed.world.clock.monotonic();
    let (one, other) = tokio::join!(bed.fails(), bed.fails());
    assert_eq!((one.0, other.0), (500, 500));
    assert_eq!(bed.world.clock.monotonic().saturating_sub(began), Duration::from_secs(10));
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    for (provider, _) in PROVIDERS {
        let bed = Bed::new(provider, URL).await;
        bed.host.never_ends();
        assert_eq!(bed.fails().await.0, 500);
        assert_eq!(bed.host.take_asked().len(), 10);
        assert!(bed.host.urls().is_empty());
    }
}

#[tokio::test]
async fn an_app_that_is_hosted_nowhere_we_know_is_400() {
    let bed = Bed::new(Provider::Custom, URL).await;
    let (status, message) = bed.fails().await;
    assert_eq!(status, 400);
    assert!(message.contains("provider custom cannot be registered"), "{message}");
    for url in ["", "rocket", "https://h.test/rocket", "https://h.test/acme/..", "https://h.test/../x/rocket"] {
        let bed = Bed::unconnected(Provider::GitHub, url, an_app()).await;
        assert_eq!(bed.fails().await, (400, "the app's repo_url does not name a repository".to_owned()), "{url}");
    }
}
