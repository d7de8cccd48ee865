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
