//! `config`: looks at and checks the configuration.

use crate::cli::{ConfigCommand, Global};

/// Says that this build cannot do it.
pub(crate) fn run(_args: ConfigCommand, _global: &Global) -> anyhow::Result<()> {
    anyhow::bail!("`config` is not part of this build")
}
