//! The embedded backend: one file, one process, one writer thread.

mod accounts;
mod applications;
mod attempts;
mod breakers;
mod build_lists;
mod build_logs;
mod build_requests;
mod builds;
mod checkpoint;
mod ci;
mod ci_apps;
mod codes;
mod connect;
mod devices;
mod events;
mod filesystem;
mod fresh;
mod git_accounts;
mod grants;
mod hooks;
mod inbox;
mod incoming;
mod jobs;
mod migrate;
mod notes;
mod probe;
mod queue;
mod readers;
mod recover;
mod repositories;
mod rows;
mod sessions;
mod settle;
pub(crate) mod space;
mod streams;
mod tally;
mod tasks;
#[cfg(test)]
mod tests;
mod tokens;
mod topics;
mod views;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use async_trait::async_trait;
use domain::directory::Directory;
use domain::hook::DialectName;
use domain::id::{ID_STRIDE, IdSource};
use domain::ports::{Bell, Clock, Store, StoreError, Stored};
use rusqlite::Connection;

use self::checkpoint::Checkpoints;
use self::connect::{Role, check_library, connect, lock};
use self::fresh::Fresh;
use self::inbox::{Care, Inbox, Terms};
use self::readers::Readers;
use self::space::Space;
use self::writer::Writer;
use crate::error::{Done, Failure};
use crate::options::{Fatal, Options};
use crate::vault::Vault;

/// Connections that serve views.
const READERS: usize = 3;

/// What the store's threads share.
pub(crate) struct Shared {
    /// Accounts, repositories, tokens and hooks in memory.
    pub(crate) directory: Arc<Directory>,
    /// Event, delivery and attempt ids.
    pub(crate) ids: IdSource,
    /// Secrets at rest.
    pub(crate) vault: Vault,
    /// The dialects in use.
    pub(crate) dialects: Vec<DialectName>,
    /// For measuring only.
    pub(crate) clock: Arc<dyn Clock>,
    /// Told when the disk fails.
    pub(crate) fatal: Fatal,
    /// Signals to the checkpoint thread.
    pub(crate) checkpoints: Arc<Checkpoints>,
    /// Room on the disk.
    pub(crate) space: Arc<Space>,
    bell: RwLock<Option<Arc<dyn Bell>>>,
}

impl Shared {
    /// The engine, once connected.
    pub(crate) fn bell(&self) -> Option<Arc<dyn Bell>> {
        self.bell.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An open SQLite database.
pub(crate) struct Sqlite {
    /// See [`Shared`].
    pub(crate) shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    readers: Readers,
    path: PathBuf,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Holds other processes off; released last.
    lock: Mutex<Option<File>>,
}

/// Opens or creates the database file.
pub(crate) fn open(path: PathBuf, options: Options) -> Result<Sqlite, StoreError> {
    try_open(path, options).map_err(Failure::told)
}

fn try_open(path: PathBuf, options: Options) -> Done<Sqlite> {
    check_library()?;
    if let Some(kind) = filesystem::network_type(&path) {
        let reason = format!("{} is on a network file system ({kind}), which can lose data", path.display());
        return Err(StoreError::Unavailable(reason).into());
    }
    let lock = lock(&path)?;
    if options.probe_syncs {
        probe::probe_syncs(&path, &*options.clock);
    }
    let mut conn = connect(&path, Role::Writer)?;
    migrate::migrate(&mut conn, options.clock.now())?;
    let (epoch, mark) =
        conn.query_row("SELECT epoch, fresh_mark FROM node", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (last_event, floor) = highest_ids(&conn)?;
    let checkpoints = Arc::new(Checkpoints::default());
    let hook_signal = checkpoints.clone();
    conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
        hook_signal.committed(usize::try_from(pages).unwrap_or(0));
        Ok(())
    }))?;
    let space = Arc::new(Space::new(&path, options.disk_floor));
    let shared = Arc::new(Shared {
        directory: Arc::default(),
        ids: IdSource::new(options.node, floor),
        vault: Vault::new(options.keyring, options.entropy),
        dialects: options.dialects,
        clock: options.clock,
        fatal: options.fatal,
        checkpoints: checkpoints.clone(),
        space: space.clone(),
        bell: RwLock::default(),
    });
    let mut changes = accounts::load(&conn)?;
    changes.extend(repositories::load(&conn)?);
    changes.extend(applications::load(&conn)?);
    changes.extend(ci_apps::load(&conn, &shared)?);
    changes.extend(tokens::load(&conn)?);
    changes.extend(topics::load(&conn)?);
    changes.extend(hooks::load(&conn, &shared)?);
    shared.directory.apply(changes);

