//! `migrate`: brings the database to this version's schema.

use crate::cli::{Global, ServerArgs};

/// Says that this build cannot do it.
pub(crate) fn run(_args: ServerArgs, _global: &Global) -> anyhow::Result<()> {
    anyhow::bail!("`migrate` is not part of this build")
}
