//! What clients walk through on their way to webhooks: projects, repositories, users, and who this server says it is.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use domain::account::{Account, AccountKind, Permission, Principal, Repository as Row};
use domain::directory::{Directory, Located};
use domain::rules::access::sees_repository;
use serde::Serialize;
use serde_json::{Value, json};

use super::app::App;
use super::at::{At, PERSONAL};
use super::call::Call;
use super::errors::ApiError;
use super::paging::Page;
use crate::bitbucket_dc::payload::shapes::{Project, Repository, User};

/// The release whose API this is: clients choose what to send by it.
const VERSION: &str = "9.5.2";
/// The same in the form in which the product numbers its builds.
const BUILD: &str = "9005002";

/// Path patterns and their methods, webhooks aside.
pub(super) fn table() -> [(&'static str, MethodRouter<Arc<App>>); 8] {
    [
        ("/application-properties", get(properties)),
        ("/projects", get(projects)),
        ("/projects/{project}", get(project)),
        ("/projects/{project}/repos", get(repositories_of_project)),
        ("/projects/{project}/repos/{repository}", get(repository)),
        ("/repos", get(repositories)),
        ("/users/{user}", get(user)),
        ("/users/{user}/repos", get(repositories_of_user)),
    ]
}

/// Who this server says it is; for anybody, as clients ask before they log in.
async fn properties() -> Json<Value> {
    Json(json!({"version": VERSION, "buildNumber": BUILD, "buildDate": "0", "displayName": "Bitbucket"}))
}

/// `GET /projects`: those the caller may see, personal ones aside, as in the product.
async fn projects(call: Call) -> Result<Response, ApiError> {
    let me = call.myself()?;
    let directory = call.app.ports.directory();
    let wanted = Wanted::of(&call, "name");
    let mut found = directory.accounts(AccountKind::Organization);
    found.retain(|account| wanted.fits(title(account)) && sees_project(directory, account, me));
    let page = Page::of(&call);
    let values = page.cut(&found).iter().map(|account| shape(Project::of(account, &call.links))).collect();
    Ok(Json(page.wrap(values, found.len())).into_response())
}

/// `GET /projects/{key}`
async fn project(call: Call) -> Result<Response, ApiError> {
    let project = seen_project(&call)?;
    Ok(Json(shape(Project::of(&project, &call.links))).into_response())
}

/// `GET /projects/{key}/repos`
async fn repositories_of_project(call: Call) -> Result<Response, ApiError> {
    let project = seen_project(&call)?;
    page_of_repositories(&call, &[project])
}

/// `GET /users/{slug}/repos`: of the personal project.
async fn repositories_of_user(call: Call) -> Result<Response, ApiError> {
    let user = named_user(&call)?;
    page_of_repositories(&call, &[user])
}

/// `GET /repos`: everything the caller may see, by name and project.
async fn repositories(call: Call) -> Result<Response, ApiError> {
    let directory = call.app.ports.directory();
    let (name, key) = (Wanted::of(&call, "projectname"), call.asked.query("projectkey").unwrap_or_default());
    let mut owners = directory.accounts(AccountKind::Organization);
    owners.extend(directory.accounts(AccountKind::User));
    let keyed = super::at::project(directory, key);
    owners.retain(|owner| {
        let here = key.is_empty() || keyed.as_ref().is_some_and(|keyed| keyed.id == owner.id);
        here && name.fits(title(owner))
    });
    page_of_repositories(&call, &owners)
}

/// One page of what these own, as far as the caller may see it.
fn page_of_repositories(call: &Call, owners: &[Arc<Account>]) -> Result<Response, ApiError> {
    let me = call.myself()?;
    let directory = call.app.ports.directory();
    let wanted = Wanted::of(call, "name");
    let of = |owner: &Arc<Account>| {
        let mut rows = directory.repositories_of(owner.id);
        rows.retain(|row| wanted.fits(&row.name) && sees(directory, row, me));
        let owner = owner.clone();
        rows.into_iter().map(move |repository| Located { repository, owner: owner.clone() })
    };
    let found: Vec<_> = owners.iter().flat_map(of).collect();
    let page = Page::of(call);
    let told = |at: &Located| shape(Repository::of(at.clone(), directory, &call.links));
    let values = page.cut(&found).iter().map(told).collect();
    Ok(Json(page.wrap(values, found.len())).into_response())
}

/// `GET /projects/{key}/repos/{slug}`
async fn repository(call: Call) -> Result<Response, ApiError> {
    let me = call.myself()?;
    let directory = call.app.ports.directory();
    let At { project, repository } = call.named()?;
    let repository = repository.filter(|row| sees(directory, row, me)).ok_or(ApiError::NotPermitted)?;
    let at = Located { repository, owner: project };
    Ok(Json(shape(Repository::of(at, directory, &call.links))).into_response())
}

/// `GET /users/{slug}`
async fn user(call: Call) -> Result<Response, ApiError> {
    let user = named_user(&call)?;
    Ok(Json(shape(User::of(&user, &call.links))).into_response())
}

/// The user the path names, with or without the sign of a personal project.
fn named_user(call: &Call) -> Result<Arc<Account>, ApiError> {
    call.myself()?;
    let slug = call.asked.param("user");
    let found = call.app.ports.directory().account(slug.strip_prefix(PERSONAL).unwrap_or(slug));
    found.filter(|account| account.kind == AccountKind::User).ok_or_else(|| ApiError::NoSuchUser(slug.to_owned()))
}

/// The project the path names, if the caller may see it.
fn seen_project(call: &Call) -> Result<Arc<Account>, ApiError> {
    let me = call.myself()?;
    let project = call.named()?.project;
    if sees_project(call.app.ports.directory(), &project, me) { Ok(project) } else { Err(ApiError::NotPermitted) }
}

/// Members see their project, and everybody sees one that has something for them.
fn sees_project(directory: &Directory, project: &Account, me: &Principal) -> bool {
    let member = project.id == me.user.id || directory.role(project.id, me.user.id).is_some();
    member || directory.repositories_of(project.id).iter().any(|row| sees(directory, row, me))
}

/// May the caller see the repository?
fn sees(directory: &Directory, row: &Row, me: &Principal) -> bool {
    let level: Option<Permission> = directory.permission(row, me.user.id);
    level.is_some() && sees_repository(me.scopes, row.private)
}

/// A part of a name, in any case.
struct Wanted(String);

impl Wanted {
    fn of(call: &Call, query: &str) -> Self {
        Self(call.asked.query(query).unwrap_or_default().trim().to_lowercase())
    }

    fn fits(&self, name: &str) -> bool {
        self.0.is_empty() || name.to_lowercase().contains(&self.0)
    }
}

/// What a project is called.
fn title(account: &Account) -> &str {
    account.name.as_deref().unwrap_or(&account.login)
}

/// An object that serializes without fail: maps with text keys, strings and numbers.
fn shape(object: impl Serialize) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}
