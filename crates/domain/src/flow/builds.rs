//! Builds: started, ended, and told of exactly once each (contract bitrise sections 4 and 8).

use std::sync::Arc;

use bytes::Bytes;

use crate::canonical;
use crate::ci::{
    Answered, Build, BuildEnd, BuildRequest, BuildStatus, CiApp, Composed, Ended, NewBuild, NewBuildRequest,
    NewIncoming, Started, TakenIn,
};
use crate::event::{NewEvent, Place};
use crate::flow::Ports;
use crate::flow::publish::{Envelope, plan_event};
use crate::id::Uid;
use crate::ports::Stored;

/// Prefixes of who triggered a build, before a login.
const BY_WEBHOOK: &str = "webhook-";
const BY_HAND: &str = "manual-";

/// Where events of an app happen: at its repository, if it has one, and at the app. `quiet`: the git host is to hear
/// nothing.
pub fn place_of(ports: &Ports, app: &CiApp, quiet: bool) -> Place {
    let linked = app.repository.filter(|_| !quiet).and_then(|id| ports.directory().locate_by_id(id));
    let account = linked.as_ref().map_or(app.owner, |at| at.owner.id);
    Place { account, repository: linked.map(|at| at.repository.id), app: Some(app.id) }
}

/// Takes a request in, with the builds it leads to, the events it tells of (see [`plan_event`]) and the answer, which may show the builds' numbers.
pub async fn take_in(
    ports: &Ports,
    new: NewIncoming,
    mut events: Vec<NewEvent>,
    answer: Started<Answered>,
) -> Stored<TakenIn> {
    let announce = announcing(ports, false);
    let started: Started<Composed> = Box::new(move |builds| {
        let Answered { status, body } = answer(builds);
        events.extend(announce(builds));
        Composed { status, body, events }
    });
    ports.store.take_in(new, started).await
}

/// Starts builds of an app, and keeps those that wait for approval.
pub async fn start(ports: &Ports, builds: Vec<NewBuild>, requests: Vec<NewBuildRequest>) -> Stored<Vec<Arc<Build>>> {
    ports.store.start_builds(builds, requests, announcing(ports, false)).await
}

/// Ends a build, once: whoever comes second hears how it ended.
pub async fn end(ports: &Ports, build: &Build, end: BuildEnd) -> Stored<Ended> {
    ports.store.end_build(build.id, end, announcing(ports, false)).await
}

/// The same, and the git host does not hear of the end.
pub async fn end_quietly(ports: &Ports, build: &Build, end: BuildEnd) -> Stored<Ended> {
    ports.store.end_build(build.id, end, announcing(ports, true)).await
}

/// Ends what an earlier process of this server was running when it died.
pub async fn end_orphans(ports: &Ports) -> Stored<Vec<Arc<Build>>> {
    let reason = "the server stopped while the build was running";
    ports.store.end_orphans(ports.clock.now(), reason, announcing(ports, false)).await
}

/// Approves a build request, which makes it builds, or refuses it. `None`: somebody else decided.
pub async fn decide(ports: &Ports, request: &BuildRequest, approved: bool) -> Stored<Option<Vec<Arc<Build>>>> {
    let now = ports.clock.now();
    let builds = request.targets.iter().filter(|_| approved).map(|target| NewBuild {
        uid: Uid::new(now, &*ports.entropy),
        app: request.app,
        target: target.clone(),
        params: request.params.clone(),
        original: request.original.clone(),
        // Who comes from a fork brings no secrets.
        secrets: Vec::new(),
        triggered_by: request.triggered_by.clone(),
        triggered_at: now,
        // Somebody looked at it in between.
        hops: 0,
    });
    ports.store.decide_request(request.uid, builds.collect(), announcing(ports, false)).await
}

/// Tells of builds in the transaction that made them what they are; the git host hears nothing if `quiet`, or if the
/// builds were triggered so.
fn announcing(ports: &Ports, quiet: bool) -> Started<Vec<NewEvent>> {
    let ports = ports.clone();
    Box::new(move |builds| {
        let app_of = |build: &Build| ports.directory().ci_app_by_id(build.app);
        builds.iter().filter_map(|build| announcement(&ports, &*app_of(build)?, build, quiet)).collect()
    })
}

/// The build as the event that tells how it stands.
fn announcement(ports: &Ports, app: &CiApp, build: &Build, quiet: bool) -> Option<NewEvent> {
    let action = if build.status == BuildStatus::InProgress { "triggered" } else { "finished" };
    let event = canonical::BuildEvent { actor: actor_of(build), build: told_build(ports, app, build) };
    let data = Bytes::from(serde_json::to_vec(&event).ok()?);
    let envelope = Envelope {
        id: format!("{}/{action}", build.uid),
        source: format!("/apps/{}", app.uid),
        kind: format!("build.{action}"),
        subject: Some(build.slug()),
        time: Some(build.finished_at.unwrap_or(build.triggered_at)),
        content_type: "application/json".to_owned(),
        data,
        hops: build.hops,
    };
    let source = envelope.source.clone();
    // The payload is ours; what can be missing is the account, when the app goes with it at this very moment.
    let place = place_of(ports, app, quiet || build.params.skip_git_status_report);
    plan_event(ports, envelope, source, place).ok()
}

fn actor_of(build: &Build) -> canonical::Actor {
    let by = build.triggered_by.as_deref().unwrap_or_default();
    let by_webhook = by.strip_prefix(BY_WEBHOOK).and_then(|rest| rest.split_once('/')).map(|(_, login)| login);
    let login = by_webhook.or_else(|| by.strip_prefix(BY_HAND)).filter(|login| !login.is_empty());
    canonical::Actor { login: login.map(str::to_owned), ..canonical::Actor::default() }
}

fn told_build(ports: &Ports, app: &CiApp, build: &Build) -> canonical::Build {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let params = &build.params;
    canonical::Build {
        id: build.slug(),
        number: build.number,
        state: build.status.state(),
        workflow: build.target.workflow().map(str::to_owned),
        pipeline: build.target.pipeline().map(str::to_owned),
        url: Some(url_of(ports, app, build)),
        commit: some(&params.commit_hash).filter(|commit| canonical::is_object_id(commit)),
        details: None,
        branch: some(&params.branch),
        target_branch: some(&params.branch_dest),
        tag: some(&params.tag),
        pull_request: (params.pull_request_id != 0).then_some(params.pull_request_id),
        provider: Some(app.provider.to_string()),
        triggered_at: build.triggered_at,
        finished_at: build.finished_at,
    }
}

/// A build's page.
pub fn url_of(ports: &Ports, app: &CiApp, build: &Build) -> String {
    format!("{}/app/{}/build/{}", ports.public_url, app.uid, build.uid)
}
