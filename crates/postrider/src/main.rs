//! Postrider: a self-hosted webhook platform in one binary.
//!
//! Parses the command line and hands over to [`commands`]; each verb is one file there.

mod cli;
mod client;
mod commands;
mod config;
mod data_dir;
mod git;
mod logging;
mod machine;
mod output;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;

/// Deliveries are many small allocations on several threads; this allocator halves their cost (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("postrider: {error:#}");
            ExitCode::FAILURE
        }
    }
}
