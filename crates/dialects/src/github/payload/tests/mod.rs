//! Payloads as receivers see them.
//!
//! The goldens under `github/fixtures/` are what the examples of `docs/events/` become; `interop/schemas` checks the
//! same files against the published schemas. To write them anew: `UPDATE_GOLDENS=1 cargo nextest run -p dialects`.

mod goldens;
mod pushes;
mod rules;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::account::{Account, AccountKind, OrgRole, Permission, Repository};
use domain::canonical::Happening;
use domain::dialect::{Draft, Scene, Shape};
use domain::directory::{Change, Directory};
use domain::event::Place;
use domain::id::{AccountId, RepositoryId, Uid};
use domain::time::Timestamp;
use serde_json::Value;
use testkit::START;
use uuid::Uuid;

/// acme (an organization) owns widgets; mona belongs to it, ravi collaborates and has a fork, tess is a stranger.
struct World {
    directory: Directory,
    owner: Arc<Account>,
    repository: Arc<Repository>,
}

fn account(id: i64, kind: AccountKind, login: &str) -> Arc<Account> {
    Arc::new(Account {
        id: AccountId(id),
        uid: Uid(Uuid::nil()),
        kind,
        login: login.to_owned(),
        name: None,
        email: (kind == AccountKind::User).then(|| format!("{login}@acme.test")),
        description: (kind == AccountKind::Organization).then(|| "Moving parts".to_owned()),
        project_key: None,
        site_admin: false,
        created_at: START,
        updated_at: START,
    })
}

fn repository(id: i64, owner: &Account, fork_of: Option<i64>) -> Arc<Repository> {
    Arc::new(Repository {
        id: RepositoryId(id),
        uid: Uid(Uuid::nil()),
        owner: owner.id,
        name: "widgets".to_owned(),
        description: fork_of.is_none().then(|| "Parts that move".to_owned()),
        homepage: None,
        default_branch: "main".to_owned(),
        private: false,
        archived: false,
        fork_of: fork_of.map(RepositoryId),
        created_at: Timestamp::from_micros(1_700_000_000_000_000),
        updated_at: START,
        pushed_at: None,
    })
}

impl World {
    fn new() -> Self {
        let owner = account(1, AccountKind::Organization, "acme");
        let mona = account(2, AccountKind::User, "mona");
        let ravi = account(3, AccountKind::User, "ravi");
        let tess = account(4, AccountKind::User, "tess");
        let widgets = repository(10, &owner, None);
        let directory = Directory::default();
        directory.apply([
            Change::Account(owner.clone()),
            Change::Account(mona.clone()),
            Change::Account(ravi.clone()),
            Change::Account(tess),
            Change::Repository(widgets.clone()),
            Change::Repository(repository(11, &ravi, Some(10))),
            Change::Membership(owner.id, mona.id, Some(OrgRole::Member)),
            Change::Collaborator(widgets.id, ravi.id, Some(Permission::Write)),
        ]);
        Self { directory, owner, repository: widgets }
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            place: Place { account: self.owner.id, repository: Some(self.repository.id) },
            account: &self.owner,
            repository: Some(&self.repository),
            directory: &self.directory,
            public_url: "https://git.acme.test:8443",
            occurred_at: START,
            shape: Shape::default(),
        }
    }

    /// The messages for hooks that listen to everything.
    fn tell(&self, happening: &Happening) -> Vec<Draft> {
        super::translate(happening, &self.scene(), &|_| true)
    }
}

fn events_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events")
}

/// The example of a canonical type.
fn example(kind: &str) -> Happening {
    let data = std::fs::read(events_folder().join(format!("{kind}.json"))).expect("an example");
    Happening::parse(kind, &data).expect("a canonical type").expect("a valid example")
}

/// A message's body as a tree.
fn tree(draft: &Draft) -> Value {
    serde_json::from_slice(&draft.body).expect("JSON")
}

/// `event` or `event.action` of each message.
fn names(drafts: &[Draft]) -> Vec<String> {
    let name = |draft: &Draft| match &draft.action {
        Some(action) => format!("{}.{action}", draft.kind),
        None => draft.kind.to_string(),
    };
    drafts.iter().map(name).collect()
}
