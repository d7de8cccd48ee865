//! `/api/v1/repos`: repositories and their collaborators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::account::{Account, AccountKind, OrgRole, Permission, Repository, Scope};
use domain::directory::Located;
use domain::event::Place;
use domain::id::Uid;
use domain::ports::{NewRepository, StoreError};
use domain::rules::access::sees_repository;
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::errors::Reject;
use super::paging::{Items, Page};
use super::request::{JsonBody, Names, Params};
use super::{Answer, Api, Context};
use crate::members::set_collaborator;

/// A repository as it is answered.
#[derive(Debug, Serialize)]
pub(crate) struct RepositoryJson {
    id: i64,
    uid: String,
    owner: String,
    name: String,
    full_name: String,
    description: Option<String>,
    private: bool,
    archived: bool,
    default_branch: String,
    created_at: String,
}

impl RepositoryJson {
    fn new(owner: &Account, repository: &Repository) -> Self {
        Self {
            id: repository.id.0,
            uid: repository.uid.to_string(),
            owner: owner.login.clone(),
            name: repository.name.clone(),
            full_name: format!("{}/{}", owner.login, repository.name),
            description: repository.description.clone(),
            private: repository.private,
            archived: repository.archived,
            default_branch: repository.default_branch.clone(),
            created_at: repository.created_at.rfc3339_millis(),
        }
    }
}

/// Creates a repository.
pub(crate) async fn create(
    State(context): Api,
    caller: Caller,
    JsonBody(mut body): JsonBody,
) -> Answer<(StatusCode, Json<RepositoryJson>)> {
    let login: String = body.required("owner")?;
    let name = body.name("name")?;
    let private = body.optional("private")?.unwrap_or(false);
    let description = body.text("description")?;
    let default_branch = body.text("default_branch")?.unwrap_or_else(|| "main".to_owned());
    body.finish()?;
    need_repo_scope(&caller, private)?;
    let directory = context.ports.directory();
    let owner = directory.account(&login).ok_or_else(|| Reject::invalid("owner", "there is no such account"))?;
    let place = Place { account: owner.id, repository: None, app: None };
    if caller.role(directory, place) != Some(OrgRole::Owner) && !caller.is_site_admin() {
        return Err(Reject::forbidden("only owners of the account may create repositories in it").at("owner"));
    }
    let now = context.ports.clock.now();
    let new = NewRepository {
        uid: Uid::new(now, &*context.ports.entropy),
        owner: owner.id,
        name,
        description,
        homepage: None,
        default_branch,
        private,
        fork_of: None,
        created_at: now,
    };
    let created = context.ports.store.create_repository(new).await;
    let repository = created.map_err(|error| match error {
        StoreError::NameTaken => Reject::conflict("a repository of that name exists").at("name"),
        other => other.into(),
    })?;
    Ok((StatusCode::CREATED, Json(RepositoryJson::new(&owner, &repository))))
}

/// Managing a repository takes `repo`, or `public_repo` for a public one.
fn need_repo_scope(caller: &Caller, private: bool) -> Answer<()> {
    let public: &[Scope] = if private { &[] } else { &[Scope::PublicRepo] };
    caller.need_any(&[&[Scope::Repo], public].concat())
}

/// Whose repositories.
#[derive(Debug, Deserialize)]
pub(crate) struct Whose {
    owner: Option<String>,
}

/// Lists the repositories the caller sees.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
    Params(whose): Params<Whose>,
) -> Answer<Json<Items<RepositoryJson>>> {
    let directory = context.ports.directory();
    let owners = match &whose.owner {
        Some(login) => {
            let owner = directory.account(login);
            vec![owner.ok_or_else(|| Reject::not_found("there is no such account").at("owner"))?]
        }
        None => [AccountKind::User, AccountKind::Organization].map(|kind| directory.accounts(kind)).concat(),
    };
    let mut found: Vec<(Arc<Account>, Arc<Repository>)> = Vec::new();
    for owner in owners {
        let seen = directory.repositories_of(owner.id).into_iter().filter(|r| sees(&context, &caller, r));
        found.extend(seen.map(|repository| (owner.clone(), repository)));
    }
    found.sort_by_key(|(_, repository)| repository.id);
    let show = |(owner, repository): &(Arc<Account>, Arc<Repository>)| RepositoryJson::new(owner, repository);
    Ok(page.window()?.cut(&found, |(_, repository)| repository.id.0, show))
}

/// Shows a repository.
pub(crate) async fn show(
    State(context): Api,
    caller: Caller,
    Names((owner, name)): Names<(String, String)>,
) -> Answer<Json<RepositoryJson>> {
    let found = visible(&context, &caller, &owner, &name)?;
    Ok(Json(RepositoryJson::new(&found.owner, &found.repository)))
}

/// Deletes a repository.
pub(crate) async fn remove(
    State(context): Api,
    caller: Caller,
    Names((owner, name)): Names<(String, String)>,
) -> Answer<StatusCode> {
    let found = administered(&context, &caller, &owner, &name)?;
    caller.need(Scope::DeleteRepo)?;
    context.ports.store.delete_repository(found.repository.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a collaborator, or changes a collaborator's permission.
pub(crate) async fn add_collaborator(
    State(context): Api,
    caller: Caller,
    Names((owner, name, user)): Names<(String, String, String)>,
    JsonBody(mut body): JsonBody,
) -> Answer<StatusCode> {
    let found = administered(&context, &caller, &owner, &name)?;
    need_repo_scope(&caller, found.repository.private)?;
    let level: Permission = body.required("permission")?;
    body.finish()?;
    let user = context.ports.directory().account(&user).filter(|user| user.kind == AccountKind::User);
    let user = user.ok_or_else(|| Reject::not_found("there is no such user"))?;
    set_collaborator(&context.ports, &found, &user, Some(level), &caller.0.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a collaborator.
pub(crate) async fn remove_collaborator(
    State(context): Api,
    caller: Caller,
    Names((owner, name, user)): Names<(String, String, String)>,
) -> Answer<StatusCode> {
    let found = administered(&context, &caller, &owner, &name)?;
    need_repo_scope(&caller, found.repository.private)?;
    let collaborators = context.ports.directory().collaborators(found.repository.id);
    let user = collaborators.into_iter().map(|(user, _)| user).find(|one| one.login.eq_ignore_ascii_case(&user));
    let user = user.ok_or_else(|| Reject::not_found("there is no such collaborator"))?;
    set_collaborator(&context.ports, &found, &user, None, &caller.0.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn sees(context: &Context, caller: &Caller, repository: &Repository) -> bool {
    let permitted = caller.permission(context.ports.directory(), repository).is_some();
    permitted && (sees_repository(caller.0.scopes, repository.private) || caller.is_site_admin())
}

/// The repository, if the caller sees it.
fn visible(context: &Context, caller: &Caller, owner: &str, name: &str) -> Answer<Located> {
    let found = context.ports.directory().locate(owner, name);
    let found = found.filter(|found| sees(context, caller, &found.repository));
    found.ok_or_else(|| Reject::not_found("there is no such repository"))
}

/// The repository, if the caller administers it.
fn administered(context: &Context, caller: &Caller, owner: &str, name: &str) -> Answer<Located> {
    let found = visible(context, caller, owner, name)?;
    match caller.permission(context.ports.directory(), &found.repository) {
        Some(Permission::Admin) => Ok(found),
        _ => Err(Reject::forbidden("only admins of the repository may do this")),
    }
}
