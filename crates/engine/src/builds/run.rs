//! One build, from its folder to its end.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use domain::ci::{Build, BuildEnd, BuildSecret, BuildStatus, CiApp, Ended, Stage};
use domain::flow::Ports;
use domain::flow::builds;
use domain::ports::StoreError;
use tokio::net::unix::pipe;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::bell::Attendance;
use super::folder::{WorkFolder, remove};
use super::log::Log;
use super::mask::Mask;
use super::process::{Process, failure};
use super::settings::CommandSettings;
use super::strays::{MARK, end_strays};
use super::transcript::Transcript;
use super::variables::Variables;

/// How often a running build is looked up, whatever the bell said (N-4).
const POLL: Duration = Duration::from_secs(1);
/// Pause before the end of a build is offered to a failing store again.
const RETRY: Duration = Duration::from_secs(1);

/// A build that was claimed.
pub(super) struct Run<'a> {
    pub(super) ports: &'a Ports,
    pub(super) settings: &'a Arc<CommandSettings>,
    pub(super) build: &'a Arc<Build>,
    pub(super) secrets: &'a [BuildSecret],
    /// Hears when somebody ended the build.
    pub(super) attendance: Attendance,
    /// The server stops.
    pub(super) stop: &'a CancellationToken,
}

/// Why a command is no longer waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// It ended by itself.
    Exit,
    /// It took too long.
    TimeLimit,
    /// Somebody ended the build.
    EndedElsewhere,
    /// The server stops.
    Shutdown,
}

impl Run<'_> {
    /// Runs it to its end.
    pub(super) async fn through(&self) {
        let slug = self.build.slug();
        let outcome = match self.ports.directory().ci_app_by_id(self.build.app) {
            Some(app) => self.command(&app, &slug).await,
            // It was deleted just now, and its builds with it.
            None => Some(failed("the app is gone")),
        };
        if let Some((status, reason)) = outcome {
            end(self.ports, self.build, status, reason).await;
        }
        if !self.settings.keep_work {
            let folder = self.settings.work_dir.join(&slug);
            if let Err(error) = blocking(move || remove(&folder)).await {
                tracing::warn!(%error, build = self.build.id.0, "the folder of build {slug} could not be removed");
            }
        }
    }

    /// Runs the command. `None`: somebody else has ended the build.
    async fn command(&self, app: &CiApp, slug: &str) -> Option<(BuildStatus, Option<String>)> {
        let mask = Mask::new(self.secrets.iter().map(|secret| secret.value.expose()));
        let mut log = Log::new(self.ports, self.build.id, Transcript::new(mask));
        let outcome = match self.start(app, slug, &mut log).await {
            Ok((process, output)) => self.attend(slug, process, &output, &mut log).await,
            Err(reason) => Some(failed(reason)),
        };
        match &outcome {
            Some((_, Some(reason))) => log.note(reason),
            Some((_, None)) => {}
            None => log.note("stopped, because the build was ended"),
        }
        log.finish().await;
        outcome
    }

    async fn start(&self, app: &CiApp, slug: &str, log: &mut Log<'_>) -> Result<(Process, pipe::Receiver), String> {
        let (work_dir, name, config) = (self.settings.work_dir.clone(), slug.to_owned(), app.config.clone());
        let folder = blocking(move || WorkFolder::make(&work_dir, &name, config.as_deref())).await;
        let folder = folder.map_err(|error| format!("the work folder could not be made: {error}"))?;
        let mut variables = Variables::new(self.platform(app, &folder));
        for given in &self.build.params.environments {
            variables.add(&given.mapped_to, &given.value, given.is_expand);
        }
        for secret in self.secrets {
            // What it became is as secret as what it was.
            if let Some(value) = variables.add(&secret.key, secret.value.expose(), secret.is_expand) {
                log.hide(value);
            }
        }
        for left_out in &variables.left_out {
            log.note(&format!("left out of the environment: {left_out}"));
        }
        let (argv, variables) = (self.settings.argv.clone(), variables.into_pairs());
        // Within the runtime, because the pipe is registered with it.
        let runtime = tokio::runtime::Handle::current();
        let started = blocking(move || {
            let _inside = runtime.enter();
            Process::start(&argv, &folder.source, &variables)
        });
        started.await.map_err(|error| match (error.kind(), self.settings.argv.first()) {
            (io::ErrorKind::NotFound, Some(program)) => format!("command not found: {program}"),
            (_, program) => format!("{} could not be started: {error}", program.map_or("the command", String::as_str)),
        })
    }

    fn platform(&self, app: &CiApp, folder: &WorkFolder) -> Vec<(String, String)> {
        let page = builds::url_of(self.ports, app, self.build);
        let mut variables = self.settings.inherited.clone();
        variables.push((MARK.to_owned(), folder.home.display().to_string()));
        variables.push(("HOME".to_owned(), folder.home.display().to_string()));
        variables.push(("TMPDIR".to_owned(), folder.tmp.display().to_string()));
        variables.extend((self.settings.naming)(app, self.build, &page, folder));
        variables
    }

    /// Stays with a command until it has ended, and all it started.
    async fn attend(
        &self,
        slug: &str,
        mut process: Process,
        output: &pipe::Receiver,
        log: &mut Log<'_>,
    ) -> Option<(BuildStatus, Option<String>)> {
        let cause = tokio::select! {
            () = log.listen(output) => Cause::Exit,
            cause = self.wait(&mut process) => cause,
        };
        if cause != Cause::Exit {
            process.ask_to_stop();
            tokio::select! {
                () = log.listen(output) => {}
                () = process.ended() => {}
                () = self.grace(cause) => {}
            }
        }
        let folder = self.settings.work_dir.join(slug);
        let finished = spawn_blocking(move || {
            let status = process.finish();
            (status, end_strays(&folder, Some(process.group())))
        });
        let (status, strays) = finished.await.unwrap_or_default();
        log.read_left(output);
        if strays > 0 {
            let processes = if strays == 1 { "process" } else { "processes" };
            log.note(&format!("ended {strays} {processes} that had left the build"));
        }
        match cause {
            Cause::Exit => Some(failure(status).map_or((BuildStatus::Success, None), failed)),
            Cause::TimeLimit => Some(failed(format!("time limit of {} reached", spoken(self.settings.time_limit)))),
            Cause::EndedElsewhere => None,
            Cause::Shutdown => Some(failed("the server was stopped while the build was running")),
        }
    }

    async fn wait(&self, process: &mut Process) -> Cause {
        tokio::select! {
            biased;
            () = process.ended() => Cause::Exit,
            () = self.ended_elsewhere() => Cause::EndedElsewhere,
            () = self.stop.cancelled() => Cause::Shutdown,
            () = sleep(self.settings.time_limit) => Cause::TimeLimit,
        }
    }

    /// How long a command that was asked to stop may go on.
    async fn grace(&self, cause: Cause) {
        let in_a_hurry = async {
            self.stop.cancelled().await;
            sleep(self.settings.shutdown_grace).await;
        };
        tokio::select! {
            () = in_a_hurry => {}
            () = sleep(self.settings.grace), if cause != Cause::Shutdown => {}
        }
    }

    /// Waits until somebody has ended the build, or it is gone with its app.
    async fn ended_elsewhere(&self) {
        loop {
            match self.ports.store.build_by_id(self.build.id).await {
                Ok(Some(build)) if build.stage != Stage::Ended => {}
                Ok(_) => return,
                Err(error) => tracing::warn!(%error, build = self.build.id.0, "a running build could not be read"),
            }
            tokio::select! {
                () = self.attendance.rung() => {}
                () = sleep(POLL) => {}
            }
        }
    }
}

