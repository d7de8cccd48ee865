//! Reader threads: each with a connection of its own, sharing one bounded queue of views.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use domain::ports::{StoreError, Stored};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Done, Failure};

/// Views that may wait.
const MAX_WAITING: usize = 1_024;

type View = Box<dyn FnOnce(&mut Connection) + Send>;

/// The pool.
pub(crate) struct Readers {
    /// `None` once closed.
    views: Mutex<Option<SyncSender<View>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// One thread for each connection.
    pub(crate) fn start(connections: Vec<Connection>) -> std::io::Result<Self> {
        let (views, waiting) = sync_channel::<View>(MAX_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let start = |mut conn: Connection| {
            let waiting = waiting.clone();
            let serve = move || {
                while let Some(view) = next(&waiting) {
                    view(&mut conn);
                }
            };
            std::thread::Builder::new().name("store-reader".to_owned()).spawn(serve)
        };
        let threads = connections.into_iter().map(start).collect::<Result<_, _>>()?;
        Ok(Self { views: Mutex::new(Some(views)), threads: Mutex::new(threads) })
    }

    /// Runs a view in one read transaction, so that all its queries see the same moment.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        view: impl FnOnce(&Connection) -> Done<T> + Send + 'static,
    ) -> Stored<T> {
        let (reply, answer) = oneshot::channel();
        let run = move |conn: &mut Connection| {
            let look = |conn: &mut Connection| -> Done<T> { view(&*conn.transaction()?) };
            let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(conn)));
            let panicked = || Err(Failure::Store(StoreError::Unavailable("the view panicked".to_owned())));
            drop(reply.send(seen.unwrap_or_else(|_| panicked()).map_err(Failure::told)));
        };
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        {
            let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
            match views.as_ref().ok_or_else(closed)?.try_send(Box::new(run)) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => return Err(StoreError::Busy),
                Err(TrySendError::Disconnected(_)) => return Err(closed()),
            }
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Finishes the views that wait, then ends the threads.
    pub(crate) fn stop(&self) {
        drop(self.views.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            drop(thread.join());
        }
    }
}

/// The next view; `None` when no more can come.
fn next(waiting: &Mutex<Receiver<View>>) -> Option<View> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
