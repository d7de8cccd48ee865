//! Who is told that a build was queued or has ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::BuildId;
use tokio::sync::Notify;

/// Rung by the store.
#[derive(Debug, Default)]
pub(crate) struct BuildBell {
    /// Something may be queued.
    queued: Notify,
    /// Those who run a build.
    running: Mutex<HashMap<BuildId, Arc<Notify>>>,
}

impl BuildBell {
    /// A build was queued, or has ended.
    pub(crate) fn ring(&self, build: BuildId) {
        let runner = self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&build).cloned();
        match runner {
            Some(runner) => runner.notify_one(),
            None => self.queued.notify_one(),
        }
    }

    /// Waits until something may be queued.
    pub(super) async fn queued(&self) {
        self.queued.notified().await;
    }

    /// Somebody runs that build, until what is returned goes.
    pub(super) fn attend(self: &Arc<Self>, build: BuildId) -> Attendance {
        let rung = Arc::<Notify>::default();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(build, rung.clone());
        Attendance { bell: self.clone(), build, rung }
    }
}

/// Hears what happens to a build.
#[derive(Debug)]
pub(super) struct Attendance {
    bell: Arc<BuildBell>,
    build: BuildId,
    rung: Arc<Notify>,
}

impl Attendance {
    /// Waits until something may have happened to it.
    pub(super) async fn rung(&self) {
        self.rung.notified().await;
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.bell.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.build);
    }
}
