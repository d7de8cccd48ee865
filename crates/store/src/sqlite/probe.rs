//! How long the disk takes to sync (D-3): every accept waits for it.

use std::fs::{File, remove_file};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::ports::Clock;

/// Syncs timed.
const SYNCS: usize = 20;
/// Above this median the operator is warned.
const SLOW: Duration = Duration::from_millis(20);

/// Times some syncs of a small file beside the database; logs and exports the median.
pub(crate) fn probe_syncs(database: &Path, clock: &dyn Clock) {
    let mut path = database.as_os_str().to_owned();
    path.push(".probe");
    let path = PathBuf::from(path);
    let timed = time_syncs(&path, clock);
    drop(remove_file(&path));
    match timed {
        Ok(median) => {
            metrics::gauge!("postrider_store_sync_seconds").set(median.as_secs_f64());
            if median > SLOW {
                tracing::warn!(?median, "the disk is slow: a sync takes {median:?}, and every publish waits for one");
            } else {
                tracing::info!(?median, "a sync of the disk takes {median:?}");
            }
        }
        Err(error) => tracing::warn!(%error, "the disk's sync time could not be measured: {error}"),
    }
}

fn time_syncs(path: &Path, clock: &dyn Clock) -> std::io::Result<Duration> {
    let mut file = File::create(path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let began = clock.monotonic();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(clock.monotonic().saturating_sub(began));
    }
    times.sort_unstable();
    Ok(times[SYNCS / 2])
}
