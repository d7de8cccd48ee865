//! From what was asked for to what is started, and to the answer (contract bitrise sections 4 and 6).
//!
//! [`plan`] decides without touching anything. Whoever asked hands the plan's builds and requests to `domain::flow::builds`,
//! and has the plan's [`Reply`] tell of the builds as they have become. A git host's request may lead to several plans,
//! whose builds are started in one go: [`Reply::takes`] says how many of them are each one's.

mod answer;

use std::sync::Arc;

use domain::ci::{BuildParams, BuildSecret, CiApp, NewBuild, NewBuildRequest, Target};
use domain::flow::Ports;
use domain::id::Uid;

use super::trigger::{Choice, Config, ConfigCache, Decision, Patience};
use crate::aside::{LARGE, aside};

pub(crate) use answer::{Reply, TriggerResponse};

/// Most builds that one event starts, and most that one request does.
pub(crate) const MAX_BUILDS: usize = 100;
/// Most that all builds of one event keep of what they are made of, in bytes: each has its own copy.
const MAX_KEPT: usize = 32 * 1024 * 1024;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct TriggerCall {
    /// What is to be built.
    pub(crate) params: BuildParams,
    /// The parameters as they came, a JSON object; secrets left out.
    pub(crate) original: Arc<str>,
    /// Variables for the executor alone.
    pub(crate) secrets: Vec<BuildSecret>,
    /// Who or what asks: `webhook-github/alice`, `manual-alice`.
    pub(crate) triggered_by: Option<String>,
    /// How many deliveries in a row led to it (D-8).
    pub(crate) hops: u8,
}

impl TriggerCall {
    /// The call as its builds keep it. If it is too large for so many, they go without the lists of commits, which are for
    /// the triggers, and those have been asked. The error is the text of the refusal.
    fn fit(mut self, builds: usize) -> Result<Self, String> {
        let secrets: usize = self.secrets.iter().map(|secret| secret.key.len() + secret.value.expose().len()).sum();
        let needed = |original: &str| (original.len() + secrets).saturating_mul(builds);
        if needed(&self.original) <= MAX_KEPT {
            return Ok(self);
        }
        let text = |params: &BuildParams| serde_json::to_string(params).unwrap_or_default();
        let is_ours = text(&self.params) == *self.original;
        (self.params.commit_paths, self.params.commit_messages) = (None, Vec::new());
        self.original = if is_ours { text(&self.params) } else { without_commits(&self.original) }.into();
        let needed = needed(&self.original);
        if needed <= MAX_KEPT {
            return Ok(self);
        }
        Err(format!("the parameters of {builds} builds take {needed} bytes; at most {MAX_KEPT} are kept"))
    }
}

/// A JSON object without the lists of commits.
fn without_commits(original: &str) -> String {
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(original).unwrap_or_default();
    fields.retain(|name, _| !matches!(name.as_str(), "commit_paths" | "commit_messages"));
    serde_json::Value::Object(fields).to_string()
}

/// What is started.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Builds.
    pub(crate) builds: Vec<NewBuild>,
    /// Builds that wait for approval; then there are no others.
    pub(crate) requests: Vec<NewBuildRequest>,
    /// What to answer.
    pub(crate) reply: Reply,
}

/// Does the call say what to build at all (section 4)? A comment will do, too, as it does for webhooks. Checked before
/// anything else.
pub(crate) fn says_what(params: &BuildParams) -> bool {
    let said = [
        &params.branch,
        &params.tag,
        &params.commit_hash,
        &params.workflow_id,
        &params.pipeline_id,
        &params.pull_request_comment,
    ];
    said.iter().any(|text| !text.is_empty())
}

/// Decides what a call starts. `patience` is that of the request it is part of.
pub(crate) fn plan(
    ports: &Ports,
    configs: &ConfigCache,
    app: &Arc<CiApp>,
    call: TriggerCall,
    patience: &Patience,
) -> Plan {
    let config = app.config.as_deref().unwrap_or_default();
    let heavy = call.original.len() > LARGE || config.len() > LARGE || config.contains("regex");
    aside(heavy, || plan_here(ports, configs, app, call, patience))
}

fn plan_here(ports: &Ports, configs: &ConfigCache, app: &Arc<CiApp>, call: TriggerCall, patience: &Patience) -> Plan {
    let chosen =
        choose(configs, app, &call.params, patience).and_then(|choices| Ok((call.fit(choices.len())?, choices)));
    match chosen {
        Ok((call, choices)) => started(ports, app, choices, call),
        Err(refusal) => Plan { builds: Vec::new(), requests: Vec::new(), reply: Reply::refused(ports, app, refusal) },
    }
}

/// What is to be started. The error is the text of the refusal.
fn choose(
    configs: &ConfigCache,
    app: &CiApp,
    params: &BuildParams,
    patience: &Patience,
) -> Result<Vec<Choice>, String> {
    if app.is_disabled {
        return Err("The app is disabled: nothing can be triggered".to_owned());
    }
    let config = configs.of(app).transpose().map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        format!("The app's bitrise.yml is invalid: {first}")
    })?;
    choose_by(config.as_deref(), params, patience)
}

