//! `git`: bare repositories that publish their pushes.

use crate::cli::{GitCommand, Global};

/// Says that this build cannot do it.
#[expect(clippy::unused_async, reason = "the shape all client verbs share")]
pub(crate) async fn run(_args: GitCommand, _global: &Global) -> anyhow::Result<()> {
    anyhow::bail!("`git` is not part of this build")
}
