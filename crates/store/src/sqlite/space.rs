//! Room on the disk: publishing is refused before the last of it is gone (D-7), so that results of deliveries under way
//! can still be written.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// How much room must be left for publishing to go on: the larger of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskFloor {
    /// Bytes.
    pub bytes: u64,
    /// Parts of a hundred of the whole disk.
    pub percent: u64,
}

impl Default for DiskFloor {
    fn default() -> Self {
        Self { bytes: 256 * 1024 * 1024, percent: 2 }
    }
}

/// What is known about the disk under the database. Looked at once a second.
#[derive(Debug)]
pub(crate) struct Space {
    folder: PathBuf,
    floor: DiskFloor,
    low: AtomicBool,
}

impl Space {
    /// The disk under `database`, looked at once.
    pub(crate) fn new(database: &Path, floor: DiskFloor) -> Self {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let space = Self { folder, floor, low: AtomicBool::new(false) };
        space.look();
        space
    }

    /// Is there too little room to accept more?
    pub(crate) fn is_low(&self) -> bool {
        self.low.load(Ordering::Relaxed)
    }

    /// Looks again. A disk that cannot be asked counts as roomy: SQLite says so itself when it is full.
    pub(crate) fn look(&self) {
        let Ok(disk) = rustix::fs::statvfs(&self.folder) else { return };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let floor = self.floor.bytes.max(disk.f_blocks.saturating_mul(disk.f_frsize) / 100 * self.floor.percent);
        #[expect(clippy::cast_precision_loss, reason = "a gauge; exact to 2^53 bytes")]
        metrics::gauge!("postrider_disk_free_bytes").set(free as f64);
        let low = free < floor;
        if low != self.low.swap(low, Ordering::Relaxed) {
            if low {
                tracing::error!(free, floor, "the disk is nearly full: publishing is refused");
            } else {
                tracing::info!(free, floor, "there is room on the disk again: publishing goes on");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_low(bytes: u64, percent: u64) -> bool {
        Space::new(Path::new("postrider.db"), DiskFloor { bytes, percent }).is_low()
    }

    #[test]
    fn d7_the_larger_floor_counts() {
        assert!(!is_low(0, 0));
        assert!(is_low(u64::MAX, 0), "no disk is that large");
        assert!(is_low(0, 101), "more than all of it");
    }
}
