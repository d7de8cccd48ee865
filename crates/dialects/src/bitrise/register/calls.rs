//! The requests to a git host, all within one budget of time.

use std::time::Duration;

use domain::attempt::{Exchange, Outcome};
use domain::ci::GitHost;
use domain::flow::Ports;
use domain::ports::{FetchRequest, SendMethod, SendRequest};
use domain::rules::target::TargetUrl;
use domain::secret::{Secret, constant_time_eq};
use serde_json::Value;

use super::{Failure, Plan, Registered, segment};
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
    /// `deadline`: on the monotonic clock.
    pub(super) fn new(ports: &'a Ports, host: GitHost, deadline: Duration) -> Self {
        Self { ports, host, deadline }
    }

    /// The hook with that URL; or else the first that differs from it in nothing but the token at its end.
    pub(super) async fn find(&self, plan: &Plan, url: &Secret) -> Result<Option<Value>, Failure> {
        let url = url.expose();
        let stem = &url[..=url.rfind('/').unwrap_or_default()];
        let mut older = None;
        for page in 1..=MAX_PAGES {
            let url_of_page = target(&format!("{}?{}={PAGE}&page={page}", plan.hooks, plan.page_size))?;
            let request =
                FetchRequest { url: url_of_page, headers: headers(plan), timeout: self.left()?, max_body: MAX_PAGE };
            let fetched = self.ports.sender.fetch(request).await;
            self.judge(&fetched.exchange)?;
            let read = fetched.whole.then(|| parse_json(&fetched.exchange.response_body)).flatten();
            let listed = read.as_ref().ok_or(Failure::Unreadable(self.host))?;
            let hooks = (plan.listed)(listed).ok_or(Failure::Unreadable(self.host))?;
            // The URL holds a token (S-7).
            let same = |other: &str| constant_time_eq(other.as_bytes(), url.as_bytes());
            if let Some(hook) = hooks.iter().find(|hook| (plan.url_of)(hook).is_some_and(same)) {
                return Ok(Some(hook.clone()));
            }
            let of_the_app = |other: &str| other.starts_with(stem);
            older = older.or_else(|| hooks.iter().find(|hook| (plan.url_of)(hook).is_some_and(of_the_app)).cloned());
            if !goes_on(&fetched.exchange, listed) {
                return Ok(older);
            }
        }
        // Who lists without end is not to be given hook after hook.
        Err(Failure::Unreadable(self.host))
    }

    /// Makes the hook.
    pub(super) async fn create(&self, plan: &Plan) -> Result<Registered, Failure> {
        let exchange = self.send(plan, SendMethod::Post, &plan.hooks, &plan.body).await?;
        match (exchange.outcome, exchange.status) {
            (Outcome::Answered, Some(status)) if (plan.has_it)(status, &exchange.response_body) => {
                Ok(Registered::Before)
            }
            _ => self.judge(&exchange).map(|()| Registered::Now),
        }
    }

    /// Edits a hook that was found.
    pub(super) async fn mend(&self, plan: &Plan, found: &Value, edit: &Value) -> Result<Registered, Failure> {
        let id = (plan.id_of)(found).ok_or(Failure::Unreadable(self.host))?;
        let url = format!("{}/{}", plan.hooks, segment(&id));
        let exchange = self.send(plan, plan.mends_with, &url, edit).await?;
        self.judge(&exchange).map(|()| Registered::Mended)
    }

    async fn send(&self, plan: &Plan, method: SendMethod, url: &str, body: &Value) -> Result<Exchange, Failure> {
        let mut headers = headers(plan);
        headers.push(("Content-Type", "application/json".to_owned()));
        let request = SendRequest {
            method,
            url: target(url)?,
            headers,
            own_headers: Vec::new(),
            body: crate::json::compact(body, 512),
            insecure_tls: false,
            timeout: self.left()?,
        };
        Ok(self.ports.sender.send(request).await)
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
fn goes_on(exchange: &Exchange, page: &Value) -> bool {
    let headers = header_map(&exchange.response_head);
    let header = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1.as_str();
    let linked = header("link").is_some_and(|links| links.contains("rel=\"next\""));
    linked || header("x-next-page").is_some_and(|next| !next.is_empty()) || page["next"].is_string()
}
