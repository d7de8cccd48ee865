//! The registry that the examples are told in.

use std::sync::Arc;

use domain::account::{Account, AccountKind, Repository};
use domain::canonical::Happening;
use domain::dialect::{Draft, Scene, Shape};
use domain::directory::{Change, Directory};
use domain::event::Place;
use domain::id::{AccountId, RepositoryId, Uid};
use domain::time::Timestamp;
use testkit::START;
use uuid::Uuid;

/// acme (a workspace of its own) owns widgets; the users mona and ravi have workspaces, too, and ravi a fork in his.
pub(super) struct World {
    pub(super) directory: Directory,
    pub(super) owner: Arc<Account>,
    pub(super) repository: Arc<Repository>,
}

/// A uid that shows which row it is of.
fn uid(kind: u128, id: i64) -> Uid {
    let id = u128::try_from(id).expect("a small number");
    Uid(Uuid::from_u128(0x0190_f3a1_7c00_7000_8000_0000_0000_0000 | kind << 32 | id))
}

fn account(id: i64, kind: AccountKind, login: &str, name: &str) -> Arc<Account> {
    Arc::new(Account {
        id: AccountId(id),
        uid: uid(1, id),
        kind,
        login: login.to_owned(),
        name: Some(name.to_owned()),
        email: (kind == AccountKind::User).then(|| format!("{login}@acme.test")),
        description: None,
        project_key: (kind == AccountKind::Organization).then(|| "AIR".to_owned()),
        site_admin: false,
        created_at: START,
        updated_at: START,
    })
}

fn repository(id: i64, owner: &Account, fork_of: Option<i64>) -> Arc<Repository> {
    Arc::new(Repository {
        id: RepositoryId(id),
        uid: uid(2, id),
        owner: owner.id,
        name: "widgets".to_owned(),
        description: Some("Parts that move".to_owned()),
        homepage: None,
        default_branch: "main".to_owned(),
        private: true,
        archived: false,
        fork_of: fork_of.map(RepositoryId),
        created_at: Timestamp::from_micros(1_700_000_000_000_000),
        updated_at: START,
        pushed_at: None,
    })
}

impl World {
    pub(super) fn new() -> Self {
        let owner = account(1, AccountKind::Organization, "Acme", "Acme Works");
        let mona = account(2, AccountKind::User, "mona", "Mona Ito");
        let ravi = account(3, AccountKind::User, "ravi", "Ravi Patel");
        let widgets = repository(10, &owner, None);
        let directory = Directory::default();
        directory.apply([
            Change::Account(owner.clone()),
            Change::Account(mona),
            Change::Account(ravi.clone()),
            Change::Repository(widgets.clone()),
            Change::Repository(repository(11, &ravi, Some(10))),
        ]);
        Self { directory, owner, repository: widgets }
    }

    /// The same, seen from ravi's fork.
    pub(super) fn in_fork() -> Self {
        let world = Self::new();
        let fork = world.directory.locate("ravi", "widgets").expect("registered");
        Self { owner: fork.owner, repository: fork.repository, ..world }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
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
    pub(super) fn tell(&self, happening: &Happening) -> Vec<Draft> {
        super::super::translate(happening, &self.scene(), &|_| true)
    }
}
