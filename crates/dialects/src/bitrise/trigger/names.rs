//! The workflows and pipelines of a configuration.

use std::collections::HashSet;

use super::yaml::{Node, Value};

/// Names of what can be started.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// In the order they are written in.
    pub(super) workflows: Vec<String>,
    known_workflows: HashSet<String>,
    known_pipelines: HashSet<String>,
}

impl Names {
    /// Reads the names.
    pub(super) fn of(root: &Value) -> Self {
        let names = |key| -> Vec<String> {
            let entries = root.get(key).map(|node: &Node| node.entries()).unwrap_or_default();
            entries.iter().map(|(name, _)| name.to_string()).collect()
        };
        let workflows = names("workflows");
        Self {
            known_workflows: workflows.iter().cloned().collect(),
            known_pipelines: names("pipelines").into_iter().collect(),
            workflows,
        }
    }

    /// Is there such a workflow?
    pub(super) fn has_workflow(&self, name: &str) -> bool {
        self.known_workflows.contains(name)
    }

    /// Is there such a pipeline?
    pub(super) fn has_pipeline(&self, name: &str) -> bool {
        self.known_pipelines.contains(name)
    }

    /// Is it a workflow that only others use?
    pub(super) fn is_utility(workflow: &str) -> bool {
        workflow.starts_with('_')
    }

    /// What is said about a utility workflow that something would start.
    pub(super) fn utility_as_target(workflow: &str) -> String {
        format!(
            "utility workflow ({workflow}) defined as trigger target, but utility workflows can't be triggered directly"
        )
    }
}
