//! Commands that fail alone, full queues, closing, copies, and secrets on the disk.

use std::sync::Arc;

use domain::ci::{GitAccount, GitHost};
use domain::hook::Hook;
use domain::id::AccountId;
use domain::ports::StoreError;
use domain::secret::Secret;
use testkit::{a_hook, an_event};

use crate::bed::{Bed, Ledger, a_user, anything_goes};

pub(crate) async fn d3_a_failing_command_of_a_group_fails_alone(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    bed.store().set_bell(Ledger::with_places(999));
    let mut tasks = Vec::new();
    for at in 0..60_u8 {
        let (store, hooks, now) = (bed.store().clone(), hooks.clone(), bed.now());
        tasks.push(tokio::spawn(async move {
            match at % 3 {
                0 => store.accept(an_event(&at.to_string()).for_hooks(&hooks).build()).await.map(|_| true),
                1 => store.create_account(a_user("octo")).await.map(|_| false),
                _ => {
                    let panics = Box::new(|_: Hook| -> Hook { panic!("an edit that panics") });
                    store.update_hook(hooks[0], now, panics, anything_goes()).await.map(|_| false)
                }
            }
        }));
    }
    let mut accepted = 0;
    for task in tasks {
        match task.await.expect("runs") {
            Ok(accept) => accepted += usize::from(accept),
            Err(error) => assert!(matches!(error, StoreError::NameTaken | StoreError::Unavailable(_)), "{error}"),
        }
    }
    assert_eq!(accepted, 20);
    let sums = bed.store().conservation().await.expect("counts");
    assert!(sums.holds() && sums.planned == 20, "{sums:?}");
    assert_eq!(bed.store().directory().hook(hooks[0]).expect("kept").version, 1);
}

pub(crate) async fn d1_events_rise_in_commit_order_whoever_publishes(bed: Bed) {
    let bed = bed.with_repository().await;
    let tasks: Vec<_> = (0..200)
        .map(|at| {
            let store = bed.store().clone();
            tokio::spawn(async move { store.accept(an_event(&format!("{at}")).build()).await.expect("accepted").id })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.expect("runs"));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 200, "each its own");
    let listed = bed.store().events(None, None, 999).await.expect("lists");
    assert!(listed.iter().rev().map(|event| event.id).eq(ids));
}

pub(crate) async fn d7_what_would_overfill_the_queue_is_refused_at_once(bed: Bed) {
    let bed = bed.with_repository().await;
    // All are handed in before the writer's answers are looked at; most do not fit.
    let big = "x".repeat(20 * 1024 * 1024);
    let accepts = (0..12).map(|at| bed.store().accept(an_event(&format!("{at}")).saying(&big).build()));
    let answers = join_all(accepts).await;
    let busy = answers.iter().filter(|answer| matches!(answer, Err(StoreError::Busy))).count();
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(busy > 0 && accepted >= 3 && busy + accepted == 12, "{busy} busy, {accepted} accepted");
    bed.store().accept(an_event("after").build()).await.expect("accepted when there is room again");
}

/// Polls all before it waits for any.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.map(Box::pin).collect();
    let mut outputs = Vec::new();
    let mut waiting = Vec::new();
    for future in &mut pinned {
        match std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context))).await {
            std::task::Poll::Ready(output) => outputs.push(output),
            std::task::Poll::Pending => waiting.push(future),
        }
    }
    for future in waiting {
        outputs.push(future.await);
    }
    outputs
}

pub(crate) async fn n8_closing_finishes_what_was_handed_in_and_refuses_the_rest(bed: Bed) {
    let mut bed = bed.with_repository().await;
    let tasks: Vec<_> = (0..50)
        .map(|at| {
            let store = bed.store().clone();
            tokio::spawn(async move { store.accept(an_event(&format!("{at}")).build()).await })
        })
        .collect();
    tokio::task::yield_now().await;
    bed.store().check().await.expect("commits");
    bed.store().close().await;
    let mut accepted = 0;
    for task in tasks {
        match task.await.expect("runs") {
            Ok(_) => accepted += 1,
            Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error}"),
        }
    }
    assert!(matches!(bed.store().check().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(bed.store().conservation().await, Err(StoreError::Unavailable(_))));
    bed.store().close().await;
    bed.restart().await;
    assert_eq!(bed.store().events(None, None, 99).await.expect("lists").len(), accepted, "P1");
}

