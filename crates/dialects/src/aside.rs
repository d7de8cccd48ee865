//! Work that takes long, beside the requests of others.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Texts of more bytes than this take long enough to read that others should not wait for it.
pub(crate) const LARGE: usize = 64 * 1024;

/// Does some work; if it is heavy, whatever else this thread has to do goes on elsewhere meanwhile. For what computes: it
/// must not wait.
pub(crate) fn aside<T>(heavy: bool, work: impl FnOnce() -> T) -> T {
    let can = || Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if heavy && can() { block_in_place(work) } else { work() }
}
