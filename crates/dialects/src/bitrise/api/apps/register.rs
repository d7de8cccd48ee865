//! `POST /apps/register` and `POST /apps/{app}/finish`: an app is made, and its trigger token handed out. These two refuse
//! with `{"error_msg": …}` (contract bitrise section 2).

use std::sync::Arc;

use domain::account::{Account, AccountKind, OrgRole};
use domain::ci::{AppRole, CiApp, MAX_TITLE, Provider};
use domain::id::Uid;
use serde::Serialize;

use crate::apps::{MAX_APPS, MAX_REPO_URL, Wish, is_branch, is_clone_url, own_repository};
use crate::bitrise::api::base::Base;
use crate::bitrise::api::call::{Call, RawBody};
use crate::bitrise::api::errors::{ErrorMsg, Reject, Reply};
use crate::bitrise::api::members::{Members, required};
use crate::bitrise::register::is_possible;

/// Longest kind of project, in bytes.
const MAX_KIND: usize = 100;

/// `{"status":"ok","slug":…}`
#[derive(Debug, Serialize)]
pub(super) struct Registered {
    status: &'static str,
    slug: String,
}

/// Registers an app. It is linked to a repository of ours if its URL is on this server and the caller administers it.
pub(super) async fn register(
    call: Result<Call, Reject>,
    base: Base,
    body: Result<RawBody, Reject>,
) -> Result<Reply<Registered>, ErrorMsg> {
    let (call, body) = (call?, Members(body?.object()?));
    let wish = wish(&call, &base.0, &body)?;
    let ports = &call.shared.ports;
    if ports.directory().ci_apps_of(wish.owner.id).len() >= MAX_APPS {
        return Err(Reject::bad(format!("the account has {MAX_APPS} apps already")).into());
    }
    let app = ports.store.create_ci_app(wish.grant(ports, &base.0)).await?;
    Ok(Reply::ok(Registered { status: "ok", slug: app.slug() }))
}

fn wish(call: &Call, base: &str, body: &Members) -> Result<Wish, Reject> {
    let url = required(body.text("repo_url")?, "repo_url")?;
    if !is_clone_url(url) {
        return Err(Reject::bad(format!("repo_url: must be a clone URL of at most {MAX_REPO_URL} bytes")));
    }
    let is_public = required(body.flag("is_public")?, "is_public")?;
    if !call.reaches(is_public) {
        return Err(Reject::forbidden());
    }
    let default_branch = body.text("default_branch_name")?;
    if default_branch.is_some_and(|name| !is_branch(name)) {
        return Err(Reject::bad("default_branch_name: is no name of a branch"));
    }
    Ok(Wish {
        owner: owner(call, body.text("organization_slug")?)?,
        title: body.line("title", MAX_TITLE)?,
        project_type: None,
        repo_url: Some(url.to_owned()),
        provider: provider(body.text("provider")?)?,
        repository: own_repository(call.shared.ports.directory(), url, base, call.me.user.id),
        is_public,
        default_branch: default_branch.map(str::to_owned),
        manual_approval: body.flag("manual_approval_enabled")?.unwrap_or(true),
        relay: false,
        webhook_secret: None,
        config: None,
    })
}

/// The organization of that slug, which is its uid or its login, if the caller owns it; without one the caller.
fn owner(call: &Call, slug: Option<&str>) -> Result<Arc<Account>, Reject> {
    let Some(slug) = slug else { return Ok(call.me.user.clone()) };
    let directory = call.shared.ports.directory();
    let found = Uid::parse(slug).and_then(|uid| directory.account_by_uid(uid)).or_else(|| directory.account(slug));
    let found = found.filter(|account| account.kind == AccountKind::Organization);
    let role = found.as_ref().and_then(|account| directory.role(account.id, call.me.user.id));
    match (found, role) {
        (Some(account), Some(OrgRole::Owner)) => Ok(account),
        (Some(_), Some(OrgRole::Member)) => Err(Reject::forbidden()),
        _ => Err(Reject::bad("organization_slug: there is no such organization, or it is not yours")),
    }
}

fn provider(name: Option<&str>) -> Result<Option<Provider>, Reject> {
    let Some(name) = name else { return Ok(None) };
    let known = Provider::parse(name).map(Some);
    known.ok_or_else(|| {
        Reject::bad(format!("provider: must be one of {}", Provider::ALL.map(Provider::as_str).join(", ")))
    })
}

/// What the hooks of an app need to know.
#[derive(Debug, Serialize)]
pub(super) struct Finished {
    status: &'static str,
    branch_name: String,
    build_trigger_token: String,
    is_webhook_auto_reg_supported: bool,
}

/// Finishes the registration. What names a configuration, a stack or a machine of Bitrise's own is accepted and left
/// alone; the kind of project is kept. May be called again.
pub(super) async fn finish(
    call: Result<Call, Reject>,
    body: Result<RawBody, Reject>,
) -> Result<Reply<Finished>, ErrorMsg> {
    let (call, body) = (call?, body?);
    let app = call.app(AppRole::Admin)?;
    let members = Members(if body.0.is_empty() { serde_json::Map::new() } else { body.object()? });
    let app = match members.line("project_type", MAX_KIND)? {
        Some(kind) if app.project_type.as_ref() != Some(&kind) => {
            let ports = &call.shared.ports;
            let edit = Box::new(move |old| CiApp { project_type: Some(kind), ..old });
            ports.store.update_ci_app(app.id, ports.clock.now(), edit).await?
        }
        _ => app,
    };
    let shared = &call.shared;
    let automatic = is_possible(&shared.ports, &shared.settings.git_hosts, &app, call.me.user.id).await?;
    Ok(Reply::ok(Finished {
        status: "ok",
        branch_name: app.default_branch.clone(),
        build_trigger_token: app.trigger_token.expose().to_owned(),
        is_webhook_auto_reg_supported: automatic,
    }))
}
