//! An app as this API shows it (contract bitrise section 4).

use domain::account::{Account, AccountKind};
use domain::ci::{Build, CiApp, RepoUrl};
use domain::directory::Directory;
use serde::Serialize;

/// The status of an app that was never built.
const NEVER_BUILT: i8 = -1;

/// An app.
#[derive(Debug, Serialize)]
pub(in crate::bitrise::api) struct AppJson {
    slug: String,
    title: String,
    project_type: Option<String>,
    provider: &'static str,
    repo_owner: String,
    repo_url: String,
    repo_slug: String,
    is_disabled: bool,
    /// That of the last build.
    status: i8,
    is_public: bool,
    /// Builds are told to hosts as commit statuses, never as GitHub's checks.
    is_github_checks_enabled: bool,
    owner: OwnerJson,
    /// Apps have no pictures here.
    avatar_url: Option<String>,
    /// What groups apps elsewhere; here each stands for itself.
    project_id: String,
}

/// Whose an app is.
#[derive(Debug, Serialize)]
struct OwnerJson {
    account_type: &'static str,
    name: String,
    slug: String,
}

impl AppJson {
    /// An app and its last build.
    pub(in crate::bitrise::api) fn new(directory: &Directory, app: &CiApp, last: Option<&Build>) -> Self {
        let url = RepoUrl::parse(&app.repo_url);
        Self {
            slug: app.slug(),
            title: app.title.clone(),
            project_type: app.project_type.clone(),
            provider: app.provider.as_str(),
            repo_owner: url.as_ref().map(|url| url.owner.to_owned()).unwrap_or_default(),
            repo_url: app.repo_url.clone(),
            repo_slug: url.map(|url| url.name.to_owned()).unwrap_or_default(),
            is_disabled: app.is_disabled,
            status: last.map_or(NEVER_BUILT, |build| build.status.code().cast_signed()),
            is_public: app.is_public,
            is_github_checks_enabled: false,
            owner: OwnerJson::new(directory.account_by_id(app.owner).as_deref()),
            avatar_url: None,
            project_id: app.slug(),
        }
    }
}

impl OwnerJson {
    fn new(owner: Option<&Account>) -> Self {
        let kind = owner.map_or(AccountKind::User, |owner| owner.kind);
        Self {
            account_type: match kind {
                AccountKind::User => "user",
                AccountKind::Organization => "organization",
            },
            name: owner.map(|owner| owner.login.clone()).unwrap_or_default(),
            slug: owner.map(|owner| owner.uid.to_string()).unwrap_or_default(),
        }
    }
}
