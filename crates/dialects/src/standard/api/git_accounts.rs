//! `/api/v1/git-accounts`: credentials at git hosts, of users and organizations (docs/bitrise.md). Tokens are never shown.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::account::Account;
use domain::ci::{GitAccount, GitHost};
use domain::secret::Secret;
use serde::Serialize;

use super::caller::Caller;
use super::errors::Reject;
use super::oauth_apps::{Whose, owner};
use super::paging::Items;
use super::request::{JsonBody, Names, Params};
use super::{Answer, Api};

/// Longest token accepted, in bytes.
const MAX_TOKEN: usize = 4_096;
/// Longest user name accepted, in bytes.
const MAX_USER: usize = 255;

/// A connected account as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct GitAccountJson {
    owner: String,
    host: &'static str,
    api: String,
    user: Option<String>,
    created_at: String,
}

impl GitAccountJson {
    fn new(owner: &Account, account: GitAccount) -> Self {
        Self {
            owner: owner.login.clone(),
            host: account.host.as_str(),
            api: account.api,
            user: account.user,
            created_at: account.created_at.rfc3339_millis(),
        }
    }
}

/// Connects an account with a host, at the place where the host's API is now.
pub(crate) async fn set(
    State(context): Api,
    caller: Caller,
    JsonBody(mut body): JsonBody,
) -> Answer<Json<GitAccountJson>> {
    let owner = owner(&context, &caller, body.optional("owner")?)?;
    let host = host_named(&body.required::<String>("host")?)?;
    let user = body.text("user")?.map(user_name).transpose()?;
    let token = body.required::<String>("token").and_then(token)?;
    body.finish()?;
    let created_at = context.ports.clock.now();
    let api = context.settings.git_hosts.api(host).to_owned();
    let new = GitAccount { owner: owner.id, host, api, user, token, created_at };
    context.ports.store.set_git_account(new.clone()).await?;
    Ok(Json(GitAccountJson::new(&owner, new)))
}

/// Lists what an account is connected with.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Params(query): Params<Whose>,
) -> Answer<Json<Items<GitAccountJson>>> {
    let owner = owner(&context, &caller, query.owner)?;
    let found = context.ports.store.git_accounts(owner.id).await?;
    Ok(Items::new(found.into_iter().map(|account| GitAccountJson::new(&owner, account)).collect(), None))
}

/// Forgets a credential.
pub(crate) async fn remove(
    State(context): Api,
    caller: Caller,
    Names((login, host)): Names<(String, String)>,
) -> Answer<StatusCode> {
    let owner = owner(&context, &caller, Some(login))?;
    context.ports.store.remove_git_account(owner.id, host_named(&host)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn host_named(text: &str) -> Answer<GitHost> {
    GitHost::parse(text).ok_or_else(|| Reject::invalid("host", "must be github, gitlab or bitbucket"))
}

/// What goes before the colon of basic authentication (RFC 7617).
fn user_name(text: String) -> Answer<String> {
    let fits = text.len() <= MAX_USER && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    if fits { Ok(text) } else { Err(Reject::invalid("user", "must be at most 255 visible ASCII characters, no colon")) }
}

/// What fits into a header line (E-13).
fn token(text: String) -> Answer<Secret> {
    let text = Secret::new(text);
    let given = text.expose();
    if given.is_empty() || given.len() > MAX_TOKEN || !given.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Reject::invalid("token", "must be 1 to 4096 visible ASCII characters"));
    }
    Ok(text)
}
