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

use super::subject::Subject;
use crate::github::events::DEFAULT_EVENT;
use crate::github::links::Links;
use crate::github::payload;

/// Pings a hook in `sender`'s name (contract github section 3.5).
pub(super) async fn send_ping(ports: &Ports, subject: &Subject, hook: &Arc<Hook>, sender: &Account) -> Stored<()> {
    let scene = Scene {
        place: subject.place(),
        account: subject.account(),
        repository: subject.repository().map(|at| &at.repository),
        app: None,
        directory: ports.directory(),
        public_url: &ports.public_url,
        occurred_at: ports.clock.now(),
        shape: Shape::default(),
    };
    match ping_draft(hook, &scene, sender) {
        Some(draft) => ping(ports, hook, subject.place(), subject.source(), draft).await.map(drop),
        None => Ok(()),
    }
}

/// The ping of a hook on the scene's repository or organization; none for a hook of anything else.
pub(crate) fn ping_draft(hook: &Hook, scene: &Scene<'_>, sender: &Account) -> Option<Draft> {
    let links = Links::for_payloads(scene.public_url);
    let subject = match (hook.scope, scene.repository) {
        (HookScope::Repository(_), Some(repository)) => {
            Subject::Repository(Located { repository: repository.clone(), owner: scene.account.clone() })
        }
        (HookScope::Account(_), None) => Subject::Organization(scene.account.clone()),
        (HookScope::Repository(_), None)
        | (HookScope::Account(_), Some(_))
        | (HookScope::Topic(_) | HookScope::App(_), _) => return None,
    };
    let told = subject.hook_json(&links, hook, None);
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
