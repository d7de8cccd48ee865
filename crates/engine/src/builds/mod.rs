//! Runs builds: claims what is queued, a few at a time, each in a folder and a process group of its own; and ends builds
//! that nobody will end any more (docs/builds.md).
//!
//! ```text
//! store ──BuildBell──► claim ──► folder ──► process ──► mask, transcript ──► log ──► store
//!   ▲                                          │
//!   └──────── ended, and told of ◄─────────────┘ exit, time limit, shutdown, or the store says it has ended
//! ```

mod bell;
mod folder;
mod log;
mod mask;
mod process;
mod run;
mod settings;
mod strays;
mod transcript;
mod variables;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::ci::{Build, BuildSecret, BuildStatus, ClaimBuild, Stage};
use domain::flow::{Ports, builds};
use domain::ports::Stored;
use futures_util::FutureExt as _;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub(crate) use bell::BuildBell;
pub use folder::WorkFolder;
pub use settings::{BuildSettings, CommandSettings, Naming};

/// How often the database is asked what is queued, whatever the bell said (N-4).
const POLL: Duration = Duration::from_secs(1);
/// How often builds are looked for that nobody speaks of any more.
const SWEEP: Duration = Duration::from_secs(60);
/// Most of them ended in one sweep.
const SWEPT: usize = 100;
/// What builds show as their executor.
const EXECUTOR: &str = "command";

/// The one who runs builds.
pub(crate) struct Builds {
    ports: Ports,
    settings: BuildSettings,
    command: Option<Arc<CommandSettings>>,
    bell: Arc<BuildBell>,
}

type Claimed = (Arc<Build>, Vec<BuildSecret>);

impl Builds {
    /// For a server whose store rings `bell`.
    pub(crate) fn new(ports: Ports, settings: BuildSettings, bell: Arc<BuildBell>) -> Self {
        let command = settings.command.clone().map(Arc::new);
        Self { ports, settings, command, bell }
    }

    /// Runs builds until `stop`, then ends those under way.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        tokio::select! {
            () = self.recover() => {}
            () = stop.cancelled() => return,
        }
        let mut running = JoinSet::new();
        // Not at once: while the server was away nobody could report to it, and those who tried do so again.
        let mut next_sweep = self.ports.clock.now().plus(SWEEP);
        while !stop.is_cancelled() {
            let now = self.ports.clock.now();
            if now >= next_sweep {
                next_sweep = now.plus(SWEEP);
                self.sweep().await;
            }
            let full = self.claim_all(&mut running, stop).await;
            metrics::gauge!("postrider_builds_running").set(u32::try_from(running.len()).unwrap_or(u32::MAX));
            tokio::select! {
                _ = running.join_next(), if !running.is_empty() => {}
                () = self.bell.queued(), if !full => {}
                () = sleep(if self.command.is_some() { POLL } else { SWEEP }) => {}
                () = stop.cancelled() => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Claims until there is no room, or nothing left. `true`: there is no room.
    async fn claim_all(&self, running: &mut JoinSet<()>, stop: &CancellationToken) -> bool {
        let Some(command) = &self.command else { return true };
        while running.len() < command.concurrency && !stop.is_cancelled() {
            match self.claim().await {
                Ok(Some(claimed)) => {
                    let (ports, command, bell) = (self.ports.clone(), command.clone(), self.bell.clone());
                    let stop = stop.clone();
                    running.spawn(async move { see_through(&ports, &command, &bell, claimed, &stop).await });
                }
                Ok(None) => return false,
                Err(error) => {
                    tracing::warn!(%error, "builds could not be claimed");
                    return false;
                }
            }
        }
        true
    }

    async fn claim(&self) -> Stored<Option<Claimed>> {
        let now = self.ports.clock.now();
        let claim = ClaimBuild { apps: None, only: None, executor: EXECUTOR.to_owned(), local: true, now };
        self.ports.store.claim_build(claim).await
    }

    /// Clears up after an earlier process, before anything is claimed: its builds have failed.
    async fn recover(&self) {
        if let Some(command) = self.command.clone()
            && let Ok(Err(error)) = spawn_blocking(move || run::clear(&command)).await
        {
            tracing::warn!(%error, "folders of earlier builds could not be removed");
        }
        loop {
            match builds::end_orphans(&self.ports).await {
                Ok(ended) => return ended.iter().for_each(|build| run::tell(build)),
                Err(error) => tracing::error!(%error, "builds of an earlier process could not be ended; trying again"),
            }
            sleep(POLL).await;
        }
    }

    /// Ends builds that nobody has reported on for too long. What waits for this server's own command may wait.
    pub(crate) async fn sweep(&self) {
        let now = self.ports.clock.now();
        let since = now.minus(self.settings.external_timeout);
        let silent = match self.ports.store.silent_builds(since, self.command.is_some(), SWEPT).await {
            Ok(silent) => silent,
            Err(error) => return tracing::warn!(%error, "silent builds could not be looked for"),
        };
        for build in silent {
            let reason = match build.stage {
                Stage::Queued => "no executor took the build in time",
                Stage::Running | Stage::Ended => "the executor was not heard of any more",
            };
            run::end(&self.ports, &build, BuildStatus::Error, Some(reason.to_owned())).await;
        }
    }
}

/// Runs a build. A panic costs this build, as it does a delivery (D-13).
async fn see_through(
    ports: &Ports,
    settings: &Arc<CommandSettings>,
    bell: &Arc<BuildBell>,
    (build, secrets): Claimed,
    stop: &CancellationToken,
) {
    let attendance = bell.attend(build.id);
    let run = run::Run { ports, settings, build: &build, secrets: &secrets, attendance, stop };
    if AssertUnwindSafe(run.through()).catch_unwind().await.is_err() {
        tracing::error!(build = build.id.0, "build {} panicked", build.uid);
        run::end(ports, &build, BuildStatus::Error, Some("internal error".to_owned())).await;
    }
}
