//! A registry to tell examples in.

use std::sync::Arc;

use domain::account::{Account, AccountKind, Repository};
use domain::canonical::Happening;
use domain::dialect::{Draft, Scene, Shape};
use domain::directory::{Change, Directory};
use domain::event::Place;
use domain::id::{AccountId, RepositoryId, Uid};
use domain::time::Timestamp;
use serde_json::Value;
use testkit::START;
use uuid::Uuid;

use super::{example, keys, tree};

/// How a vendor tells what happened: in a scene, for hooks that want what the function says.
type Translate = fn(&Happening, &Scene<'_>, &dyn Fn(&str) -> bool) -> Vec<Draft>;

/// Where examples happen, and who tells them.
pub(crate) struct World {
    /// Who and what is registered.
    pub(crate) directory: Directory,
    /// The owner of the repository.
    pub(crate) owner: Arc<Account>,
    /// Where it happens.
    pub(crate) repository: Arc<Repository>,
    /// The shape of hooks.
    pub(crate) shape: Shape,
    /// The vendor's way.
    pub(crate) translate: Translate,
}

impl World {
    /// That repository and its owner, and what else is registered.
    pub(crate) fn of(
        translate: Translate,
        (owner, repository): (&Arc<Account>, &Arc<Repository>),
        others: impl IntoIterator<Item = Change>,
    ) -> Self {
        let (owner, repository) = (owner.clone(), repository.clone());
        let directory = Directory::default();
        directory.apply([Change::Account(owner.clone()), Change::Repository(repository.clone())]);
        directory.apply(others);
        Self { directory, owner, repository, shape: Shape::default(), translate }
    }

    /// The same, seen from another repository.
    pub(crate) fn within(self, owner: &str, name: &str) -> Self {
        let there = self.directory.locate(owner, name).expect("registered");
        Self { owner: there.owner, repository: there.repository, ..self }
    }

    /// Something happens in the repository.
    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene {
            place: Place { account: self.owner.id, repository: Some(self.repository.id), app: None },
            app: None,
            account: &self.owner,
            repository: Some(&self.repository),
            directory: &self.directory,
            public_url: "https://git.acme.test:8443",
            occurred_at: START,
            shape: self.shape,
        }
    }

    /// The messages for hooks that listen to everything.
    pub(crate) fn tell(&self, happening: &Happening) -> Vec<Draft> {
        self.tell_if(happening, &|_| true)
    }

    /// The messages for hooks that listen to what is `wanted`.
    pub(crate) fn tell_if(&self, happening: &Happening, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        (self.translate)(happening, &self.scene(), wanted)
    }

    /// No type of happening is told unless somebody wants it.
    pub(crate) fn assert_silent_for_nobody(&self) {
        for kind in Happening::types() {
            assert!(self.tell_if(&example(&kind), &|_| false).is_empty(), "{kind}");
        }
    }

    /// The body of the one message there is.
    pub(crate) fn body(&self, happening: &Happening) -> Value {
        let drafts = self.tell(happening);
        assert_eq!(drafts.len(), 1, "{:?}", keys(&drafts));
        tree(&drafts[0])
    }
}

/// An account; users have an address.
pub(crate) fn account(id: i64, kind: AccountKind, login: &str) -> Account {
    Account {
        id: AccountId(id),
        uid: Uid(Uuid::nil()),
        kind,
        login: login.to_owned(),
        name: None,
        email: (kind == AccountKind::User).then(|| format!("{login}@acme.test")),
        description: None,
        project_key: None,
        site_admin: false,
        created_at: START,
        updated_at: START,
    }
}

/// A private repository.
pub(crate) fn repository(id: i64, name: &str, owner: &Account) -> Repository {
    Repository {
        id: RepositoryId(id),
        uid: Uid(Uuid::nil()),
        owner: owner.id,
        name: name.to_owned(),
        description: None,
        homepage: None,
        default_branch: "main".to_owned(),
        private: true,
        archived: false,
        fork_of: None,
        created_at: Timestamp::from_micros(1_700_000_000_000_000),
        updated_at: START,
        pushed_at: None,
    }
}