pub(crate) async fn a_backup_is_a_whole_database_of_one_moment(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    bed.store().accept(an_event("a").for_hooks(&hooks).build()).await.expect("accepted");
    let copy = bed.path().with_extension("copy");
    let publishing = {
        let store = bed.store().clone();
        tokio::spawn(async move {
            for at in 0..50 {
                store.accept(an_event(&format!("more {at}")).build()).await.expect("serves on");
            }
        })
    };
    bed.store().backup(&copy).await.expect("copies");
    publishing.await.expect("runs");
    let twice = bed.store().backup(&copy).await;
    assert!(twice.is_err(), "an existing file is not overwritten");
    let restored = bed.open_at(&copy).expect("opens");
    assert!(restored.conservation().await.expect("counts").holds());
    assert_eq!(restored.queued(hooks[0]).await.expect("counts"), 1);
    assert!(restored.directory().hook(hooks[0]).is_some());
}

pub(crate) async fn t10_no_secret_is_found_in_the_files(bed: Bed) {
    let mut bed = bed.with_repository().await;
    let new = a_hook().signed_with("canary-secret").calling("http://canary-user:canary-pass@receiver.test/").build();
    let hook = bed.hook(new).await;
    let edit = Box::new(|hook: Hook| Hook { secret: Some(Secret::new("canary-second")), ..hook });
    bed.store().update_hook(hook.id, bed.now(), edit, anything_goes()).await.expect("edited");
    let connected = GitAccount {
        owner: AccountId(1),
        host: GitHost::GitHub,
        api: "https://git.test/api".to_owned(),
        user: None,
        token: Secret::new("canary-token"),
        created_at: bed.now(),
    };
    bed.store().set_git_account(connected.clone()).await.expect("set");
    bed.store().set_git_account(connected).await.expect("set again");
    let found = |bed: &Bed| {
        let dir = bed.path();
        let files = std::fs::read_dir(dir.parent().expect("a directory")).expect("lists");
        let mut bytes = Vec::new();
        for file in files {
            bytes.extend(std::fs::read(file.expect("a file").path()).expect("reads"));
        }
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(has(b"octo"), "the search finds what is there");
        has(b"canary")
    };
    assert!(!found(&bed), "S-2: while open");
    bed.restart().await;
    assert!(!found(&bed), "S-2: after closing");
    let read = bed.store().directory().hook(hook.id).expect("exists");
    assert_eq!(read.secret.as_ref().map(Secret::expose), Some("canary-second"));
}

pub(crate) async fn a_crash_leaves_what_was_answered(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(2).await;
    bed.store().recover(bed.now()).await.expect("recovers");
    bed.store().set_bell(Ledger::with_places(3));
    let tasks: Vec<_> = (0..40)
        .map(|at| {
            let (store, hooks) = (bed.store().clone(), hooks.clone());
            tokio::spawn(async move { store.accept(an_event(&format!("{at}")).for_hooks(&hooks).build()).await })
        })
        .collect();
    let mut answered = Vec::new();
    for task in tasks {
        answered.push(task.await.expect("runs").expect("accepted").id);
    }
    bed.crash_and_recover().await;
    for id in answered {
        assert!(bed.store().event(id).await.expect("reads").is_some(), "P1");
    }
    assert_eq!(bed.store().queued(hooks[0]).await.expect("counts"), 40, "P2");
    assert_eq!(bed.store().queued(hooks[1]).await.expect("counts"), 40, "P2");
    let sums = bed.store().conservation().await.expect("counts");
    assert!(sums.holds(), "{sums:?}");
    drop(Arc::clone(bed.store()));
}
