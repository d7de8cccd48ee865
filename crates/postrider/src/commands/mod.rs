//! One file per verb of the command line.

mod app;
mod backup;
mod build;
mod config;
mod delivery;
mod doctor;
mod event;
mod git;
mod git_account;
mod hook;
mod hub;
mod incoming;
mod input;
mod migrate;
mod oauth_app;
mod org;
mod repo;
mod serve;
mod token;
mod trigger;
mod user;

use crate::cli::{Cli, Command};
use crate::client;

/// Does what the command line says. An error goes to standard error; the exit code is then 1.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    let global = &cli.global;
    match cli.command {
        Command::Serve(args) => serve::run(&args, global),
        Command::Config(args) => config::run(args, global),
        Command::Doctor(args) => doctor::run(args, global),
        Command::Migrate(args) => migrate::run(args, global),
        Command::Backup(args) => backup::run(args, global),
        Command::User(args) => client::run(user::run(args, global)),
        Command::Org(args) => client::run(org::run(args, global)),
        Command::Repo(args) => client::run(repo::run(args, global)),
        Command::App(args) => client::run(app::run(args, global)),
        Command::Incoming(args) => client::run(incoming::run(args, global)),
        Command::Trigger(args) => trigger::run(args, global),
        Command::Build(args) => client::run(build::run(args, global)),
        Command::OauthApp(args) => client::run(oauth_app::run(args, global)),
        Command::GitAccount(args) => client::run(git_account::run(args, global)),
        Command::Token(args) => client::run(token::run(args, global)),
        Command::Hook(args) => client::run(hook::run(args, global)),
        Command::Delivery(args) => client::run(delivery::run(args, global)),
        Command::Hub(args) => client::run(hub::run(args, global)),
        Command::Event(args) => client::run(event::run(args, global)),
        Command::Git(args) => git::run(args, global),
    }
}
