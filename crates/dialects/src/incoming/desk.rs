//! The desk: a request that belongs to an app is verified, read, matched with the app's triggers, and taken in with what
//! follows from it in one transaction. Only then is it answered, so what was answered 2xx is there after a crash.

use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;
use domain::ci::{Answered, Build, CiApp, Incoming, NewBuild, NewBuildRequest, NewIncoming, Started, TakenIn, Verdict};
use domain::event::NewEvent;
use domain::flow::publish::{Envelope, plan_event};
use domain::flow::{Ports, builds};
use domain::id::Uid;
use domain::ports::Stored;

use super::answer::{self, Answer, NOTHING_MATCHED, Outcome, TriggerAnswer};
use super::plan::{Plan, plan};
use super::provider::HookProvider;
use super::reading::Candidate;
use super::relay::relay;
use super::request::Request;
use super::verify::verify;
use super::{mask, privacy};
use crate::aside::{LARGE, aside};
use crate::bitrise::start::{self, MAX_BUILDS, TriggerCall};
use crate::bitrise::trigger::{ConfigCache, Patience};
use crate::git_hosts::GitHosts;

/// What a request that is not signed as it should be is told.
const NOT_SIGNED: &str = "The request does not show the app's webhook secret";

/// Most builds of a request whose triggers are asked; a push of more branches and tags than this is not one of people.
const MAX_ASKED: usize = 1_000;

/// Longest reason in the server's own log, in bytes.
const MAX_REASON: usize = 500;

/// Takes requests in.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(super) ports: Ports,
    hosts: Arc<GitHosts>,
    configs: ConfigCache,
}

/// A request that belongs to an app.
#[derive(Debug)]
pub(super) struct Arrived {
    /// Who sends such requests.
    pub(super) provider: HookProvider,
    /// Its header lines.
    pub(super) headers: HeaderMap,
    /// Its body.
    pub(super) body: Bytes,
    /// Who was seen to have sent it.
    pub(super) verdict: Verdict,
    /// The host's own id of it.
    pub(super) delivery_id: Option<String>,
    /// The request it repeats, because somebody asked for that: then it counts although its id was seen before.
    pub(super) replay_of: Option<Uid>,
    /// How many deliveries of ours led to it (D-8).
    pub(super) hops: u8,
}

/// What becomes of a request: builds, builds that wait, and the answer once the builds have numbers.
struct Ordered {
    builds: Vec<NewBuild>,
    requests: Vec<NewBuildRequest>,
    answer: Started<Answered>,
}

impl Ordered {
    /// Nothing but an answer.
    fn nothing((status, body): Answer) -> Self {
        let answer = Box::new(move |_: &[Arc<Build>]| Answered { status, body });
        Self { builds: Vec::new(), requests: Vec::new(), answer }
    }
}

impl Desk {
    /// A desk.
    pub(crate) fn new(ports: Ports, hosts: Arc<GitHosts>) -> Self {
        Self { ports, hosts, configs: ConfigCache::default() }
    }

    /// A request as it comes: who sent it is checked on the raw bytes, before anything reads them. Then credentials are
    /// taken out of it, before anything keeps them (S-8). Ids of requests that fail are not remembered, or a stranger
    /// could have a real one taken for a repetition.
    pub(super) fn arrived(
        &self,
        app: &CiApp,
        provider: HookProvider,
        mut headers: HeaderMap,
        body: Bytes,
        hops: u8,
    ) -> Arrived {
        let request = Request::new(&headers, &body);
        let verdict = verify(provider, app.webhook_secret.as_ref(), &request, self.ports.clock.now());
        let delivery_id = if verdict == Verdict::Failed { None } else { provider.delivery_id(&request) };
        mask::veil_headers(&mut headers);
        let body = mask::veil_body(provider, body);
        Arrived { provider, headers, body, verdict, delivery_id, replay_of: None, hops }
    }

