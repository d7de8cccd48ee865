//! `migrate`: brings the database to this version's schema. `serve` does the same at start.

use crate::cli::{Global, ServeArgs, ServerArgs};
use crate::commands::serve;
use crate::{client, data_dir, wire};

/// Opens the database, which migrates it, and closes it again.
pub(crate) fn run(args: ServerArgs, global: &Global) -> anyhow::Result<()> {
    let serve_args = ServeArgs { server_args: args, ..ServeArgs::default() };
    let config = serve::load(&serve_args, global)?;
    data_dir::prepare(&config.server.data_dir)?;
    client::run(async {
        wire::open_alone(&config).await?.close().await;
        println!("the database is at this version's schema");
        Ok(())
    })
}
