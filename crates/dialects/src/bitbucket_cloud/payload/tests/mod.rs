//! Payloads as receivers see them.
//!
//! The goldens under `bitbucket_cloud/fixtures/` are what the examples of `docs/events/` and the rows of the push table
//! become. To write them anew: `UPDATE_GOLDENS=1 cargo nextest run -p dialects`.

mod goldens;
mod pushes;
mod rules;

use std::sync::Arc;

use domain::account::{Account, AccountKind, Repository};
use domain::canonical::Happening;
use domain::directory::Change;
use domain::id::{RepositoryId, Uid};
use serde_json::Value;
use uuid::Uuid;

use crate::testing::{self, Files, NEW, OLD, World, assert_compact, assert_goldens, example, keys, tree};

/// A uid that shows which row it is of.
fn uid(kind: u128, id: i64) -> Uid {
    let id = u128::try_from(id).expect("a small number");
    Uid(Uuid::from_u128(0x0190_f3a1_7c00_7000_8000_0000_0000_0000 | kind << 32 | id))
}

fn account(id: i64, kind: AccountKind, login: &str, name: &str) -> Arc<Account> {
    let project_key = (kind == AccountKind::Organization).then(|| "AIR".to_owned());
    let name = Some(name.to_owned());
    Arc::new(Account { uid: uid(1, id), name, project_key, ..testing::account(id, kind, login) })
}

fn repository(id: i64, owner: &Account, fork_of: Option<i64>) -> Arc<Repository> {
    let description = Some("Parts that move".to_owned());
    let fork_of = fork_of.map(RepositoryId);
    Arc::new(Repository { uid: uid(2, id), description, fork_of, ..testing::repository(id, "widgets", owner) })
}

/// acme (a workspace of its own) owns widgets; the users mona and ravi have workspaces, too, and ravi a fork in his.
fn world() -> World {
    let acme = account(1, AccountKind::Organization, "Acme", "Acme Works");
    let ravi = account(3, AccountKind::User, "ravi", "Ravi Patel");
    let others = [
        Change::Account(account(2, AccountKind::User, "mona", "Mona Ito")),
        Change::Account(ravi.clone()),
        Change::Repository(repository(11, &ravi, Some(10))),
    ];
    World::of(super::translate, (&acme, &repository(10, &acme, None)), others)
}

/// The same, seen from ravi's fork.
fn in_fork() -> World {
    world().within("ravi", "widgets")
}

/// Calls `look` with every object in a tree.
fn each_object(value: &Value, look: &mut dyn FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            look(members);
            members.values().for_each(|member| each_object(member, look));
        }
        Value::Array(items) => items.iter().for_each(|item| each_object(item, look)),
        _ => {}
    }
}
