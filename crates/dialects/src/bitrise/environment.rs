//! What a build is about, in the variables that Bitrise's steps read.

use std::path::Path;

use domain::ci::{Build, CiApp, RepoUrl};

/// Folders of a build that works on this machine.
#[derive(Clone, Copy, Debug)]
pub struct BuildFolders<'a> {
    /// Where the command starts.
    pub source: &'a Path,
    /// For what the build makes.
    pub deploy: &'a Path,
    /// The app's `bitrise.yml`, if it has one.
    pub config: Option<&'a Path>,
}

/// Names what a build is about. What says nothing is left out.
pub fn build_variables(
    app: &CiApp,
    build: &Build,
    page: &str,
    folders: Option<BuildFolders<'_>>,
) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() {
            variables.push((name.to_owned(), value.to_owned()));
        }
    };
    let yes_or_no = |yes: bool| if yes { "true" } else { "false" };
    set("CI", "true");
    set("PR", yes_or_no(build.params.is_pull_request()));
    set("BITRISE_IO", "true");
    set("BITRISE_APP_SLUG", &app.slug());
    set("BITRISE_APP_TITLE", &app.title);
    set("BITRISE_APP_URL", page.rsplit_once("/build/").map_or("", |(app_page, _)| app_page));
    set("BITRISE_BUILD_SLUG", &build.slug());
    set("BITRISE_BUILD_NUMBER", &build.number.to_string());
    set("BITRISE_BUILD_URL", page);
    set("BITRISE_BUILD_TRIGGER_TIMESTAMP", &(build.triggered_at.as_micros() / 1_000_000).to_string());
    set("BITRISE_TRIGGERED_WORKFLOW_ID", build.target.workflow().unwrap_or_default());
    set("BITRISEIO_PIPELINE_ID", build.target.pipeline().unwrap_or_default());
    let by = build.triggered_by.as_deref().unwrap_or_default();
    set("BITRISE_TRIGGER_BY", by);
    set("BITRISE_TRIGGER_METHOD", by.split('-').next().unwrap_or_default());
    code(app, build, &mut set);
    if let Some(folders) = folders {
        set("BITRISE_SOURCE_DIR", &folders.source.to_string_lossy());
        set("BITRISE_DEPLOY_DIR", &folders.deploy.to_string_lossy());
        set("BITRISE_CONFIG_FILE", &folders.config.map(Path::to_string_lossy).unwrap_or_default());
    }
    variables
}

