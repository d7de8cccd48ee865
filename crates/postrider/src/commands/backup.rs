//! `backup`: copies the database.

use crate::cli::{BackupArgs, Global};

/// Says that this build cannot do it.
pub(crate) fn run(_args: BackupArgs, _global: &Global) -> anyhow::Result<()> {
    anyhow::bail!("`backup` is not part of this build")
}
