//! Messages that people ask for: ping and test.

use std::sync::Arc;

use domain::account::Account;
use domain::dialect::{Draft, Scene, Shape};
use domain::directory::Located;
use domain::flow::Ports;
use domain::flow::ping::ping;
use domain::flow::test_push::test_push;
use domain::hook::{Hook, HookScope};
use domain::ports::Stored;
use serde_json::Value;

use super::hook_json::{organization_hook, repository_hook};
use crate::github::events::DEFAULT_EVENT;
use crate::github::links::Links;
use crate::github::payload;

/// Pings a hook in `sender`'s name (contract github section 3.5).
pub(super) async fn send_ping(ports: &Ports, at: &Located, hook: &Arc<Hook>, sender: &Account) -> Stored<()> {
    let scene = Scene {
        place: at.place(),
        account: &at.owner,
        repository: Some(&at.repository),
        directory: ports.directory(),
        public_url: &ports.public_url,
        occurred_at: ports.clock.now(),
        shape: Shape::default(),
    };
    match ping_draft(hook, &scene, sender) {
        Some(draft) => ping(ports, hook, at.place(), source(at), draft).await.map(drop),
        None => Ok(()),
    }
}

/// The ping of a hook on the scene's repository or organization; none for a hook of anything else.
pub(crate) fn ping_draft(hook: &Hook, scene: &Scene<'_>, sender: &Account) -> Option<Draft> {
    let links = Links::for_payloads(scene.public_url);
    let told = match (hook.scope, scene.repository) {
        (HookScope::Repository(_), Some(repository)) => {
            let at = Located { repository: repository.clone(), owner: scene.account.clone() };
            repository_hook(&links, &at, hook, None)
        }
        (HookScope::Account(_), None) => organization_hook(&links, scene.account, hook),
        (HookScope::Repository(_), None) | (HookScope::Account(_), Some(_)) => return None,
    };
    let seed = scene.occurred_at.as_micros().unsigned_abs();
    let body = payload::ping(scene, told, hook.id.0, sender, seed);
    Some(Draft { kind: "ping".into(), action: None, body })
}

/// Sends the latest push to a hook that is active and listens to pushes. No push, no message.
pub(super) async fn send_test(ports: &Ports, at: &Located, hook: &Arc<Hook>) -> Stored<()> {
    if !hook.active || !hook.listens_to(DEFAULT_EVENT) {
        return Ok(());
    }
    let default = format!("refs/heads/{}", at.repository.default_branch);
    test_push(ports, hook, at, DEFAULT_EVENT, &|draft| ref_of(draft).as_deref() == Some(&*default)).await.map(drop)
}

/// The `ref` of a push message.
fn ref_of(draft: &Draft) -> Option<String> {
    let body: Value = serde_json::from_slice(&draft.body).ok()?;
    body.get("ref")?.as_str().map(str::to_owned)
}

/// The CloudEvents source of a repository.
fn source(at: &Located) -> String {
    format!("/repos/{}/{}", at.owner.login, at.repository.name)
}
