//! Servers that stop or die, and executors that are not heard of any more.

use std::fs;
use std::time::Duration;

use domain::ci::{BuildStatus, ClaimBuild, Stage};
use engine::BuildSettings;

use super::{Shop, gone, processes, shell};

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
        let claim =
            ClaimBuild { apps: None, only: Some(build.id), executor: "somebody".to_owned(), local, now: shop.now() };
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
        let now = shop.now();
        let executor = "somebody".to_owned();
        let claim = ClaimBuild { apps: None, only: Some(build.id), executor, local: false, now };
        store.claim_build(claim).await.expect("claimed").expect("there");
    }
    shop.world.clock.advance(Duration::from_secs(599));
    store.append_log(talking.id, Some(0), "still here\n".to_owned(), shop.now()).await.expect("kept");
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
