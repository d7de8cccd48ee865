//! What commands get, what they may say, and how many run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use domain::ci::{BuildFilter, BuildSecret, BuildStatus, Environment, MAX_LOG, NewBuild, Stage};
use domain::secret::Secret;
use engine::BuildSettings;
use testkit::a_build;

use crate::world::breathe;

use super::{Shop, shell};

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