/// Which code is to be built.
fn code(app: &CiApp, build: &Build, set: &mut impl FnMut(&str, &str)) {
    let params = &build.params;
    set("GIT_REPOSITORY_URL", &app.repo_url);
    if let Some(url) = RepoUrl::parse(&app.repo_url) {
        set("BITRISEIO_GIT_REPOSITORY_OWNER", url.owner);
        set("BITRISEIO_GIT_REPOSITORY_SLUG", url.name);
    }
    // Who names nothing to build gets the branch that is built by default.
    let nothing = params.branch.is_empty() && params.tag.is_empty() && params.commit_hash.is_empty();
    set("BITRISE_GIT_BRANCH", if nothing { &app.default_branch } else { &params.branch });
    set("BITRISE_GIT_TAG", &params.tag);
    set("BITRISE_GIT_COMMIT", &params.commit_hash);
    set("BITRISE_GIT_MESSAGE", &params.commit_message);
    set("BITRISEIO_GIT_BRANCH_DEST", &params.branch_dest);
    if params.pull_request_id != 0 {
        let number = params.pull_request_id.to_string();
        set("BITRISE_PULL_REQUEST", &number);
        set("PULL_REQUEST_ID", &number);
    }
    let head = [&params.head_repository_url, &params.pull_request_repository_url];
    let head = head.into_iter().find(|url| !url.is_empty());
    if params.is_pull_request() {
        set("BITRISEIO_PULL_REQUEST_REPOSITORY_URL", head.map_or("", String::as_str));
    }
    set("BITRISEIO_PULL_REQUEST_MERGE_BRANCH", &params.pull_request_merge_branch);
    set("BITRISEIO_PULL_REQUEST_UNVERIFIED_MERGE_BRANCH", &params.pull_request_unverified_merge_branch);
    set("BITRISEIO_PULL_REQUEST_HEAD_BRANCH", &params.pull_request_head_branch);
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::ci::{BuildParams, BuildStatus, Stage, Target};
    use domain::id::{BuildId, CiAppId};
    use testkit::{START, a_build, an_app};

    use super::*;

    fn variables(target: Target, by: &str, params: BuildParams) -> HashMap<String, String> {
        let app = an_app().build().numbered(CiAppId(1));
        let new = a_build(app.id, "build");
        let build = Build {
            id: BuildId(1),
            uid: new.uid,
            app: app.id,
            number: 7,
            status: BuildStatus::InProgress,
            stage: Stage::Running,
            target,
            params,
            original: new.original,
            triggered_by: Some(by.to_owned()),
            executor: None,
            abort_reason: None,
            triggered_at: START,
            started_at: None,
            finished_at: None,
            incoming: None,
            hops: 0,
        };
        let folders = BuildFolders { source: Path::new("/w/source"), deploy: Path::new("/w/deploy"), config: None };
        let all = build_variables(&app, &build, "http://postrider.test/app/a/build/b", Some(folders));
        let count = all.len();
        let all: HashMap<_, _> = all.into_iter().collect();
        assert_eq!(all.len(), count, "no name comes twice");
        assert!(all.values().all(|value| !value.is_empty()), "what says nothing is left out: {all:?}");
        all
    }

    #[test]
    fn a_push_is_named_as_steps_expect_it() {
        let params = BuildParams {
            branch: "main".to_owned(),
            commit_hash: "abc".to_owned(),
            commit_message: "Do it".to_owned(),
            ..BuildParams::default()
        };
        let all = variables(Target::Workflow("ci".to_owned()), "webhook-github/alice", params);
        for (name, value) in [
            ("CI", "true"),
            ("PR", "false"),
            ("BITRISE_BUILD_NUMBER", "7"),
            ("BITRISE_APP_TITLE", "Rocket"),
            ("BITRISE_APP_URL", "http://postrider.test/app/a"),
            ("BITRISE_BUILD_TRIGGER_TIMESTAMP", "1767323045"),
            ("BITRISE_TRIGGERED_WORKFLOW_ID", "ci"),
            ("BITRISE_TRIGGER_METHOD", "webhook"),
            ("BITRISE_GIT_BRANCH", "main"),
            ("BITRISE_GIT_COMMIT", "abc"),
            ("BITRISE_GIT_MESSAGE", "Do it"),
            ("GIT_REPOSITORY_URL", "https://github.com/acme/rocket.git"),
            ("BITRISEIO_GIT_REPOSITORY_OWNER", "acme"),
            ("BITRISEIO_GIT_REPOSITORY_SLUG", "rocket"),
            ("BITRISE_SOURCE_DIR", "/w/source"),
        ] {
            assert_eq!(all.get(name).map(String::as_str), Some(value), "{name}");
        }
        for name in ["BITRISE_GIT_TAG", "BITRISE_PULL_REQUEST", "BITRISEIO_PIPELINE_ID", "BITRISE_CONFIG_FILE"] {
            assert_eq!(all.get(name), None, "{name}");
        }
    }

    #[test]
    fn a_pull_request_names_both_of_its_ends() {
        let params = BuildParams {
            branch: "topic".to_owned(),
            branch_dest: "main".to_owned(),
            pull_request_id: 12,
            head_repository_url: "https://github.com/bob/rocket.git".to_owned(),
            pull_request_merge_branch: "pull/12/merge".to_owned(),
            pull_request_head_branch: "pull/12/head".to_owned(),
            ..BuildParams::default()
        };
        let all = variables(Target::Pipeline("all".to_owned()), "manual-alice", params);
        for (name, value) in [
            ("PR", "true"),
            ("BITRISE_PULL_REQUEST", "12"),
            ("PULL_REQUEST_ID", "12"),
            ("BITRISEIO_GIT_BRANCH_DEST", "main"),
            ("BITRISEIO_PULL_REQUEST_REPOSITORY_URL", "https://github.com/bob/rocket.git"),
            ("BITRISEIO_PULL_REQUEST_MERGE_BRANCH", "pull/12/merge"),
            ("BITRISEIO_PULL_REQUEST_HEAD_BRANCH", "pull/12/head"),
            ("BITRISEIO_PIPELINE_ID", "all"),
            ("BITRISE_TRIGGER_METHOD", "manual"),
        ] {
            assert_eq!(all.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn who_names_nothing_to_build_gets_the_default_branch() {
        let all = variables(Target::Workflow("ci".to_owned()), "manual-alice", BuildParams::default());
        assert_eq!(all["BITRISE_GIT_BRANCH"], "main");
        let tag = BuildParams { tag: "v1".to_owned(), ..BuildParams::default() };
        let all = variables(Target::Workflow("ci".to_owned()), "manual-alice", tag);
        assert_eq!((all.get("BITRISE_GIT_BRANCH"), all["BITRISE_GIT_TAG"].as_str()), (None, "v1"));
    }
}
