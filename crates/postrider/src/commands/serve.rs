//! `serve`: runs everything.

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::{Global, ServeArgs};
use crate::config::Config;
use crate::wire::{self, Wired};
use crate::{data_dir, logging};

/// Reads the configuration and serves until SIGTERM or SIGINT (N-8).
pub(crate) fn run(args: &ServeArgs, global: &Global) -> anyhow::Result<()> {
    let config = load(args, global)?;
    logging::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(&config))
}

/// The configuration in force for these arguments.
pub(crate) fn load(args: &ServeArgs, global: &Global) -> anyhow::Result<Config> {
    let overrides = args.overrides(global)?;
    Config::load(args.server_args.config.as_deref(), overrides)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    data_dir::prepare(&config.server.data_dir)?;
    let listener = tokio::net::TcpListener::bind(&config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let address = listener.local_addr()?;
    let Wired { ports, engine, service, operations } = wire::assemble(config, address).await?;
    let first = data_dir::first_admin(&config.server.data_dir, &ports).await?;
    greet(config, address, first);

    let stop = CancellationToken::new();
    let serving = tokio::spawn(web::serve(listener, service, web::Limits::default(), stop.clone()));
    let asked = stop_signal()?;
    asked.await;
    tracing::info!("stopping: finishing what is in flight");
    tokio::spawn(second_signal());
    operations.leave();
    stop.cancel();
    serving.await?;
    engine.shutdown().await;
    wire::note_token_uses(&*ports.store).await;
    ports.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Says where everything is. Scripts wait for the `listening` line.
fn greet(config: &Config, address: std::net::SocketAddr, first: bool) {
    let token = config.server.data_dir.join("admin.token");
    if first {
        println!("made the user `admin`; its token is in {}", token.display());
        println!("next: postrider org create acme, then postrider repo create acme/widgets (see README.md)");
    }
    for rule in &config.egress.allow {
        println!("deliveries may also go to: {rule}");
    }
    println!("listening on http://{address}");
}

/// Completes at the first SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A second signal ends the process at once; recovery covers what was under way (N-8).
async fn second_signal() {
    if let Ok(again) = stop_signal() {
        again.await;
        std::process::exit(1);
    }
}
