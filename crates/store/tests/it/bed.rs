//! A store to test, and what its cases share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use domain::attempt::{Attempt, Exchange, HookFate, Next, Settlement};
use domain::delivery::{DeliveryState, PlannedDelivery, Work};
use domain::hook::{DialectName, Hook, NewHook, SiblingRule};
use domain::id::{AccountId, HookId, RepositoryId, Uid};
use domain::ports::{Bell, ClaimDue, Clock, NewAccount, NewRepository, Store};
use domain::time::Timestamp;
use store::{Keyring, Options};
use tempfile::TempDir;
use testkit::{FakeClock, SeededEntropy, a_hook};
use uuid::Uuid;

/// The dialects a test store knows.
pub(crate) const DIALECTS: [DialectName; 2] = [DialectName("github"), DialectName("standard")];

/// Which backend.
#[derive(Clone, Copy, Debug)]
enum Backend {
    Sqlite,
}

/// A backend with an open store. Dropping it without [`Bed::close`] is a crash.
pub(crate) struct Bed {
    backend: Backend,
    dir: TempDir,
    pub(crate) clock: Arc<FakeClock>,
    entropy: Arc<SeededEntropy>,
    store: Option<Arc<dyn Store>>,
}

impl Bed {
    pub(crate) fn sqlite() -> Self {
        Self::sqlite_in(tempfile::tempdir().expect("a directory"))
    }

    /// In memory where the system has a place for that: for tests that commit very often.
    pub(crate) fn fast() -> Self {
        Self::sqlite_in(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory"))
    }

    fn sqlite_in(dir: TempDir) -> Self {
        let clock = Arc::new(FakeClock::default());
        let entropy = Arc::new(SeededEntropy::new(7));
        let mut bed = Self { backend: Backend::Sqlite, dir, clock, entropy, store: None };
        bed.store = Some(bed.open().expect("opens"));
        bed
    }

    /// Opens the database once more.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, domain::ports::StoreError> {
        self.open_at(&self.path())
    }

