//! The requests to a git host, all within one budget of time.

use std::time::Duration;

use domain::attempt::{Exchange, Outcome};
use domain::ci::GitHost;
use domain::flow::Ports;
use domain::ports::{FetchRequest, SendRequest};
use domain::rules::target::TargetUrl;
use domain::secret::{Secret, constant_time_eq};

use super::{Failure, Plan, Registered};
use crate::http::{header_map, parse_json};

/// Hooks asked for at a time; the hosts allow no more.
const PAGE: u32 = 100;
/// Most pages that are looked through. GitHub allows 20 hooks for each event, GitLab 100, Bitbucket 50.
const MAX_PAGES: u32 = 10;
/// The most that is read of a page, in bytes.
const MAX_PAGE: usize = 1024 * 1024;

/// GitHub refuses requests that do not say who asks.
const USER_AGENT: &str = concat!("postrider/", env!("CARGO_PKG_VERSION"));

/// Asks one host until its time is up.
pub(super) struct Calls<'a> {
    ports: &'a Ports,
    host: GitHost,
    /// On the monotonic clock.
    deadline: Duration,
}

impl<'a> Calls<'a> {
    /// The time runs from now.
    pub(super) fn begin(ports: &'a Ports, host: GitHost, budget: Duration) -> Self {
        Self { ports, host, deadline: ports.clock.monotonic() + budget }
    }

    /// Is there a hook with that URL?
    pub(super) async fn has(&self, plan: &Plan, url: &Secret) -> Result<bool, Failure> {
        for page in 1..=MAX_PAGES {
            let url_of_page = target(&format!("{}?{}={PAGE}&page={page}", plan.hooks, plan.page_size))?;
            let request =
                FetchRequest { url: url_of_page, headers: headers(plan), timeout: self.left()?, max_body: MAX_PAGE };
            let fetched = self.ports.sender.fetch(request).await;
            self.judge(&fetched.exchange)?;
            let read = fetched.whole.then(|| parse_json(&fetched.exchange.response_body)).flatten();
            let listed = read.as_ref().ok_or(Failure::Unreadable(self.host))?;
            let urls = (plan.urls)(listed).ok_or(Failure::Unreadable(self.host))?;
            // The URL holds a token (S-7).
            if urls.iter().any(|other| constant_time_eq(other.as_bytes(), url.expose().as_bytes())) {
                return Ok(true);
            }
            if !goes_on(&fetched.exchange, listed) {
                return Ok(false);
            }
        }
        // Who lists without end is not to be given hook after hook.
        Err(Failure::Unreadable(self.host))
    }

    /// Makes the hook.
    pub(super) async fn create(&self, plan: &Plan) -> Result<Registered, Failure> {
        let mut headers = headers(plan);
        headers.push(("Content-Type", "application/json".to_owned()));
        let request = SendRequest {
            url: target(&plan.hooks)?,
            headers,
            own_headers: Vec::new(),
            body: crate::json::compact(&plan.body, 512),
            insecure_tls: false,
            timeout: self.left()?,
        };
        let exchange = self.ports.sender.send(request).await;
        match (exchange.outcome, exchange.status) {
            (Outcome::Answered, Some(status)) if (plan.has_it)(status, &exchange.response_body) => {
                Ok(Registered::Before)
            }
            _ => self.judge(&exchange).map(|()| Registered::Now),
        }
    }

    fn left(&self) -> Result<Duration, Failure> {
        let left = self.deadline.saturating_sub(self.ports.clock.monotonic());
        if left.is_zero() { Err(Failure::TimedOut(self.host)) } else { Ok(left) }
    }

    /// What an exchange means, unless it is good.
    fn judge(&self, exchange: &Exchange) -> Result<(), Failure> {
        let host = self.host;
        match (exchange.outcome, exchange.status) {
            (Outcome::Answered, Some(200..=299)) => Ok(()),
            (Outcome::Answered, Some(status @ 500..)) => Err(Failure::Broken { host, status }),
            (Outcome::Answered, Some(status)) => Err(Failure::Refused { host, status }),
            (Outcome::TimedOut, _) => Err(Failure::TimedOut(host)),
            (
                Outcome::Answered
                | Outcome::NameFailed
                | Outcome::ConnectFailed
                | Outcome::TlsFailed
                | Outcome::Broken
                | Outcome::Refused
                | Outcome::InternalError,
                _,
            ) => Err(Failure::Unreachable(host)),
        }
    }
}

/// The base URL was checked with the configuration; what is too long now is so because of the repository's name.
fn target(url: &str) -> Result<TargetUrl, Failure> {
    TargetUrl::parse(url).map_err(|_| Failure::NoRepository)
}

/// Header lines of every request.
fn headers(plan: &Plan) -> Vec<(&'static str, String)> {
    let own = [("User-Agent", USER_AGENT.to_owned())];
    plan.headers.iter().cloned().chain(own).collect()
}

/// Does another page follow? The hosts say so in three ways. The URL they give for it is not used: it could lead
/// elsewhere, and the credential with it.
fn goes_on(exchange: &Exchange, page: &serde_json::Value) -> bool {
    let headers = header_map(&exchange.response_head);
    let header = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1.as_str();
    let linked = header("link").is_some_and(|links| links.contains("rel=\"next\""));
    linked || header("x-next-page").is_some_and(|next| !next.is_empty()) || page["next"].is_string()
}
