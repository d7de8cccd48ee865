//! A git host that keeps hooks in the forms of all three, two on a page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::attempt::{Exchange, Outcome};
use domain::ci::Provider;
use domain::ports::{FetchRequest, Fetched, SendRequest, Sender};
use domain::rules::target::TargetUrl;
use serde_json::{Value, json};
use testkit::{FakeClock, answered, unanswered};

/// Hooks on a page.
const PAGE: usize = 2;

/// A request as it came.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// Of a POST.
    pub(super) body: Option<Bytes>,
    pub(super) timeout: Duration,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// See the module.
pub(super) struct Host {
    clock: Arc<FakeClock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hooks: Vec<Value>,
    asked: Vec<Asked>,
    /// How the next requests end, whatever they are.
    next: VecDeque<Exchange>,
    /// How the next POSTs end.
    posts: VecDeque<Exchange>,
    /// What each request takes.
    slowness: Duration,
    /// Every page says that another one follows.
    endless: bool,
}

impl Host {
    pub(super) fn new(clock: Arc<FakeClock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("whole")
    }

    /// The hooks' URLs.
    pub(super) fn urls(&self) -> Vec<String> {
        let url = |hook: &Value| hook["config"]["url"].as_str().or(hook["url"].as_str()).expect("a URL").to_owned();
        self.state().hooks.iter().map(url).collect()
    }

    /// Somebody added this hook.
    pub(super) fn has(&self, provider: Provider, url: &str) {
        let hook = match provider {
            Provider::GitHub => json!({"id": 1, "url": "https://h.test/hooks/1", "config": {"url": url}}),
            _ => json!({"id": 1, "url": url}),
        };
        self.state().hooks.push(hook);
    }

    pub(super) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state().asked)
    }

    pub(super) fn answer_next(&self, exchange: Exchange) {
        self.state().next.push_back(exchange);
    }

    pub(super) fn answer_post(&self, status: u16, body: &str) {
        let exchange = Exchange { response_body: Bytes::copy_from_slice(body.as_bytes()), ..answered(status) };
        self.state().posts.push_back(exchange);
    }

    pub(super) fn is_slow(&self, by: Duration) {
        self.state().slowness = by;
    }

    pub(super) fn never_ends(&self) {
        self.state().endless = true;
    }

    /// Time passes, unless there is less of it: then nobody answers.
    async fn pass(&self, timeout: Duration) -> Option<Exchange> {
        tokio::task::yield_now().await;
        let slowness = self.state().slowness;
        self.clock.advance(slowness.min(timeout));
        if slowness >= timeout {
            return Some(unanswered(Outcome::TimedOut, "waiting for the response"));
        }
        self.state().next.pop_front()
    }

    fn page(&self, url: &str) -> Exchange {
        let query = url.split_once('?').expect("a query").1;
        let page = query.split('&').find_map(|pair| pair.strip_prefix("page=")).expect("a page");
        let page: usize = page.parse().expect("a number");
        let state = self.state();
        let hooks: Vec<_> = state.hooks.iter().skip((page - 1) * PAGE).take(PAGE).cloned().collect();
        let more = state.endless || state.hooks.len() > page * PAGE;
        let (head, body) = match url {
            _ if url.contains("/repositories/") => {
                let mut body = json!({"values": hooks, "page": page});
                if more {
                    body["next"] = "https://elsewhere.test/next".into();
                }
                (String::new(), body)
            }
            _ if url.contains("/api/v4/") => {
                let next = if more { (page + 1).to_string() } else { String::new() };
                (format!("X-Next-Page: {next}\r\n"), json!(hooks))
            }
            _ if more => ("Link: <https://elsewhere.test/next>; rel=\"next\"\r\n".to_owned(), json!(hooks)),
            _ => (String::new(), json!(hooks)),
        };
        Exchange { response_head: head.into(), response_body: body.to_string().into(), ..answered(200) }
    }
}

#[async_trait]
impl Sender for Host {
    async fn send(&self, request: SendRequest) -> Exchange {
        let hook = serde_json::from_slice(&request.body).expect("JSON");
        let (url, timeout) = (request.url.as_str().to_owned(), request.timeout);
        assert!(!request.insecure_tls && request.own_headers.is_empty());
        self.state().asked.push(Asked { url, headers: request.headers, body: Some(request.body), timeout });
        if let Some(failed) = self.pass(timeout).await {
            return failed;
        }
        let mut state = self.state();
        if let Some(scripted) = state.posts.pop_front() {
            return scripted;
        }
        state.hooks.push(hook);
        answered(201)
    }

    async fn fetch(&self, request: FetchRequest) -> Fetched {
        let (url, timeout) = (request.url.as_str().to_owned(), request.timeout);
        self.state().asked.push(Asked { url: url.clone(), headers: request.headers, body: None, timeout });
        let exchange = match self.pass(timeout).await {
            Some(failed) => failed,
            None => self.page(&url),
        };
        let whole = exchange.response_body.len() < request.max_body;
        Fetched { exchange, whole }
    }

    async fn vet(&self, _: &TargetUrl) -> Result<(), String> {
        Ok(())
    }
}
