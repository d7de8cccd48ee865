//! The command line (docs/cli.md): what can be typed, and nothing about what it does.

mod apps;
mod builds;
mod git;
mod git_accounts;
mod hooks;
mod hub;
mod incoming;
mod oauth_apps;
mod registry;
mod server;
mod trigger;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use apps::{AppCommand, AppEdit, NewApp};
pub(crate) use builds::{BuildCommand, NewBuild};
pub(crate) use git::{Attach, GitCommand};
pub(crate) use git_accounts::{GitAccountCommand, GitToken, NewGitAccount};
pub(crate) use hooks::{DeliveryCommand, DeliveryFilter, EventCommand, HookCommand, NewHook, PublishArgs, Retries};
pub(crate) use hub::HubCommand;
pub(crate) use incoming::{IncomingCommand, IncomingFilter};
pub(crate) use oauth_apps::{NewOAuthApp, OAuthAppCommand};
pub(crate) use registry::{
    CollaboratorCommand, MemberCommand, NewToken, OrgCommand, RepoCommand, RepoName, TokenCommand, UserCommand,
};
pub(crate) use server::{BackupArgs, ConfigCommand, ServeArgs, ServerArgs};
pub(crate) use trigger::{TriggerCommand, TriggerTestArgs};

/// A self-hosted webhook platform: publish an event once, every hook gets it in the format its receiver speaks.
#[derive(Debug, Parser)]
#[command(name = "postrider", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every verb accepts, before or after it.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Where the server is
    #[arg(long, global = true, env = "POSTRIDER_SERVER", value_name = "URL", default_value = "http://127.0.0.1:8017")]
    #[arg(help_heading = "Server")]
    pub(crate) server: String,
    /// Access token; better in the environment or a file, where other users do not see it
    #[arg(long, global = true, env = "POSTRIDER_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    #[arg(help_heading = "Server")]
    pub(crate) token: Option<String>,
    /// File that holds the access token
    #[arg(long, global = true, env = "POSTRIDER_TOKEN_FILE", value_name = "FILE", help_heading = "Server")]
    pub(crate) token_file: Option<PathBuf>,
    /// The server's data directory; without a token its admin.token is used, if readable
    #[arg(long, global = true, env = "POSTRIDER_DATA_DIR", value_name = "DIR", help_heading = "Server")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print JSON, also on a terminal
    #[arg(long, global = true, help_heading = "Server")]
    pub(crate) json: bool,
}

/// Where data is kept unless `--data-dir` says otherwise.
pub(crate) const DEFAULT_DATA_DIR: &str = "./postrider-data";

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything: APIs, engine, database
    Serve(ServeArgs),
    /// Users
    #[command(subcommand)]
    User(UserCommand),
    /// Organizations and their members
    #[command(subcommand)]
    Org(OrgCommand),
    /// Repositories and their collaborators
    #[command(subcommand)]
    Repo(RepoCommand),
    /// Apps: what is built, from where
    #[command(subcommand)]
    App(AppCommand),
    /// Requests that hooks of git hosts have sent
    #[command(subcommand)]
    Incoming(IncomingCommand),
    /// What an app's triggers start
    #[command(subcommand)]
    Trigger(TriggerCommand),
    /// Builds: start, watch and stop them
    #[command(subcommand)]
    Build(BuildCommand),
    /// OAuth applications
    #[command(subcommand)]
    OauthApp(OAuthAppCommand),
    /// Accounts at git hosts, for registering hooks there
    #[command(subcommand)]
    GitAccount(GitAccountCommand),
    /// Access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Hooks
    #[command(subcommand)]
    Hook(HookCommand),
    /// The delivery log
    #[command(subcommand)]
    Delivery(DeliveryCommand),
    /// The open hub: topics, subscriptions, log
    #[command(subcommand)]
    Hub(HubCommand),
    /// Events: publish and look up
    #[command(subcommand)]
    Event(EventCommand),
    /// Make git repositories publish their pushes
    #[command(subcommand)]
    Git(GitCommand),
    /// Look at and check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check the installation: database, counts, clock, targets
    Doctor(ServerArgs),
    /// Bring the database to this version's schema
    Migrate(ServerArgs),
    /// Copy the database to a file, also while serving
    Backup(BackupArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_forms_of_design_section_1_parse() {
        for line in [
            "serve --config f.toml --data-dir d --listen 127.0.0.1:0 --egress-allow loopback --egress-allow 10.0.0.0/8",
            "user create alice --site-admin",
            "org create acme --owner alice",
            "org member add acme bob --role owner",
            "repo create acme/widgets --private",
            "repo collaborator add acme/widgets bob --permission write",
            "app create --owner acme --repo acme/widgets --title Widgets --json",
            "app create --owner acme --repo-url git@github.com:acme/w.git --provider github --relay --public --config -",
            "app edit 0192 --no-repo --relay false --disabled true --webhook-secret-stdin",
            "app rotate-token 0192",
            "app config 0192 --set bitrise.yml",
            "hub subscriptions https://git.acme.test/acme/widgets/events/push",
            "hub log --topic https://blog.test/feed --limit 5",
            "oauth-app create --owner acme --name Ferry --redirect-uri https://a.test/ --redirect-uri http://127.0.0.1/ --json",
            "incoming list 0192 --provider github --verdict failed --status 4xx --limit 5",
            "incoming show 0192 0193",
            "incoming replay 0192 0193 --json",
            "git-account set --owner acme --host bitbucket --user alice@acme.test --token-stdin",
            "git-account set --host github --git-token t --token mine",
            "git-account list --owner acme",
            "git-account remove --owner acme --host gitlab",
            "token create --user alice --scopes repo --oauth-app 00112233445566778899",
            "token create --user alice --scopes repo,admin:repo_hook --expires 90d --json",
            "--server http://h:1 --token t hook list --repo acme/widgets",
            "hook create --org acme --dialect github --url http://r.test --events push,create --retries none",
            "delivery tail 7 --failed",
            "event publish --source /repos/acme/widgets --type acme.done --data {}",
            "build trigger 0192 --branch main --env A=b --env C=d",
            "build list 0192 --status error --limit 5",
            "build log 0193 --follow",
            "build abort 0193 --reason enough --as-success",
            "git attach acme/widgets --path w.git",
            "git post-receive",
            "git flush",
            "config check-url http://10.0.0.1/",
            "backup to.db",
        ] {
            let words = std::iter::once("postrider").chain(line.split(' '));
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }
}
