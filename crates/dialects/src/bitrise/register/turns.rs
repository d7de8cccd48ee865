//! One registration of an app at a time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use domain::id::Uid;
use futures_util::lock::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Apps that are being registered. One for the process, as surfaces are built more than once in it.
static UNDER_WAY: LazyLock<Mutex<HashMap<Uid, Arc<AsyncMutex<()>>>>> = LazyLock::new(Mutex::default);

/// Waits until nobody else registers that app; others wait while the guard lives. Whoever is at it has a deadline, so the
/// wait has one, too.
pub(super) async fn wait(app: Uid) -> OwnedMutexGuard<()> {
    let turn = {
        let mut apps = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
        apps.retain(|_, turn| Arc::strong_count(turn) > 1);
        apps.entry(app).or_default().clone()
    };
    turn.lock_owned().await
}
