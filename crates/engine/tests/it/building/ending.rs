//! How commands end, and what is ended with them.

use std::time::Duration;

use domain::ci::{BuildStatus, Ended};
use engine::CommandSettings;

use crate::world::breathe;

use super::{LONG, Shop, gone, lives, pass, processes};

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
