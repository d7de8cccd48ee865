//! Payloads as receivers see them.
//!
//! The goldens under `bitbucket_dc/fixtures/` are what the examples of `docs/events/` become. To write them anew:
//! `UPDATE_GOLDENS=1 cargo nextest run -p dialects bitbucket_dc`.

mod goldens;
mod pushes;
mod rules;
mod trees;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::account::{Account, AccountKind, Repository};
use domain::canonical::{Happening, PullRequestEvent, Push, RepositoryEvent};
use domain::dialect::{Draft, Scene, Shape};
use domain::directory::{Change, Directory};
use domain::event::Place;
use domain::id::{AccountId, RepositoryId, Uid};
use domain::time::Timestamp;
use serde_json::Value;
use testkit::START;
use uuid::Uuid;

use super::dates::{EPOCH, ISO};

/// The organization acme (project WHEELS) owns widgets; ravi has a fork of it in a personal project; mona has an account,
/// kim has none.
struct World {
    directory: Directory,
    owner: Arc<Account>,
    repository: Arc<Repository>,
}

pub(in crate::bitbucket_dc) fn account(id: i64, kind: AccountKind, login: &str) -> Account {
    let user = kind == AccountKind::User;
    Account {
        id: AccountId(id),
        uid: Uid(Uuid::nil()),
        kind,
        login: login.to_owned(),
        name: user.then(|| format!("{}{} Example", login[..1].to_uppercase(), &login[1..])),
        email: user.then(|| format!("{login}@acme.test")),
        description: (!user).then(|| "Moving parts".to_owned()),
        project_key: None,
        site_admin: false,
        created_at: START,
        updated_at: START,
    }
}

pub(in crate::bitbucket_dc) fn repository(id: i64, name: &str, owner: &Account) -> Repository {
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

impl World {
    fn new() -> Self {
        let project_key = Some("WHEELS".to_owned());
        let owner = Arc::new(Account { project_key, ..account(1, AccountKind::Organization, "acme") });
        let ravi = Arc::new(account(3, AccountKind::User, "ravi"));
        let description = Some("Parts that move".to_owned());
        let widgets = Arc::new(Repository { description, ..repository(10, "widgets", &owner) });
        let fork = Repository { fork_of: Some(widgets.id), ..repository(11, "widgets", &ravi) };
        let directory = Directory::default();
        directory.apply([
            Change::Account(owner.clone()),
            Change::Account(Arc::new(account(2, AccountKind::User, "mona"))),
            Change::Account(ravi),
            Change::Repository(widgets.clone()),
            Change::Repository(Arc::new(fork)),
        ]);
        Self { directory, owner, repository: widgets }
    }

    fn scene(&self, shape: Shape) -> Scene<'_> {
        Scene {
            place: Place { account: self.owner.id, repository: Some(self.repository.id) },
            account: &self.owner,
            repository: Some(&self.repository),
            directory: &self.directory,
            public_url: "https://git.acme.test:8443",
            occurred_at: START,
            shape,
        }
    }

    /// The messages for hooks that listen to everything, with dates as numbers.
    fn tell(&self, happening: &Happening) -> Vec<Draft> {
        super::translate(happening, &self.scene(EPOCH), &|_| true)
    }

    /// The same with dates as text.
    fn tell_iso(&self, happening: &Happening) -> Vec<Draft> {
        super::translate(happening, &self.scene(ISO), &|_| true)
    }

    /// The body of the one message there is.
    fn body(&self, happening: &Happening) -> Value {
        let drafts = self.tell(happening);
        assert_eq!(drafts.len(), 1, "{:?}", names(&drafts));
        tree(&drafts[0])
    }
}

/// The example of a canonical type.
fn example(kind: &str) -> Happening {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events");
    let data = std::fs::read(folder.join(format!("{kind}.json"))).expect("an example");
    Happening::parse(kind, &data).expect("a canonical type").expect("a valid example")
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

/// A message's body as a tree.
fn tree(draft: &Draft) -> Value {
    serde_json::from_slice(&draft.body).expect("JSON")
}

/// The event key of each message.
fn names(drafts: &[Draft]) -> Vec<&str> {
    drafts.iter().map(|draft| &*draft.kind).collect()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bitbucket_dc/fixtures")
}
