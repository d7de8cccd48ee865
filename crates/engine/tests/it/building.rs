//! Builds by a command: real processes, each test with its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::ci::{
    Build, BuildEnd, BuildFilter, BuildSecret, BuildStatus, CiApp, ClaimBuild, Ended, Environment, MAX_LOG, NewBuild,
    Stage,
};
use domain::flow::builds;
use domain::secret::Secret;
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

    async fn abort(&self, build: &Build, status: BuildStatus) -> Ended {
        let end = BuildEnd { status, reason: Some("not needed".to_owned()), at: self.world.clock.now_() };
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

/// The clock's time, in fewer words.
trait Now {
    fn now_(&self) -> domain::time::Timestamp;
}

impl Now for testkit::FakeClock {
    fn now_(&self) -> domain::time::Timestamp {
        domain::ports::Clock::now(self)
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

#[tokio::test]
async fn a_command_that_exits_with_0_is_a_success_told_of_once() {
    let shop = Shop::running("echo out; echo err >&2; cat \"$CONFIG\"; echo \"$APP $NUMBER\"").await;
    let build = shop.run("one").await;
    assert_eq!((build.status, build.abort_reason.as_deref()), (BuildStatus::Success, None));
    assert_eq!(build.executor.as_deref(), Some("command"));
    assert_eq!(shop.log(&build).await, "out\nerr\nformat_version: '13'\nRocket 1\n");
    assert_eq!((shop.told(&build, "build.triggered").await, shop.told(&build, "build.finished").await), (1, 1));
    while shop.folder(&build).exists() {
        breathe().await;
    }
}

#[tokio::test]
async fn a_command_that_fails_or_is_missing_says_why() {
    let shop = Shop::running("echo no; exit 3").await;
    let build = shop.run("one").await;
    assert_eq!((build.status, build.abort_reason.as_deref()), (BuildStatus::Error, Some("exit code 3")));
    assert_eq!(shop.log(&build).await, "no\npostrider: exit code 3\n");

    let shop = Shop::running("kill -9 $$").await;
    assert_eq!(shop.run("one").await.abort_reason.as_deref(), Some("ended by signal 9"));

    let shop = Shop::with("", |command| command.argv = vec!["no-such-program".to_owned()]).await;
    let build = shop.run("one").await;
    assert_eq!(build.abort_reason.as_deref(), Some("command not found: no-such-program"));
    assert_eq!(shop.told(&build, "build.finished").await, 1);
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_stopped_and_killed_when_it_does_not_heed() {
    let gentle = "trap 'echo stopping; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let limit = |command: &mut CommandSettings| command.time_limit = LONG;
    let shop = Shop::with(gentle, limit).await;
    let build = shop.start("one").await;
    shop.said(&build, "ready").await;
    pass(LONG).await;
    let build = shop.ended(&build).await;
    assert_eq!(build.status, BuildStatus::Error);
    assert_eq!(build.abort_reason.as_deref(), Some("time limit of 60 min reached"));
    let log = shop.log(&build).await;
    // Between these a shell may say what became of its own children.
    assert!(log.starts_with("ready\n") && log.contains("stopping\npostrider: time limit of 60 min"), "{log}");

    let deaf = "trap '' TERM; echo pid=$$; while :; do sleep 0.05; done";
    let shop = Shop::with(deaf, |command| {
        limit(command);
        command.grace = Duration::from_millis(100);
    });
    let shop = shop.await;
    let build = shop.start("one").await;
    shop.said(&build, "pid=").await;
    pass(LONG).await;
    assert_eq!(shop.ended(&build).await.status, BuildStatus::Error);
    gone(&processes(&shop.log(&build).await)).await;
}

#[tokio::test]
async fn an_abort_ends_the_whole_process_group_and_those_who_left_it() {
    let script = "echo pid=$$
        sh -c 'echo pid=$$; sleep 1000 & echo pid=$!; wait' &
        setsid sh -c 'echo pid=$$; trap \"\" TERM; exec sleep 1000' &
        trap '' TERM
        wait; wait; sleep 1000";
    let shop = Shop::with(script, |command| command.grace = Duration::from_millis(200)).await;
    let build = shop.start("one").await;
    while processes(&shop.log(&build).await).len() < 4 {
        breathe().await;
    }
    let all = processes(&shop.log(&build).await);
    assert!(all.iter().all(|process| lives(process)));
    assert!(matches!(shop.abort(&build, BuildStatus::Aborted).await, Ended::Now(_)));
    shop.said(&build, "stopped, because the build was ended").await;
    gone(&all).await;
    let build = shop.read(&build).await;
    assert_eq!((build.status, build.abort_reason.as_deref()), (BuildStatus::Aborted, Some("not needed")));
    assert_eq!(shop.told(&build, "build.finished").await, 1);
}

#[tokio::test]
async fn what_a_successful_build_leaves_running_is_ended() {
    let shop = Shop::running("sleep 1000 & echo pid=$!; setsid sleep 1000 & echo pid=$!; sleep 0.1").await;
    let build = shop.run("one").await;
    assert_eq!(build.status, BuildStatus::Success);
    let all = processes(&shop.log(&build).await);
    assert_eq!(all.len(), 2);
    gone(&all).await;
}

#[tokio::test]
async fn only_what_left_a_build_is_said_to_have_left_it() {
    let shop = Shop::running("for n in 1 2 3 4 5; do sleep 1000 & done; echo ok").await;
    let build = shop.run("one").await;
    assert_eq!(shop.log(&build).await, "ok\n");
}

#[tokio::test]
async fn no_more_builds_run_at_once_than_may() {
    let work = tempfile::tempdir().expect("a folder");
    let gate = work.path().join("gate");
    fs::create_dir(&gate).expect("made");
    // The shell counts by itself: `ls` complains when another build takes its file away while it looks.
    let script = format!(
        "cd {}; touch here.$NUMBER; set -- here.*; echo $#; while [ ! -e open ]; do sleep 0.02; done; rm here.$NUMBER",
        gate.display()
    );
    let command = shell(work.path(), &script);
    let shop = Shop::over(work, BuildSettings { command: Some(command), ..BuildSettings::default() }).await;
    let mut builds = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        builds.push(shop.start(name).await);
    }
    let here = || fs::read_dir(&gate).expect("reads").count();
    while here() < 2 {
        breathe().await;
    }
    let page = shop.world.ports.store.builds(shop.app.id, BuildFilter { limit: 10, ..BuildFilter::default() }).await;
    let running = page.expect("read").builds.iter().filter(|build| build.stage == Stage::Running).count();
    assert_eq!(running, 2);
    fs::write(gate.join("open"), "").expect("written");
    for build in &builds {
        let build = shop.ended(build).await;
        assert_eq!(build.status, BuildStatus::Success);
        let others: usize = shop.log(&build).await.trim().parse().expect("a number");
        assert!(others <= 2, "{others} at once");
    }
}

#[tokio::test]
async fn the_log_keeps_its_order_across_streams_and_is_cut_at_its_limit() {
    let lines = "i=0; while [ $i -lt 500 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
    let shop = Shop::running(lines).await;
    let build = shop.run("one").await;
    let expected = (0..500).fold(String::new(), |log, n| log + &format!("out {n}\nerr {n}\n"));
    assert_eq!(shop.log(&build).await, expected);

    let much = format!("head -c {} /dev/zero | tr '\\0' x; echo end", MAX_LOG + 1_000_000);
    let shop = Shop::running(&much).await;
    let build = shop.run("one").await;
    assert_eq!(build.status, BuildStatus::Success, "what is too long to keep fails nobody");
    let log = shop.log(&build).await;
    assert!(log.len() <= MAX_LOG && log.len() > MAX_LOG - 200, "{}", log.len());
    assert!(log.ends_with("\n[the log is cut here: it is longer than is kept]\n"));
}

#[tokio::test]
async fn secrets_are_masked_in_the_log_and_bytes_that_are_no_text_are_replaced() {
    let shop =
        Shop::running("printf 'a %s b\\n\\377\\n' \"$KEY\"; printf hun; sleep 0.05; printf ter2; echo \"$URL\"").await;
    let secret =
        |key: &str, value: &str| BuildSecret { key: key.to_owned(), value: Secret::new(value), is_expand: true };
    let secrets = vec![secret("KEY", "hunter2"), secret("URL", "https://u:${KEY}@h/"), secret("PATH", "/evil")];
    let build = shop.start_new(NewBuild { secrets, ..a_build(shop.app.id, "one") }).await;
    let build = shop.ended(&build).await;
    let log = shop.log(&build).await;
    let expected = "postrider: left out of the environment: PATH is set by the platform
a ******** b\n\u{fffd}\n****************\n";
    assert_eq!(log, expected);
}

#[tokio::test]
async fn s4_a_secret_is_masked_as_the_command_gets_it_too() {
    let shop = Shop::running("echo \"1 $KEY\"; echo '2 pass$NUMBER-$word'").await;
    let secret = BuildSecret { key: "KEY".to_owned(), value: Secret::new("pass$NUMBER-$word"), is_expand: true };
    let build = shop.start_new(NewBuild { secrets: vec![secret], ..a_build(shop.app.id, "one") }).await;
    let build = shop.ended(&build).await;
    assert_eq!(shop.log(&build).await, "1 ********\n2 ********\n");
}

#[tokio::test]
async fn builds_get_their_own_environment_and_nothing_of_the_servers() {
    let shop = Shop::with("env; pwd; umask; ls -a", |command| command.keep_work = true).await;
    let mut new = a_build(shop.app.id, "one");
    let given =
        |name: &str, value: &str| Environment { mapped_to: name.to_owned(), value: value.to_owned(), is_expand: true };
    new.params.environments = vec![given("GREETING", "build $NUMBER of ${APP}"), given("LD_PRELOAD", "evil.so")];
    let build = shop.start_new(new).await;
    let build = shop.ended(&build).await;
    let (log, folder) = (shop.log(&build).await, shop.folder(&build));
    for line in [
        "GREETING=build 1 of Rocket".to_owned(),
        "APP=Rocket".to_owned(),
        format!("PAGE=http://postrider.test/app/{}/build/{}", shop.app.uid, build.uid),
        format!("HOME={}", folder.display()),
        format!("POSTRIDER_BUILD_DIR={}", folder.display()),
        folder.join("source").display().to_string(),
    ] {
        assert!(log.lines().any(|found| found == line), "{line}: {log}");
    }
    assert!(!log.contains("CARGO") && !log.contains("evil.so"), "{log}");
    assert_eq!(fs::metadata(&folder).expect("kept").permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn check_24_a_finish_and_an_abort_at_once_are_told_of_once() {
    let shop = Shop::running("exit 0").await;
    let mut seen = [0, 0];
    for n in 0..20 {
        let build = shop.start(&format!("race {n}")).await;
        // Some before the runner has it, some while it runs, some after it ended.
        for _ in 0..n * 40 {
            tokio::task::yield_now().await;
        }
        let ended = shop.abort(&build, BuildStatus::AbortedWithSuccess).await;
        let aborted = matches!(ended, Ended::Now(_));
        let build = shop.ended(&build).await;
        let expected = if aborted { BuildStatus::AbortedWithSuccess } else { BuildStatus::Success };
        assert_eq!(build.status, expected);
        seen[usize::from(aborted)] += 1;
        // The runner has heard of it by the time the next build has been through.
        let next = shop.run(&format!("next {n}")).await;
        for build in [build, next] {
            assert_eq!(shop.told(&build, "build.triggered").await, 1);
            assert_eq!(shop.told(&build, "build.finished").await, 1);
        }
    }
    assert!(seen[1] > 0, "{seen:?}");
}

#[tokio::test]
async fn a_server_that_stops_ends_its_builds_as_failed() {
    let shop = Shop::running("trap '' TERM; echo pid=$$; while :; do sleep 0.05; done").await;
    let build = shop.start("one").await;
    let waiting = shop.start("two").await;
    let third = shop.start("three").await;
    shop.said(&build, "pid=").await;
    shop.said(&waiting, "pid=").await;
    shop.world.engine.shutdown().await;
    let build = shop.read(&build).await;
    let reason = "the server was stopped while the build was running";
    assert_eq!((build.status, build.abort_reason.as_deref()), (BuildStatus::Error, Some(reason)));
    gone(&processes(&shop.log(&build).await)).await;
    assert_eq!(shop.told(&build, "build.finished").await, 1);
    assert_eq!(shop.read(&third).await.stage, Stage::Queued, "what has not begun goes on after the start");
}

#[tokio::test]
async fn builds_of_a_process_that_died_have_failed_and_those_queued_go_on() {
    let work = tempfile::tempdir().expect("a folder");
    let shop = Shop::over(work, BuildSettings::default()).await;
    let (lost, remote, queued) = (shop.start("a").await, shop.start("b").await, shop.start("c").await);
    for (build, local) in [(&lost, true), (&remote, false)] {
        let claim = ClaimBuild {
            apps: None,
            only: Some(build.id),
            executor: "somebody".to_owned(),
            local,
            now: shop.world.clock.now_(),
        };
        shop.world.ports.store.claim_build(claim).await.expect("claimed").expect("there");
    }
    let left = shop.folder(&lost);
    fs::create_dir_all(left.join("source")).expect("made");
    fs::create_dir_all(shop.work.path().join("builds/something-else")).expect("made");
    // What cannot be removed as a folder keeps nothing else from it.
    for n in 0..4 {
        let odd = shop.work.path().join(format!("builds/00000000-0000-0000-0000-00000000000{n}"));
        fs::write(odd, "").expect("written");
    }
    // Nobody could report while the server was away.
    shop.world.clock.advance(BuildSettings::default().external_timeout * 2);
    let Shop { mut world, app, work } = shop;
    world.settings.builds.command = Some(shell(work.path(), "echo ok"));
    let shop = Shop { world: world.crash().await, app, work };
    let lost = shop.ended(&lost).await;
    assert_eq!(lost.status, BuildStatus::Error);
    assert!(lost.abort_reason.as_deref().is_some_and(|reason| reason.contains("server stopped")), "{lost:?}");
    assert_eq!(shop.told(&lost, "build.finished").await, 1);
    assert_eq!(shop.ended(&queued).await.status, BuildStatus::Success);
    assert_eq!(shop.read(&remote).await.stage, Stage::Running, "others run on while we are away");
    assert!(!left.exists());
    assert!(shop.work.path().join("builds/something-else").exists(), "only folders of builds are removed");
}

#[tokio::test]
async fn builds_that_nobody_reports_on_end_as_failed() {
    let work = tempfile::tempdir().expect("a folder");
    let settings = BuildSettings { external_timeout: Duration::from_secs(600), ..BuildSettings::default() };
    let shop = Shop::over(work, settings).await;
    let (silent, talking, waiting) = (shop.start("a").await, shop.start("b").await, shop.start("c").await);
    let store = shop.world.ports.store.clone();
    for build in [&silent, &talking] {
        let now = shop.world.clock.now_();
        let executor = "somebody".to_owned();
        let claim = ClaimBuild { apps: None, only: Some(build.id), executor, local: false, now };
        store.claim_build(claim).await.expect("claimed").expect("there");
    }
    shop.world.clock.advance(Duration::from_secs(599));
    store.append_log(talking.id, Some(0), "still here\n".to_owned(), shop.world.clock.now_()).await.expect("kept");
    shop.world.engine.sweep().await;
    assert_eq!(shop.read(&silent).await.stage, Stage::Running);
    shop.world.clock.advance(Duration::from_secs(2));
    shop.world.engine.sweep().await;
    let ended = shop.read(&silent).await;
    assert_eq!(ended.abort_reason.as_deref(), Some("the executor was not heard of any more"));
    assert_eq!(shop.read(&talking).await.stage, Stage::Running);
    assert_eq!(shop.read(&waiting).await.abort_reason.as_deref(), Some("no executor took the build in time"));
    assert_eq!(shop.told(&ended, "build.finished").await, 1);
}
