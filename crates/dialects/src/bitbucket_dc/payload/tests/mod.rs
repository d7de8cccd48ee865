//! Payloads as receivers see them.
//!
//! The goldens under `bitbucket_dc/fixtures/` are what the examples of `docs/events/` become. To write them anew:
//! `UPDATE_GOLDENS=1 cargo nextest run -p dialects bitbucket_dc`.

mod goldens;
mod pushes;
mod rules;
mod trees;

use std::sync::Arc;

use domain::account::{Account, AccountKind, Repository};
use domain::canonical::{Happening, PullRequestEvent, Push, RepositoryEvent};
use domain::dialect::Scene;
use domain::directory::Change;
use domain::id::RepositoryId;
use serde_json::Value;

use super::dates::{EPOCH, ISO};
use crate::testing::{self, Files, World, assert_compact, assert_goldens, example, keys, repository, tree};

pub(in crate::bitbucket_dc) fn account(id: i64, kind: AccountKind, login: &str) -> Account {
    let user = kind == AccountKind::User;
    let name = user.then(|| format!("{}{} Example", login[..1].to_uppercase(), &login[1..]));
    let description = (!user).then(|| "Moving parts".to_owned());
    Account { name, description, ..testing::account(id, kind, login) }
}

/// The organization acme (project WHEELS) owns widgets; ravi has a fork of it in a personal project; mona has an account,
/// kim has none. Dates are numbers.
fn world() -> World {
    let project_key = Some("WHEELS".to_owned());
    let acme = Arc::new(Account { project_key, ..account(1, AccountKind::Organization, "acme") });
    let ravi = Arc::new(account(3, AccountKind::User, "ravi"));
    let description = Some("Parts that move".to_owned());
    let widgets = Arc::new(Repository { description, ..repository(10, "widgets", &acme) });
    let fork = Repository { fork_of: Some(widgets.id), ..repository(11, "widgets", &ravi) };
    let others = [
        Change::Account(Arc::new(account(2, AccountKind::User, "mona"))),
        Change::Account(ravi),
        Change::Repository(Arc::new(fork)),
    ];
    World { shape: EPOCH, ..World::of(super::translate, (&acme, &widgets), others) }
}

/// The same with dates as text.
fn iso_world() -> World {
    World { shape: ISO, ..world() }
}

/// The example of `push`, edited.
fn push(edit: impl FnOnce(&mut Push)) -> Happening {
    let Happening::Push(mut push) = example("push") else { panic!("a push") };
    edit(&mut push);
    Happening::Push(push)
}

/// The example of a type of `repository.…`, edited.
fn of_repository(kind: &str, edit: impl FnOnce(&mut RepositoryEvent)) -> Happening {
    let Happening::Repository(action, mut event) = example(kind) else { panic!("a repository") };
    edit(&mut event);
    Happening::Repository(action, event)
}

/// The example of a type of `pull_request.…`, edited.
fn of_pull_request(kind: &str, edit: impl FnOnce(&mut PullRequestEvent)) -> Happening {
    let Happening::PullRequest(action, mut event) = example(kind) else { panic!("a pull request") };
    edit(&mut event);
    Happening::PullRequest(action, event)
}
