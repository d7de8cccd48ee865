//! A git host that keeps hooks in the forms of all three, two on a page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::attempt::{Exchange, Outcome};
use domain::ci::Provider;
use domain::ports::{FetchRequest, Fetched, SendMethod, SendRequest, Sender};
use domain::rules::target::TargetUrl;
use serde_json::{Value, json};
use testkit::{FakeClock, answered, unanswered};

/// Hooks on a page.
const PAGE: usize = 2;

/// A request as it came.
pub(super) struct Asked {
    /// None: a GET.
    pub(super) method: Option<SendMethod>,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// Unless it is a GET.
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
    /// How the next requests that are no GETs end.
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

    /// Somebody added this hook, with events of their own.
    pub(super) fn has(&self, provider: Provider, url: &str) {
        let hook = match provider {
            Provider::GitHub => json!({"active": true, "events": ["watch"], "config": {"url": url}}),
            _ => json!({"url": url}),
        };
        self.state().add(hook);
    }

    /// The hooks with everything that was given, also what the host shows to nobody.
    pub(super) fn hooks(&self) -> Vec<Value> {
        self.state().hooks.clone()
    }

    /// Somebody edits the hooks there.
    pub(super) fn edit(&self, edit: impl FnMut(&mut Value)) {
        self.state().hooks.iter_mut().for_each(edit);
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
        let hooks: Vec<_> =
            state.hooks.iter().skip((page - 1) * PAGE).take(PAGE).map(|hook| shown(url, hook)).collect();
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

impl State {
    fn add(&mut self, mut hook: Value) {
        let at = self.hooks.len() + 1;
        hook["id"] = at.into();
        hook["uuid"] = format!("{{uuid-{at}}}").into();
        self.hooks.push(hook);
    }
}

/// A hook as lists have it: secrets are not shown.
fn shown(url: &str, hook: &Value) -> Value {
    let mut hook = hook.clone();
    let members = hook.as_object_mut().expect("an object");
    if url.contains("/repositories/") {
        let secret = members.remove("secret").filter(|secret| !secret.is_null());
        members.insert("secret_set".to_owned(), secret.is_some().into());
    } else if url.contains("/api/v4/") {
        members.remove("token");
    } else if let Some(secret) = members["config"].get_mut("secret") {
        *secret = "********".into();
    }
    hook
}

/// Edits a hook: what is sent counts, the rest stays; an object goes as a whole.
fn apply(hook: &mut Value, edit: &Value) {
    for (name, value) in edit.as_object().expect("an object") {
        hook[name] = value.clone();
    }
}

#[async_trait]
impl Sender for Host {
    async fn send(&self, request: SendRequest) -> Exchange {
        let hook = serde_json::from_slice(&request.body).expect("JSON");
        let (url, timeout) = (request.url.as_str().to_owned(), request.timeout);
        assert!(!request.insecure_tls && request.own_headers.is_empty());
        let asked = Asked {
            method: Some(request.method),
            url: url.clone(),
            headers: request.headers,
            body: Some(request.body),
            timeout,
        };
        self.state().asked.push(asked);
        if let Some(failed) = self.pass(timeout).await {
            return failed;
        }
        let mut state = self.state();
        if let Some(scripted) = state.posts.pop_front() {
            return scripted;
        }
        if request.method == SendMethod::Post {
            state.add(hook);
            return answered(201);
        }
        let id = url.rsplit('/').next().expect("an id");
        let wanted = |known: &Value| {
            known["id"].as_u64() == id.parse().ok() || known["uuid"] == id.replace("%7B", "{").replace("%7D", "}")
        };
        let Some(known) = state.hooks.iter_mut().find(|known| wanted(known)) else { return answered(404) };
        apply(known, &hook);
        answered(200)
    }

    async fn fetch(&self, request: FetchRequest) -> Fetched {
        let (url, timeout) = (request.url.as_str().to_owned(), request.timeout);
        self.state().asked.push(Asked {
            method: None,
            url: url.clone(),
            headers: request.headers,
            body: None,
            timeout,
        });
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