    /// Takes one in again that is in the log. `None`: nobody sends such requests, or it was not believed then.
    pub(crate) async fn replay(&self, app: &Arc<CiApp>, logged: &Incoming) -> Stored<Option<TakenIn>> {
        let Some(provider) = HookProvider::parse(&logged.provider).filter(|_| logged.verdict != Verdict::Failed) else {
            return Ok(None);
        };
        let line = |(name, value): &(String, String)| {
            Some((name.parse::<axum::http::HeaderName>().ok()?, value.parse::<axum::http::HeaderValue>().ok()?))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in logged.headers.iter().filter_map(line) {
            headers.append(name, value);
        }
        let arrived = Arrived {
            provider,
            headers,
            body: logged.body.clone(),
            verdict: logged.verdict,
            delivery_id: logged.delivery_id.clone(),
            replay_of: Some(logged.uid),
            hops: 0,
        };
        self.take_in(app, arrived).await.map(Some)
    }

    /// Takes a request in.
    pub(super) async fn take_in(&self, app: &Arc<CiApp>, arrived: Arrived) -> Stored<TakenIn> {
        let request = Request::new(&arrived.headers, &arrived.body);
        let large = arrived.body.len() > LARGE;
        let event = aside(large, || arrived.provider.event(&request));
        let (ordered, events) = if arrived.verdict == Verdict::Failed {
            (Ordered::nothing(answer::error(Some(arrived.provider), 401, NOT_SIGNED)), Vec::new())
        } else {
            let ordered = self.order(app, &arrived, &request).await;
            (ordered, aside(large, || self.relayed(app, &arrived, event.as_deref())))
        };
        let now = self.ports.clock.now();
        let new = NewIncoming {
            uid: Uid::new(now, &*self.ports.entropy),
            app: app.id,
            provider: arrived.provider.as_str(),
            delivery_id: arrived.delivery_id.filter(|_| arrived.replay_of.is_none()),
            event,
            verdict: arrived.verdict,
            headers: mask::kept(&arrived.headers),
            body: arrived.body,
            replay_of: arrived.replay_of,
            received_at: now,
            builds: ordered.builds,
            requests: ordered.requests,
        };
        builds::take_in(&self.ports, new, events, ordered.answer).await
    }

    /// Decides what a request leads to.
    async fn order(&self, app: &Arc<CiApp>, arrived: &Arrived, request: &Request<'_>) -> Ordered {
        let (provider, large) = (arrived.provider, arrived.body.len() > LARGE);
        let fork_is_private = match aside(large, || provider.fork_of(request)) {
            Some(name) => privacy::is_private(&self.ports, &self.hosts, &name).await,
            None => None,
        };
        match aside(large, || plan(provider, provider.read(&Request { fork_is_private, ..*request }))) {
            Plan::Answer(answer) => Ordered::nothing(answer),
            Plan::Build(wanted, outcome) => self.start(app, arrived, wanted, outcome),
        }
    }

    /// Asks the app's triggers for each build. What is left when there are enough builds is refused together.
    fn start(&self, app: &Arc<CiApp>, arrived: &Arrived, wanted: Vec<Candidate>, mut outcome: Outcome) -> Ordered {
        let (provider, hops) = (arrived.provider, arrived.hops);
        let (mut builds, mut requests, mut replies) = (Vec::new(), Vec::new(), Vec::new());
        let patience = Patience::new(&self.ports.clock);
        let mut left_out = wanted.len();
        for Candidate { params, triggered_by } in wanted.into_iter().take(MAX_ASKED) {
            let original = serde_json::to_string(&params).unwrap_or_default().into();
            let call = TriggerCall { params, original, secrets: Vec::new(), triggered_by: Some(triggered_by), hops };
            let plan = start::plan(&self.ports, &self.configs, app, call, &patience);
            if builds.len() + plan.builds.len() > MAX_BUILDS {
                break;
            }
            left_out -= 1;
            builds.extend(plan.builds);
            requests.extend(plan.requests);
            replies.push(plan.reply);
        }
        let app = app.uid;
        let answer = Box::new(move |made: &[Arc<Build>]| {
            let mut rest = made;
            for reply in replies {
                let (own, others) = rest.split_at(reply.takes().min(rest.len()));
                rest = others;
                let told = reply.tell(own);
                let list = if told.is_refusal() { &mut outcome.refused } else { &mut outcome.started };
                list.push(TriggerAnswer::from(told));
            }
            if left_out > 0 {
                outcome.refused.push(TriggerAnswer::refusal(NOTHING_MATCHED, app.to_string(), too_many(left_out)));
            }
            if let Some(first) = outcome.refused.first() {
                // GitLab is not told, and its people look here.
                let (refused, reason) = (outcome.refused.len(), shortened(&first.message));
                tracing::info!(%app, provider = provider.as_str(), refused, reason, "nothing was triggered");
            }
            let (status, body) = answer::outcome(provider, outcome);
            Answered { status, body }
        });
        Ordered { builds, requests, answer }
    }

    /// What the request tells the hooks of the app's repository, if the app relays (docs/relay.md).
    fn relayed(&self, app: &CiApp, arrived: &Arrived, event: Option<&str>) -> Vec<NewEvent> {
        let directory = self.ports.directory();
        let Some(at) = app.repository.filter(|_| app.relay).and_then(|id| directory.locate_by_id(id)) else {
            return Vec::new();
        };
        let (provider, id) = (arrived.provider.as_str(), arrived.delivery_id.as_deref());
        let told = relay(provider, event.unwrap_or_default(), &arrived.body, id, &self.ports.public_url);
        let told = told.unwrap_or_else(|why| {
            tracing::debug!(app = %app.uid, provider, why, "a request is not relayed");
            Vec::new()
        });
        let source = format!("/repos/{}/{}", at.owner.login, at.repository.name);
        let planned = told.into_iter().map(|told| {
            let envelope = Envelope {
                id: told.ce_id,
                source: source.clone(),
                kind: told.kind,
                subject: told.subject,
                time: told.time,
                content_type: "application/json".to_owned(),
                data: told.data,
                hops: arrived.hops,
            };
            plan_event(&self.ports, envelope, source.clone(), at.place())
        });
        let noted = |error| tracing::warn!(app = %app.uid, provider, %error, "a relayed event was not published");
        planned.filter_map(|event| event.map_err(noted).ok()).collect()
    }
}

/// Why some of a request's builds were not even asked for.
fn too_many(left_out: usize) -> String {
    format!(
        "{left_out} of the branches and tags were left out: one request starts at most {MAX_BUILDS} builds, and triggers are \
         compared with at most {MAX_ASKED}"
    )
}

/// The beginning of a reason: branches are named in it, and nobody bounds what they are called.
fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON)]
}
