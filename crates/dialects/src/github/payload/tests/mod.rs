//! Payloads as receivers see them.
//!
//! The goldens under `github/fixtures/` are what the examples of `docs/events/` become; `interop/schemas` checks the
//! same files against the published schemas. To write them anew: `UPDATE_GOLDENS=1 cargo nextest run -p dialects`.

mod goldens;
mod pushes;
mod rules;

use std::sync::Arc;

use domain::account::{Account, AccountKind, OrgRole, Permission, Repository};
use domain::canonical::Happening;
use domain::dialect::{Draft, Scene};
use domain::directory::Change;
use domain::event::Place;
use domain::id::RepositoryId;
use serde_json::Value;
use testkit::START;

use crate::testing::{self, Files, NEW, OLD, World, account, assert_compact, assert_goldens, example, tree};

/// acme (an organization) owns widgets; mona belongs to it, ravi collaborates and has a fork, tess is a stranger.
fn world() -> World {
    let user = |id, login| Arc::new(account(id, AccountKind::User, login));
    let description = Some("Moving parts".to_owned());
    let acme = Arc::new(Account { description, ..account(1, AccountKind::Organization, "acme") });
    let (mona, ravi) = (user(2, "mona"), user(3, "ravi"));
    let widgets = |id, owner| Repository { private: false, ..testing::repository(id, "widgets", owner) };
    let fork = Repository { fork_of: Some(RepositoryId(10)), ..widgets(11, &ravi) };
    let description = Some("Parts that move".to_owned());
    let widgets = Arc::new(Repository { description, ..widgets(10, &acme) });
    let others = [
        Change::Account(mona.clone()),
        Change::Account(ravi.clone()),
        Change::Account(user(4, "tess")),
        Change::Repository(Arc::new(fork)),
        Change::Membership(acme.id, mona.id, Some(OrgRole::Member)),
        Change::Collaborator(widgets.id, ravi.id, Some(Permission::Write)),
    ];
    World::of(super::translate, (&acme, &widgets), others)
}

/// `event` or `event.action` of each message.
fn names(drafts: &[Draft]) -> Vec<String> {
    let name = |draft: &Draft| match &draft.action {
        Some(action) => format!("{}.{action}", draft.kind),
        None => draft.kind.to_string(),
    };
    drafts.iter().map(name).collect()
}
