//! `backup`: copies the database, also while a server runs on it.

use anyhow::{Context, ensure};

use crate::cli::{BackupArgs, Global, ServeArgs};
use crate::commands::serve;

/// Writes a copy of the database to a new file, consistent as of one moment.
pub(crate) fn run(args: BackupArgs, global: &Global) -> anyhow::Result<()> {
    let serve_args = ServeArgs { server_args: args.server_args, ..ServeArgs::default() };
    let config = serve::load(&serve_args, global)?;
    ensure!(!args.to.exists(), "{} exists", args.to.display());
    let url = config.server.database_url();
    store::backup(&url, &args.to).with_context(|| format!("cannot copy {url}"))?;
    println!("copied the database to {}", args.to.display());
    println!("its secrets can be read only with {}", config.server.data_dir.join("keys").display());
    Ok(())
}