/// The same for an app that may be triggered, with its configuration.
pub(super) fn choose_by(
    config: Option<&Config>,
    params: &BuildParams,
    patience: &Patience,
) -> Result<Vec<Choice>, String> {
    if let Some(target) = named(params)? {
        config.map_or(Ok(()), |config| config.check(&target))?;
        return Ok(vec![Choice { target, priority: None }]);
    }
    let config = config.ok_or(
        "The app has no bitrise.yml (`postrider app config` stores one): only a named workflow or pipeline can be triggered",
    )?;
    match config.decide(params, patience) {
        Decision::Start(choices) if choices.len() > MAX_BUILDS => Err(format!(
            "{} workflows and pipelines match; at most {MAX_BUILDS} can be triggered at once",
            choices.len()
        )),
        Decision::Start(choices) => Ok(choices),
        Decision::NoMatch => Err(no_match(params)),
        Decision::Refused(reason) => Err(format!("trigger pattern did not match any defined mapping: {reason}")),
    }
}

/// The workflow or the pipeline that the call names: triggers are not asked then.
fn named(params: &BuildParams) -> Result<Option<Target>, String> {
    match (params.workflow_id.as_str(), params.pipeline_id.as_str()) {
        ("", "") => Ok(None),
        (workflow, "") => Ok(Some(Target::Workflow(workflow.to_owned()))),
        ("", pipeline) => Ok(Some(Target::Pipeline(pipeline.to_owned()))),
        (_, _) => Err("both workflow_id and pipeline_id are given; only one of them can be triggered".to_owned()),
    }
}

/// The original's sentence. It has no place for a tag; ours is added at its end.
fn no_match(params: &BuildParams) -> String {
    let (pushed, source) = if params.is_pull_request() { ("", &*params.branch) } else { (&*params.branch, "") };
    let tag = if params.tag.is_empty() { String::new() } else { format!(", tag: {}", params.tag) };
    format!(
        "trigger pattern did not match any defined mapping: Run triggered with params: push-branch: {pushed}, \
         pr-source-branch: {source}, pr-target-branch: {}{tag}, but no matching workflow found",
        params.branch_dest
    )
}

/// Builds of what was chosen; or one request, if the code is a stranger's and somebody has to look at it first. What
/// strangers bring gets no secrets.
fn started(ports: &Ports, app: &Arc<CiApp>, choices: Vec<Choice>, call: TriggerCall) -> Plan {
    let now = ports.clock.now();
    let TriggerCall { params, original, secrets, triggered_by, hops } = call;
    if app.is_public && app.manual_approval && params.is_from_fork() {
        let priority = choices.iter().filter_map(|choice| choice.priority).max();
        let targets: Vec<_> = choices.into_iter().map(|choice| choice.target).collect();
        let request = NewBuildRequest {
            uid: Uid::new(now, &*ports.entropy),
            app: app.id,
            params: with_priority(&params, priority),
            original,
            targets: targets.clone(),
            triggered_by,
            created_at: now,
        };
        return Plan { builds: Vec::new(), requests: vec![request], reply: Reply::waiting(ports, app, targets) };
    }
    let builds = choices.into_iter().map(|choice| NewBuild {
        uid: Uid::new(now, &*ports.entropy),
        app: app.id,
        target: choice.target,
        params: with_priority(&params, choice.priority),
        original: original.clone(),
        secrets: secrets.clone(),
        triggered_by: triggered_by.clone(),
        triggered_at: now,
        hops,
    });
    let builds: Vec<_> = builds.collect();
    let reply = Reply::started(ports, app, builds.len());
    Plan { builds, requests: Vec::new(), reply }
}

/// What the call says counts, and else what the trigger says.
fn with_priority(params: &BuildParams, priority: Option<i64>) -> BuildParams {
    BuildParams { priority: params.priority.or(priority), ..params.clone() }
}

#[cfg(test)]
mod tests {
    use domain::ci::CommitPaths;

    use super::*;

    fn a_call(files: usize) -> TriggerCall {
        let paths = CommitPaths { added: vec!["x".repeat(1_000); files], ..CommitPaths::default() };
        let params = BuildParams {
            branch: "main".to_owned(),
            commit_messages: vec!["m".to_owned()],
            commit_paths: Some(vec![paths]),
            ..BuildParams::default()
        };
        let original = serde_json::to_string(&params).expect("writes").into();
        TriggerCall { params, original, secrets: Vec::new(), triggered_by: None, hops: 0 }
    }

    #[test]
    fn h4_what_many_builds_would_keep_of_a_large_push_is_bounded() {
        let few = a_call(1_000).fit(30).expect("fits");
        assert!(few.params.commit_paths.is_some() && few.original.len() > 1_000_000);
        let many = a_call(1_000).fit(MAX_BUILDS).expect("fits without the lists");
        assert_eq!((many.params.commit_paths, many.params.commit_messages.len()), (None, 0));
        assert_eq!(&*many.original, r#"{"branch":"main","diff_url":"","commit_paths":null}"#);
        let said = format!(r#"{{"zeal":1,"branch":"main","commit_paths":[{{"added":["{}"]}}]}}"#, "x".repeat(400_000));
        let called = TriggerCall { original: said.into(), ..a_call(1) }.fit(MAX_BUILDS).expect("fits");
        assert_eq!(&*called.original, r#"{"zeal":1,"branch":"main"}"#);
        let mut huge = a_call(0);
        huge.params.commit_message = "x".repeat(400_000);
        huge.original = serde_json::to_string(&huge.params).expect("writes").into();
        assert!(huge.clone().fit(1).is_ok());
        assert!(huge.fit(MAX_BUILDS).expect_err("too large").contains("at most 33554432 are kept"));
    }
}
