//! What an event would start, and why: for people who write a `bitrise.yml`.

use domain::ci::BuildParams;
use serde::Serialize;

use super::start::choose_by;
use super::trigger::{Config, Patience, Report, explain, name};

/// What an event would start.
#[derive(Clone, Debug, Serialize)]
pub struct TriggerTest {
    /// What kind of event it is: `push`, `pull_request`, `tag`; none if the call names what to build, or is nothing.
    pub event: Option<&'static str>,
    /// What would be started.
    pub starts: Vec<Startable>,
    /// Why nothing would be.
    pub refusal: Option<String>,
    /// What became of each trigger; empty if triggers are not asked.
    pub items: Vec<Report>,
    /// What is odd about the configuration.
    pub warnings: Vec<String>,
}

/// One build that would be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Startable {
    /// `workflow:a`, `pipeline:p`.
    pub target: String,
    /// With which priority, if with another than the usual one.
    pub priority: Option<i64>,
}

/// Compares an event with the triggers of a configuration. The error is all that is wrong with the configuration.
pub fn test_triggers(config: &str, params: &BuildParams) -> Result<TriggerTest, Vec<String>> {
    let lines = |problems: &[super::trigger::Problem]| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    let config = Config::parse(config).map_err(|problems| lines(&problems))?;
    let is_named = !params.workflow_id.is_empty() || !params.pipeline_id.is_empty();
    let explanation = if is_named { None } else { explain(&config, params).ok() };
    let (starts, refusal) = match choose_by(Some(&config), params, &Patience::endless()) {
        Ok(choices) => (choices, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let starts = starts
        .into_iter()
        .map(|choice| Startable { target: name(&choice.target), priority: params.priority.or(choice.priority) });
    Ok(TriggerTest {
        event: explanation.as_ref().map(|explanation| explanation.event),
        starts: starts.collect(),
        refusal,
        items: explanation.map(|explanation| explanation.items).unwrap_or_default(),
        warnings: lines(config.warnings()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "workflows: {a: {}, b: {}, _c: {}}\ntrigger_map:\n- {push_branch: main, workflow: a}\n";

    fn test(change: impl FnOnce(&mut BuildParams)) -> TriggerTest {
        let mut params = BuildParams::default();
        change(&mut params);
        test_triggers(CONFIG, &params).expect("a right configuration")
    }

    #[test]
    fn what_would_be_started_is_told_with_what_became_of_each_trigger() {
        let tested = test(|params| params.branch = "main".to_owned());
        assert_eq!(tested.starts, [Startable { target: "workflow:a".to_owned(), priority: None }]);
        assert_eq!((tested.event, tested.refusal, tested.items.len()), (Some("push"), None, 1));
        let missed = test(|params| params.tag = "v1".to_owned());
        assert!(missed.starts.is_empty() && !missed.items[0].matches);
        let refusal = "trigger pattern did not match any defined mapping: Run triggered with params: push-branch: , \
                       pr-source-branch: , pr-target-branch: , tag: v1, but no matching workflow found";
        assert_eq!(missed.refusal.as_deref(), Some(refusal));
    }

    #[test]
    fn triggers_are_not_asked_about_what_the_call_names() {
        let named = test(|params| params.workflow_id = "b".to_owned());
        assert_eq!(named.starts, [Startable { target: "workflow:b".to_owned(), priority: None }]);
        assert!(named.items.is_empty());
        for (workflow, reason) in [
            ("d", "workflow (d) is not defined in the app's bitrise.yml"),
            ("_c", "utility workflow (_c) can't be triggered directly"),
        ] {
            let refused = test(|params| params.workflow_id = workflow.to_owned());
            assert_eq!(refused.refusal.as_deref(), Some(reason));
        }
        let both = test(|params| (params.workflow_id, params.pipeline_id) = ("a".to_owned(), "p".to_owned()));
        assert!(both.refusal.expect("unclear").contains("only one of them"));
    }

    #[test]
    fn what_is_wrong_with_the_configuration_is_the_error() {
        let problems =
            test_triggers("trigger_map: [{push_branch: a}]", &BuildParams::default()).expect_err("no target");
        assert_eq!(problems, ["trigger item #1: no pipeline nor workflow is defined as trigger target"]);
    }
}
