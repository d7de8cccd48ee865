//! `register-webhook`: makes the app's host call us (contract bitrise section 5).

use axum::http::StatusCode;
use axum::routing::post;
use domain::ci::{CiApp, GitHost};
use domain::rules::access::HookAccess;
use serde_json::{Value, json};

use super::Table;
use super::call::Call;
use super::errors::{Reject, Reply};
use crate::bitrise::register::{Failure, Registered, register};
use crate::git_hosts::GitHosts;

/// Paths and methods.
pub(super) fn table() -> Table {
    vec![("/apps/{app}/register-webhook", post(register_webhook))]
}

/// Whatever body comes is not looked at.
async fn register_webhook(call: Call) -> Result<Reply<Value>, Reject> {
    let app = call.app_with_hooks(HookAccess::Write)?;
    let hosts = &call.shared.settings.git_hosts;
    match register(&call.shared.ports, hosts, &app, call.me.user.id).await {
        Ok(done) => {
            let did = match done {
                Registered::Before => "nothing",
                Registered::Mended => "edited",
                Registered::Now => "added",
            };
            tracing::info!(app = %app.uid, provider = %app.provider, did, "the app's hook is registered");
            Ok(Reply::ok(json!({ "status": "ok" })))
        }
        Err(failure) => Err(refusal(hosts, &app, failure)),
    }
}

/// What the caller is told. Answers of the host are not repeated: they can quote the hook's URL, which holds a token.
fn refusal(hosts: &GitHosts, app: &CiApp, failure: Failure) -> Reject {
    let at = |host| format!("{} ({})", name(host), authority(hosts.api(host)));
    let broken = |text: String| Reject::new(StatusCode::INTERNAL_SERVER_ERROR, text);
    let told = match failure {
        Failure::Unsupported(provider) => Reject::bad(format!(
            "webhooks of provider {provider} cannot be registered automatically: add the hook's URL at the host yourself"
        )),
        Failure::NoGitLab => Reject::bad(
            "no self-hosted GitLab is configured on this server (git_hosts.gitlab), and credentials are not sent to \
             wherever an app's URL leads",
        ),
        Failure::NoRepository => Reject::bad("the app's repo_url does not name a repository"),
        Failure::NotConnected(host) => Reject::bad(format!(
            "no {} account is connected, neither by the app's owner nor by you: `postrider git-account set` does that",
            name(host)
        )),
        Failure::ConnectedElsewhere(host) => Reject::bad(format!(
            "the {} account was connected for another address than {}: connect it again",
            name(host),
            hosts.api(host)
        )),
        Failure::Refused { host, status } => Reject::bad(format!("{} answered {status}{}", at(host), hint(status))),
        Failure::Broken { host, status } => broken(format!("{} answered {status}", at(host))),
        Failure::Unreadable(host) => broken(format!("{} answered with something that is no list of hooks", at(host))),
        Failure::Unreachable(host) => broken(format!("{} could not be reached", at(host))),
        Failure::TimedOut(host) => broken(format!("{} did not answer in time", at(host))),
        Failure::Gone => Reject::not_found(),
        Failure::Store(error) => error.into(),
    };
    let (status, reason) = (told.status().as_u16(), told.message());
    tracing::info!(app = %app.uid, provider = %app.provider, status, reason, "the app's hook was not registered");
    told
}

/// What a status of a host usually means there.
fn hint(status: u16) -> &'static str {
    match status {
        300..=399 => ": the repository has moved",
        401 => ": the connected token is not good, or not any more",
        403 => ": the connected token may not manage the repository's hooks",
        404 => ": there is no such repository, or the connected token does not reach it",
        429 => ": it was asked too often",
        _ => "",
    }
}

/// What people call it.
fn name(host: GitHost) -> &'static str {
    match host {
        GitHost::GitHub => "GitHub",
        GitHost::GitLab => "GitLab",
        GitHost::Bitbucket => "Bitbucket",
    }
}

/// Host and port of a base URL.
fn authority(base: &str) -> &str {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
