//! Test: the latest push of a repository once more, to one hook.

use std::sync::Arc;

use crate::canonical::Happening;
use crate::dialect::{Dialect, Draft, Scene, Shape};
use crate::directory::Located;
use crate::event::{Accepted, Event};
use crate::flow::Ports;
use crate::flow::ping::ping;
use crate::hook::Hook;
use crate::ports::Stored;

/// The canonical type of pushes.
const PUSH: &str = "push";

/// Sends the newest push of the repository to `hook` alone, as the dialect tells it under the event name `kind`. If
/// that makes several messages, the one that `prefers` likes, else the first. `None` if there is no push to send.
pub async fn test_push(
    ports: &Ports,
    hook: &Arc<Hook>,
    at: &Located,
    kind: &str,
    prefers: &(dyn Fn(&Draft) -> bool + Send + Sync),
) -> Stored<Option<Accepted>> {
    let own = format!("{}.{kind}", hook.dialect);
    let Some(event) = ports.store.latest_event(at.repository.id, &[PUSH, &own]).await? else { return Ok(None) };
    let Some(dialect) = ports.dialects.get(hook.dialect.0) else { return Ok(None) };
    let mut drafts = retell(ports, &**dialect, at, kind, &event, dialect.shape(hook));
    if drafts.is_empty() {
        return Ok(None);
    }
    let chosen = drafts.iter().position(prefers).unwrap_or(0);
    let source = format!("/repos/{}/{}", at.owner.login, at.repository.name);
    ping(ports, hook, at.place(), source, drafts.swap_remove(chosen)).await.map(Some)
}

/// The event in the dialect's words; nothing if it cannot tell it.
fn retell(ports: &Ports, dialect: &dyn Dialect, at: &Located, kind: &str, event: &Event, shape: Shape) -> Vec<Draft> {
    if event.kind != PUSH {
        return dialect.pass_through(kind, &event.data).into_iter().collect();
    }
    let Some(Ok(happening)) = Happening::parse(PUSH, &event.data) else { return Vec::new() };
    let scene = Scene {
        place: at.place(),
        account: &at.owner,
        repository: Some(&at.repository),
        app: None,
        directory: ports.directory(),
        public_url: &ports.public_url,
        occurred_at: event.occurred_at.unwrap_or(event.accepted_at),
        shape,
    };
    let mut drafts = dialect.translate(&happening, &scene, &|wanted| wanted == kind);
    drafts.retain(|draft| &*draft.kind == kind);
    drafts
}
