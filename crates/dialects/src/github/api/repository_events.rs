//! What is published when a repository comes, changes or goes through this API (design section 4).

use domain::account::{Account, Repository};
use domain::directory::Located;
use domain::flow::Ports;
use serde_json::{Map, Value, json};

use crate::announce::announce;

/// It was created.
pub(super) async fn tell_created(ports: &Ports, at: &Located, actor: &Account) {
    tell(ports, at, actor, "repository.created", Map::new()).await;
}

/// It is about to be deleted: told before, while its name still finds it.
pub(super) async fn tell_deleted(ports: &Ports, at: &Located, actor: &Account) {
    tell(ports, at, actor, "repository.deleted", Map::new()).await;
}

/// It was `old` and is now `at`.
pub(super) async fn tell_changes(ports: &Ports, old: &Repository, at: &Located, actor: &Account) {
    for (kind, extra) in changes(old, &at.repository) {
        tell(ports, at, actor, kind, extra).await;
    }
}

/// One event for each kind of change.
fn changes(old: &Repository, new: &Repository) -> Vec<(&'static str, Map<String, Value>)> {
    let mut told = Vec::new();
    if old.name != new.name {
        told.push(("repository.renamed", [("from".to_owned(), Value::from(&*old.name))].into_iter().collect()));
    }
    let texts = [
        ("description", old.description.as_deref(), new.description.as_deref()),
        ("homepage", old.homepage.as_deref(), new.homepage.as_deref()),
        ("default_branch", Some(&*old.default_branch), Some(&*new.default_branch)),
    ];
    let changed = texts.into_iter().filter(|(_, old, new)| old != new);
    let edits: Map<String, Value> =
        changed.map(|(field, from, to)| (field.to_owned(), json!({ "from": from, "to": to }))).collect();
    if !edits.is_empty() {
        told.push(("repository.updated", [("changes".to_owned(), Value::Object(edits))].into_iter().collect()));
    }
    match (old.archived, new.archived) {
        (false, true) => told.push(("repository.archived", Map::new())),
        (true, false) => told.push(("repository.unarchived", Map::new())),
        (true, true) | (false, false) => {}
    }
    match (old.private, new.private) {
        (false, true) => told.push(("repository.privatized", Map::new())),
        (true, false) => told.push(("repository.publicized", Map::new())),
        (true, true) | (false, false) => {}
    }
    told
}

/// Publishes one event.
async fn tell(ports: &Ports, at: &Located, actor: &Account, kind: &str, data: Map<String, Value>) {
    let source = format!("/repos/{}/{}", at.owner.login, at.repository.name);
    announce(ports, source, actor, kind, data).await;
}