fn failed(reason: impl Into<String>) -> (BuildStatus, Option<String>) {
    (BuildStatus::Error, Some(reason.into()))
}

/// Ends a build, and insists while the store is away: what was run is not run again because of it.
pub(super) async fn end(ports: &Ports, build: &Build, status: BuildStatus, reason: Option<String>) {
    let end = BuildEnd { status, reason, at: ports.clock.now() };
    loop {
        match builds::end(ports, build, end.clone()).await {
            Ok(Ended::Now(build)) => return tell(&build),
            Ok(Ended::Before(_)) | Err(StoreError::NotFound) => return,
            Err(error @ (StoreError::Busy | StoreError::Full | StoreError::Unavailable(_))) => {
                tracing::warn!(%error, build = build.id.0, "build {} could not be ended; trying again", build.uid);
                sleep(RETRY).await;
            }
            // It is still running for the store; the next start ends it.
            Err(error) => {
                tracing::error!(%error, build = build.id.0, "build {} could not be ended", build.uid);
                return;
            }
        }
    }
}

/// One line and one count for each build that ended.
pub(super) fn tell(build: &Build) {
    metrics::counter!("postrider_builds_ended_total", "status" => build.status.as_str()).increment(1);
    let took = build.finished_at.zip(build.started_at).map(|(end, start)| end.since(start).as_secs_f64());
    tracing::info!(
        build = build.id.0,
        app = build.app.0,
        number = build.number,
        status = build.status.as_str(),
        reason = build.abort_reason,
        seconds = took,
        "build {} ended: {}",
        build.uid,
        build.status.as_str()
    );
}

/// Removes what builds of an earlier process left: processes first, then folders. One that cannot be removed (files of
/// another user are in it, say) does not keep the others. Blocks.
pub(super) fn clear(settings: &CommandSettings) -> io::Result<()> {
    let entries = match fs::read_dir(&settings.work_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(build) = name.to_str().filter(|name| is_slug(name)) else { continue };
        let strays = end_strays(&entry.path(), None);
        if strays > 0 {
            tracing::info!(strays, "ended {strays} processes of build {build}, which an earlier server had started");
        }
        if !settings.keep_work
            && let Err(error) = remove(&entry.path())
        {
            tracing::warn!(%error, "the folder of build {build}, of an earlier server, could not be removed");
        }
    }
    Ok(())
}

/// Only folders that are named like a build are ours.
fn is_slug(name: &str) -> bool {
    let groups: Vec<_> = name.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && name.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
