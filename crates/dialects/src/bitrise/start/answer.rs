//! What a trigger call is answered (contract bitrise section 4).

use std::sync::Arc;

use domain::ci::{Build, CiApp, Target};
use domain::flow::Ports;
use domain::flow::builds::url_of;
use serde::Serialize;

/// Who answers, on the wire.
const SERVICE: &str = "bitrise";

/// What to answer once builds have their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    ports: Ports,
    app: Arc<CiApp>,
    outcome: Outcome,
}

#[derive(Clone, Debug)]
enum Outcome {
    /// So many builds.
    Started(usize),
    /// These, once somebody approves.
    Waiting(Vec<Target>),
    /// Nothing; says why.
    Refused(String),
}

/// The answer to a trigger call. Its own fields repeat the first result: older clients know only those.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TriggerResponse {
    /// `ok` or `error`.
    pub(crate) status: &'static str,
    /// A sentence.
    pub(crate) message: String,
    service: &'static str,
    /// The app.
    slug: String,
    build_slug: String,
    build_number: u64,
    build_url: String,
    triggered_workflow: String,
    /// `null` if nothing was triggered.
    results: Option<Vec<BuildResult>>,
}

/// One build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct BuildResult {
    status: &'static str,
    message: String,
    build_slug: String,
    build_number: u64,
    build_url: String,
    triggered_workflow: String,
    triggered_pipeline: String,
}

impl TriggerResponse {
    /// Was it refused?
    pub(crate) fn is_refusal(&self) -> bool {
        self.status != "ok"
    }

    /// A refusal that has no plan: of a call that never got that far.
    pub(crate) fn refusal(status: &'static str, slug: String, message: String) -> Self {
        Self {
            status,
            message,
            service: SERVICE,
            slug,
            build_slug: String::new(),
            build_number: 0,
            build_url: String::new(),
            triggered_workflow: String::new(),
            results: None,
        }
    }
}

impl Reply {
    pub(super) fn started(ports: &Ports, app: &Arc<CiApp>, builds: usize) -> Self {
        Self { ports: ports.clone(), app: app.clone(), outcome: Outcome::Started(builds) }
    }

    pub(super) fn waiting(ports: &Ports, app: &Arc<CiApp>, targets: Vec<Target>) -> Self {
        Self { ports: ports.clone(), app: app.clone(), outcome: Outcome::Waiting(targets) }
    }

    pub(super) fn refused(ports: &Ports, app: &Arc<CiApp>, reason: String) -> Self {
        Self { ports: ports.clone(), app: app.clone(), outcome: Outcome::Refused(reason) }
    }

    /// How many builds the plan starts: so many of all that are started with it are its own.
    pub(crate) fn takes(&self) -> usize {
        match self.outcome {
            Outcome::Started(builds) => builds,
            Outcome::Waiting(_) | Outcome::Refused(_) => 0,
        }
    }

    /// Why nothing is started.
    pub(crate) fn refusal(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Refused(reason) => Some(reason),
            Outcome::Started(_) | Outcome::Waiting(_) => None,
        }
    }

    /// The answer, with the plan's own builds as the store has made them.
    pub(crate) fn tell(&self, builds: &[Arc<Build>]) -> TriggerResponse {
        let slug = self.app.slug();
        let results: Vec<_> = match &self.outcome {
            Outcome::Refused(reason) => return TriggerResponse::refusal("error", slug, reason.clone()),
            Outcome::Started(_) => builds.iter().map(|build| self.of_build(build)).collect(),
            Outcome::Waiting(targets) => targets.iter().map(waiting).collect(),
        };
        let first = results.first();
        TriggerResponse {
            status: "ok",
            message: first.map(|first| first.message.clone()).unwrap_or_default(),
            service: SERVICE,
            slug,
            build_slug: first.map(|first| first.build_slug.clone()).unwrap_or_default(),
            build_number: first.map_or(0, |first| first.build_number),
            build_url: first.map(|first| first.build_url.clone()).unwrap_or_default(),
            triggered_workflow: first.map(|first| first.triggered_workflow.clone()).unwrap_or_default(),
            results: Some(results),
        }
    }

    fn of_build(&self, build: &Build) -> BuildResult {
        BuildResult {
            message: "webhook processed".to_owned(),
            build_slug: build.slug(),
            build_number: build.number,
            build_url: url_of(&self.ports, &self.app, build),
            ..of_target(&build.target)
        }
    }
}

fn waiting(target: &Target) -> BuildResult {
    BuildResult { message: "the code comes from a fork: the build waits for approval".to_owned(), ..of_target(target) }
}

fn of_target(target: &Target) -> BuildResult {
    BuildResult {
        status: "ok",
        message: String::new(),
        build_slug: String::new(),
        build_number: 0,
        build_url: String::new(),
        triggered_workflow: target.workflow().unwrap_or_default().to_owned(),
        triggered_pipeline: target.pipeline().unwrap_or_default().to_owned(),
    }
}