    pub(crate) fn open_at(&self, path: &Path) -> Result<Arc<dyn Store>, domain::ports::StoreError> {
        match self.backend {
            Backend::Sqlite => store::open(Options::new(
                format!("sqlite:{}", path.display()),
                Keyring::single(&[42; 32]),
                DIALECTS.to_vec(),
                self.clock.clone(),
                self.entropy.clone(),
            )),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("postrider.db")
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.store.as_ref().expect("open")
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Drops the store without closing it, and starts anew: epoch and recovery included. Returns what was recovered.
    pub(crate) async fn crash_and_recover(&mut self) -> u64 {
        self.store = None;
        self.store = Some(self.open().expect("opens again"));
        self.store().recover(self.now()).await.expect("recovers")
    }

    /// Closes the store in an orderly way and opens it again.
    pub(crate) async fn restart(&mut self) {
        self.store().close().await;
        self.store = None;
        self.store = Some(self.open().expect("opens again"));
    }

    /// User 1 `octo`, with repository 1 `widgets`.
    pub(crate) async fn with_repository(self) -> Self {
        let owner = self.store().create_account(a_user("octo")).await.expect("created");
        let repository = self.store().create_repository(a_repository(owner.id, "widgets")).await.expect("created");
        assert_eq!((owner.id, repository.id), (AccountId(1), RepositoryId(1)), "builders count on these");
        self
    }

    /// Repository 1 with that many hooks.
    pub(crate) async fn with_hooks(self, count: usize) -> (Self, Vec<HookId>) {
        let bed = self.with_repository().await;
        let mut hooks = Vec::new();
        for at in 0..count {
            hooks.push(bed.hook(a_hook().calling(&format!("http://receiver.test/{at}")).build()).await.id);
        }
        (bed, hooks)
    }

    pub(crate) async fn hook(&self, new: NewHook) -> Arc<Hook> {
        self.store().create_hook(new, anything_goes()).await.expect("created")
    }

    /// Claims up to `limit` due rows of one lane.
    pub(crate) async fn claim(&self, hook: HookId, limit: usize) -> Vec<Work> {
        let now = self.now();
        let claim = ClaimDue { now, lanes: vec![(hook, limit)], lease_until: now };
        self.store().claim_due(claim).await.expect("claims")
    }
}

pub(crate) fn anything_goes() -> SiblingRule {
    Arc::new(|_, _| Ok(()))
}

pub(crate) fn uid(number: u128) -> Uid {
    Uid(Uuid::from_u128(number))
}

/// A user with a name and an address.
pub(crate) fn a_user(login: &str) -> NewAccount {
    let email = Some(format!("{login}@acme.test"));
    NewAccount { uid: uid(1), name: Some("Octo Cat".to_owned()), email, ..testkit::a_user(login) }
}

/// A private repository with a description.
pub(crate) fn a_repository(owner: AccountId, name: &str) -> NewRepository {
    let description = Some("of all sizes".to_owned());
    NewRepository { uid: uid(2), description, private: true, ..testkit::a_repository(owner, name) }
}

/// An answer of that status.
pub(crate) fn answered(status: u16) -> Exchange {
    Exchange { duration: std::time::Duration::from_micros(1_500), ..testkit::answered(status) }
}

/// The attempt of a work that came to `exchange`.
pub(crate) fn attempt_of(store: &dyn Store, work: &Work, now: Timestamp, exchange: Option<Exchange>) -> Attempt {
    Attempt {
        id: store.attempt_id(now),
        delivery: work.delivery,
        event: work.outgoing.event,
        hook: work.hook,
        message: work.message,
        number: work.attempts + 1,
        redelivery: work.redelivery,
        recovered: work.recovered,
        started_at: now,
        request_head: "X-GitHub-Event: push\r\n".into(),
        exchange,
    }
}

/// What becomes of a work in the end.
pub(crate) fn ended(store: &dyn Store, work: &Work, now: Timestamp, state: DeliveryState) -> Settlement {
    let status = if state == DeliveryState::Succeeded { 200 } else { 500 };
    let attempt = attempt_of(store, work, now, Some(answered(status)));
    Settlement {
        attempt,
        next: Next::Ended { state, reason: None },
        lease: work.lease,
        hook: HookFate::Stays,
        tally: None,
        breaker: None,
    }
}

/// A failure with a retry to follow.
pub(crate) fn retried(store: &dyn Store, work: &Work, now: Timestamp, due: Timestamp) -> Settlement {
    let attempt = attempt_of(store, work, now, Some(answered(503)));
    Settlement {
        attempt,
        next: Next::RetryAt(due),
        lease: work.lease,
        hook: HookFate::Stays,
        tally: None,
        breaker: None,
    }
}

/// A bell that admits up to a number of deliveries and writes everything down.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Places left.
    pub(crate) places: Mutex<usize>,
    /// What was rung for.
    pub(crate) works: Mutex<Vec<Work>>,
    /// What was announced as due.
    pub(crate) dues: Mutex<Vec<(HookId, Timestamp)>>,
    /// What was announced as asked for by a person.
    pub(crate) asked: Mutex<Vec<(HookId, Timestamp)>>,
    /// Hooks that were edited or deleted.
    pub(crate) changes: Mutex<Vec<HookId>>,
}

impl Ledger {
    /// A bell with that many places.
    pub(crate) fn with_places(places: usize) -> Arc<Self> {
        Arc::new(Self { places: Mutex::new(places), ..Self::default() })
    }

    /// What was rung for since the last look.
    pub(crate) fn take_works(&self) -> Vec<Work> {
        std::mem::take(&mut self.works.lock().expect("whole"))
    }

    /// What was announced since the last look.
    pub(crate) fn take_dues(&self) -> Vec<(HookId, Timestamp)> {
        std::mem::take(&mut self.dues.lock().expect("whole"))
    }

    /// What a person asked for since the last look.
    pub(crate) fn take_asked(&self) -> Vec<(HookId, Timestamp)> {
        std::mem::take(&mut self.asked.lock().expect("whole"))
    }

    /// What was edited or deleted since the last look.
    pub(crate) fn take_changes(&self) -> Vec<HookId> {
        std::mem::take(&mut self.changes.lock().expect("whole"))
    }
}

impl Bell for Ledger {
    fn admit(&self, deliveries: &[PlannedDelivery], _: usize) -> Vec<bool> {
        let mut places = self.places.lock().expect("whole");
        let mut take = || {
            let free = *places > 0;
            *places -= usize::from(free);
            free
        };
        deliveries.iter().map(|_| take()).collect()
    }

    fn withdraw(&self, _: &[PlannedDelivery], _: usize, admitted: &[bool]) {
        *self.places.lock().expect("whole") += admitted.iter().filter(|admitted| **admitted).count();
    }

    fn ring(&self, work: Vec<Work>, _: usize) {
        self.works.lock().expect("whole").extend(work);
    }

    fn due(&self, hook: HookId, at: Timestamp) {
        self.dues.lock().expect("whole").push((hook, at));
    }

    fn asked(&self, hook: HookId, at: Timestamp) {
        self.asked.lock().expect("whole").push((hook, at));
    }

    fn changed(&self, hook: HookId) {
        self.changes.lock().expect("whole").push(hook);
    }
}
