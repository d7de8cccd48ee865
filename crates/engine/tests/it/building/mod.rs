//! Builds by a command: real processes, each test with its own.

mod ending;
mod restarting;
mod running;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::ci::{Build, BuildEnd, BuildStatus, CiApp, Ended, NewBuild, Stage};
use domain::flow::builds;
use domain::ports::Clock as _;
use domain::time::Timestamp;
use engine::{BuildSettings, CommandSettings, EngineSettings, WorkFolder};
use tempfile::TempDir;
use testkit::{a_build, an_app};

use crate::world::{World, breathe};

/// A limit that only [`pass`] reaches.
const LONG: Duration = Duration::from_secs(3600);

/// A server that runs builds.
struct Shop {
    world: World,
    app: Arc<CiApp>,
    work: TempDir,
}

fn naming(app: &CiApp, build: &Build, page: &str, folder: &WorkFolder) -> Vec<(String, String)> {
    let config = folder.config.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
    [("APP", app.title.as_str()), ("NUMBER", &build.number.to_string()), ("PAGE", page), ("CONFIG", &config)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Settings for a script that a shell runs.
fn shell(work: &Path, script: &str) -> CommandSettings {
    CommandSettings {
        argv: ["sh", "-c", script].map(str::to_owned).into(),
        concurrency: 2,
        // What no test waits for, however slow the machine is.
        time_limit: LONG,
        grace: LONG,
        shutdown_grace: Duration::from_millis(100),
        work_dir: work.join("builds"),
        keep_work: false,
        inherited: vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())],
        naming,
    }
}

impl Shop {
    async fn running(script: &str) -> Self {
        Self::with(script, |_| ()).await
    }

    async fn with(script: &str, change: impl FnOnce(&mut CommandSettings)) -> Self {
        let work = tempfile::tempdir().expect("a folder");
        let mut command = shell(work.path(), script);
        change(&mut command);
        Self::over(work, BuildSettings { command: Some(command), ..BuildSettings::default() }).await
    }

    async fn over(work: TempDir, builds: BuildSettings) -> Self {
        let world = World::with(EngineSettings { builds, ..EngineSettings::default() }).await;
        let app = an_app().configured("format_version: '13'\n").build();
        let app = world.ports.store.create_ci_app(app).await.expect("created");
        Self { world, app, work }
    }

    async fn start(&self, name: &str) -> Arc<Build> {
        self.start_new(a_build(self.app.id, name)).await
    }

    async fn start_new(&self, new: NewBuild) -> Arc<Build> {
        let started = builds::start(&self.world.ports, vec![new], Vec::new()).await;
        started.expect("started").remove(0)
    }

    async fn read(&self, build: &Build) -> Arc<Build> {
        self.world.ports.store.build_by_id(build.id).await.expect("read").expect("there")
    }

    /// The build once it has ended.
    async fn ended(&self, build: &Build) -> Arc<Build> {
        loop {
            let now = self.read(build).await;
            if now.stage == Stage::Ended {
                return now;
            }
            breathe().await;
        }
    }

    /// Runs a build to its end.
    async fn run(&self, name: &str) -> Arc<Build> {
        let build = self.start(name).await;
        self.ended(&build).await
    }

    async fn log(&self, build: &Build) -> String {
        let pieces = self.world.ports.store.read_log(build.id, 0, 10_000).await.expect("read");
        pieces.into_iter().map(|piece| piece.text).collect()
    }

    /// Waits until the log contains this.
    async fn said(&self, build: &Build, text: &str) {
        while !self.log(build).await.contains(text) {
            breathe().await;
        }
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    async fn abort(&self, build: &Build, status: BuildStatus) -> Ended {
        let end = BuildEnd { status, reason: Some("not needed".to_owned()), at: self.now() };
        builds::end(&self.world.ports, build, end).await.expect("ended")
    }

    /// How many events of that type tell of this build.
    async fn told(&self, build: &Build, kind: &str) -> usize {
        let events = self.world.ports.store.events(None, None, 1_000).await.expect("read");
        events.iter().filter(|event| event.kind == kind && event.subject.as_ref() == Some(&build.slug())).count()
    }

    fn folder(&self, build: &Build) -> PathBuf {
        self.work.path().join("builds").join(build.slug())
    }
}

/// Does the process of this number live? One that only waits to be reaped does not.
fn lives(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z') && !state.starts_with('X'))
}

/// Waits until none of these processes lives: those that were killed take a moment to go.
async fn gone(all: &[String]) {
    while all.iter().any(|process| lives(process)) {
        breathe().await;
    }
}

/// Lets so much time pass for those who sleep.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// The numbers after `pid=` in a log.
fn processes(log: &str) -> Vec<String> {
    log.lines().filter_map(|line| line.strip_prefix("pid=")).map(str::to_owned).collect()
}
