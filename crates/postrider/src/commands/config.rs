//! `config`: looks at and checks the configuration.

use anyhow::ensure;
use domain::rules::target::TargetUrl;

use crate::cli::{ConfigCommand, Global, ServeArgs};
use crate::commands::serve;

/// Shows it, checks it, or explains what it says about a URL.
pub(crate) fn run(command: ConfigCommand, global: &Global) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Show(args) => show(&args, global),
        ConfigCommand::Check(args) => {
            serve::load(&args, global)?;
            println!("the configuration is valid");
            Ok(())
        }
        ConfigCommand::CheckUrl(args) => check_url(&args.url, &args.serve, global),
    }
}

fn show(args: &ServeArgs, global: &Global) -> anyhow::Result<()> {
    let config = serve::load(args, global)?;
    if global.json {
        println!("{}", serde_json::to_string_pretty(&config.masked())?);
    } else {
        print!("{}", config.show()?);
    }
    Ok(())
}

/// Explains a decision of the address guard (E-9). Names are not resolved here: the answers they get when a delivery is
/// made decide then.
fn check_url(text: &str, args: &ServeArgs, global: &Global) -> anyhow::Result<()> {
    let config = serve::load(args, global)?;
    let policy = config.egress.policy(&[config.server.listen.parse()?])?;
    let url = TargetUrl::parse(text)?;
    let verdict = policy.check_url(&url);
    ensure!(verdict.is_ok(), "refused: {}", verdict.err().map(|refusal| refusal.to_string()).unwrap_or_default());
    println!("allowed; if it has a name, every address it resolves to is checked when a delivery is made");
    Ok(())
}