    let inbox = Arc::new(Inbox::new());
    let fresh = Fresh::new(epoch, mark, last_event);
    let writer = Writer { conn, shared: shared.clone(), inbox: inbox.clone(), fresh };
    let connections = (0..READERS).map(|_| connect(&path, Role::Reader)).collect::<Done<_>>()?;
    let readers = Readers::start(connections).map_err(no_thread)?;
    let keeper = checkpoint::start(&path, checkpoints, space)?.map_err(no_thread)?;
    let builder = std::thread::Builder::new().name("store-writer".to_owned());
    let writer = builder.spawn(move || writer.run()).map_err(no_thread)?;
    let threads = Mutex::new(vec![writer, keeper]);
    Ok(Sqlite { shared, inbox, readers, path, threads, lock: Mutex::new(Some(lock)) })
}

/// The newest event, and the highest id given out as far as the database knows.
fn highest_ids(conn: &Connection) -> Done<(i64, i64)> {
    let newest = "SELECT id, planned FROM events ORDER BY id DESC LIMIT 1";
    let mut statement = conn.prepare(newest)?;
    let newest = statement.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
    let (event, planned) = match newest {
        Err(rusqlite::Error::QueryReturnedNoRows) => (0, 0),
        found => found?,
    };
    let others = "SELECT max(coalesce((SELECT max(id) FROM attempts), 0),
                             coalesce((SELECT max(delivery_id) FROM queue), 0),
                             coalesce((SELECT max(delivery_id) FROM redeliveries), 0))";
    let others: i64 = conn.query_row(others, [], |row| row.get(0))?;
    Ok((event, others.max(event + planned * ID_STRIDE)))
}

#[expect(clippy::needless_pass_by_value, reason = "the argument of `map_err`")]
fn no_thread(error: std::io::Error) -> Failure {
    Failure::Store(StoreError::Unavailable(format!("cannot start a thread: {error}")))
}

impl Sqlite {
    /// A change of the registry: rare, so it gets its own savepoint.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut writer::Tx<'_>) -> Done<T> + Send + 'static,
    ) -> Stored<T> {
        self.inbox.ask(Terms { bytes: 0, care: Care::Savepoint, essential: false }, work).await
    }

    /// A view.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        view: impl FnOnce(&Connection) -> Done<T> + Send + 'static,
    ) -> Stored<T> {
        self.readers.read(view).await
    }

    /// Joins the threads and lets the next process in. The inbox must have ended before.
    fn stop(&self) {
        self.readers.stop();
        self.shared.checkpoints.stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            drop(thread.join());
        }
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Sqlite {
    /// Without [`Store::close`] this is like a crash: what waits is dropped, unanswered.
    fn drop(&mut self) {
        self.inbox.shut("the store is closed");
        self.stop();
    }
}

#[async_trait]
impl Store for Sqlite {
    fn directory(&self) -> &Arc<Directory> {
        &self.shared.directory
    }

    fn set_bell(&self, bell: Arc<dyn Bell>) {
        *self.shared.bell.write().unwrap_or_else(PoisonError::into_inner) = Some(bell);
    }

    async fn check(&self) -> Stored<()> {
        self.change(|_| Ok(())).await
    }

    async fn backup(&self, to: &Path) -> Stored<()> {
        let (from, to) = (self.path.clone(), to.to_owned());
        on_thread("store-backup", move || backup(&from, &to)).await?
    }

    async fn close(&self) {
        self.inbox.drain();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.checkpoints.stop();
        let joined = on_thread("store-close", move || threads.into_iter().for_each(|thread| drop(thread.join()))).await;
        if joined.is_err() {
            tracing::warn!("the writer was not awaited");
        }
        self.stop();
    }
}

/// Copies the database file `from` to a new file, as of one moment. Takes no lock that a writer would notice.
pub(crate) fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
    let copy = || -> Done<()> {
        let conn = connect(from, Role::Keeper)?;
        conn.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
        let synced = File::open(to).and_then(|file| file.sync_all());
        synced.map_err(|error| StoreError::Unavailable(format!("the copy was not synced: {error}")))?;
        Ok(())
    };
    copy().map_err(Failure::told)
}

/// Runs something slow on a thread of its own.
async fn on_thread<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> Stored<T> {
    let (reply, answer) = tokio::sync::oneshot::channel();
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || drop(reply.send(work())));
    spawned.map_err(no_thread).map_err(Failure::told)?;
    answer.await.map_err(|_| StoreError::Unavailable(format!("{name} did not finish")))
}
