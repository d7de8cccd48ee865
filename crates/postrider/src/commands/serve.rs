//! `serve`: runs everything.

use crate::cli::{Global, ServeArgs};

/// Says that this build cannot do it.
pub(crate) fn run(_args: ServeArgs, _global: &Global) -> anyhow::Result<()> {
    anyhow::bail!("`serve` is not part of this build")
}
