//! The hub's tasks: put down, claimed, ended with what follows from them (contract websub sections 3 to 8, D-13).

use std::time::Duration;

use domain::hook::{HookScope, NewHook};
use domain::id::TopicId;
use domain::ports::{MaxPending, StoreError};
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use domain::task::{Denial, Effect, Intent, Job, Mode, NewTask, Task, TaskEnd, TaskNext, TaskNote};
use domain::topic::{Topic, TopicState};
use testkit::{a_hook, an_event};

use crate::bed::{Bed, Ledger};

pub(crate) const TOPIC: &str = "http://pub.test/topic";

/// A request to subscribe this callback.
pub(crate) fn intent(callback: &str) -> Intent {
    Intent {
        mode: Mode::Subscribe,
        topic: TOPIC.to_owned(),
        callback: TargetUrl::trusted(callback.to_owned()),
        lease: Duration::from_secs(600),
        secret: Some(Secret::new("canary-secret")),
        verify_token: Some(Secret::new("canary-token")),
    }
}

fn asked(callback: &str) -> Job {
    Job::VerifyIntent(intent(callback))
}

pub(crate) async fn put(bed: &Bed, job: Job) {
    bed.store().enqueue(NewTask::now(job, bed.now()), MaxPending::UNLIMITED).await.expect("taken");
}

pub(crate) async fn claim(bed: &Bed, limit: usize) -> Vec<Task> {
    bed.store().claim_tasks(bed.now(), limit).await.expect("claims")
}

/// The jobs that can be claimed now.
async fn jobs(bed: &Bed) -> Vec<Job> {
    claim(bed, 99).await.into_iter().map(|task| task.job).collect()
}

pub(crate) fn note(bed: &Bed, outcome: &str) -> TaskNote {
    TaskNote {
        at: bed.now(),
        job: "verify_intent".to_owned(),
        topic: TOPIC.to_owned(),
        mode: Some("subscribe".to_owned()),
        callback_host: Some("sub.test".to_owned()),
        callback_hash: Some("0123456789abcdef".to_owned()),
        outcome: outcome.to_owned(),
        status: Some(200),
        reason: None,
    }
}

pub(crate) async fn end(bed: &Bed, task: &Task, next: TaskNext, effects: Vec<Effect>) -> bool {
    let end = TaskEnd { task: task.id, epoch: task.epoch, next, effects, note: note(bed, "confirmed") };
    bed.store().end_task(end).await.expect("ends")
}

/// What a confirmed request makes.
pub(crate) fn subscription(bed: &Bed, topic: TopicId, callback: &str, secret: Option<&str>) -> NewHook {
    NewHook {
        scope: HookScope::Topic(topic),
        secret: secret.map(Secret::new),
        expires_at: Some(bed.now().plus(Duration::from_secs(600))),
        created_at: bed.now(),
        ..a_hook().calling(callback).build()
    }
}

pub(crate) async fn topic(bed: &Bed) -> std::sync::Arc<Topic> {
    bed.store().ensure_topic(TOPIC, None, bed.now()).await.expect("made")
}

/// Subscribes as the engine does: a task whose end brings the subscription.
pub(crate) async fn subscribe(bed: &Bed, callback: &str, secret: Option<&str>) {
    let topic = topic(bed).await;
    put(bed, asked(callback)).await;
    let task = claim(bed, 1).await.remove(0);
    let new = Box::new(subscription(bed, topic.id, callback, secret));
    assert!(end(bed, &task, TaskNext::Done, vec![Effect::Subscribe(new)]).await);
}

pub(crate) async fn tasks_are_read_back_as_they_were_and_claimed_in_due_order(bed: Bed) {
    let topic = topic(&bed).await;
    let event = bed.store().accept(an_event("a").build()).await.expect("accepted").id;
    let callback = TargetUrl::trusted("http://sub.test/cb?token=x".to_owned());
    let plain = Intent { mode: Mode::Unsubscribe, secret: None, verify_token: None, ..intent("http://sub.test/other") };
    let all = [
        asked("http://sub.test/cb"),
        Job::VerifyIntent(plain),
        Job::Deny(Denial { topic: TOPIC.to_owned(), callback, reason: "no".to_owned() }),
        Job::FetchTopic(topic.id),
        Job::TellTopic(topic.id, event),
    ];
    for (at, job) in all.iter().enumerate().rev() {
        let due_at = bed.now().plus(Duration::from_secs(at as u64));
        let new = NewTask { job: job.clone(), requested_at: bed.now(), due_at };
        bed.store().enqueue(new, MaxPending::UNLIMITED).await.expect("taken");
    }
    assert_eq!(bed.store().next_task().await.expect("reads"), Some(bed.now()));
    assert_eq!(jobs(&bed).await, all[..1], "what is due");
    bed.clock.advance(Duration::from_secs(9));
    assert_eq!(jobs(&bed).await, all[1..], "the rest, and nothing twice");
    assert_eq!(bed.store().next_task().await.expect("reads"), None);
    let backlog = bed.store().hub_backlog(bed.now()).await.expect("counts");
    assert_eq!((backlog.tasks, backlog.under_way), (5, 5));
}

pub(crate) async fn the_newest_request_of_a_pair_takes_the_place_of_older_ones(bed: Bed) {
    let newer = |secret: &str| Intent { secret: Some(Secret::new(secret)), ..intent("http://sub.test/cb") };
    put(&bed, asked("http://sub.test/cb")).await;
    put(&bed, Job::VerifyIntent(newer("second"))).await;
    put(&bed, asked("http://sub.test/CB")).await;
    let pending =
        async |callback: &str| bed.store().is_pending(TOPIC, &intent(callback).callback).await.expect("reads");
    assert!(pending("http://sub.test/cb").await && !pending("http://sub.test/other").await);
    let claimed = claim(&bed, 9).await;
    assert!(pending("http://sub.test/cb").await, "still");
    assert_eq!(claimed.len(), 2, "texts compare exactly");
    assert_eq!(claimed[0].job, Job::VerifyIntent(newer("second")));
    // Also over one that is being verified: its end changes nothing any more.
    put(&bed, Job::VerifyIntent(newer("third"))).await;
    let topic = topic(&bed).await;
    let made = subscription(&bed, topic.id, "http://sub.test/cb", Some("second"));
    assert!(!end(&bed, &claimed[0], TaskNext::Done, vec![Effect::Subscribe(Box::new(made))]).await);
    assert_eq!(bed.store().directory().subscription_count(topic.id), 0);
    assert!(!end(&bed, &claimed[0], TaskNext::RetryAt(bed.now()), Vec::new()).await);
    assert_eq!(jobs(&bed).await, [Job::VerifyIntent(newer("third"))]);
    let notes = bed.store().task_notes(Some(TOPIC), None, 9).await.expect("reads");
    assert_eq!(notes.iter().map(|(_, note)| note.outcome.as_str()).collect::<Vec<_>>(), ["superseded"; 2]);
}

pub(crate) async fn e15_so_many_requests_wait_for_one_host(bed: Bed) {
    let max = MaxPending { per_host: 2, ..MaxPending::UNLIMITED };
    let take = async |callback: &str| bed.store().enqueue(NewTask::now(asked(callback), bed.now()), max).await;
    take("http://sub.test/1").await.expect("taken");
    take("http://sub.test/2").await.expect("taken");
    assert!(matches!(take("http://sub.test/3").await, Err(StoreError::Conflict(_))));
    take("http://sub.test/2").await.expect("in the place of the older one");
    take("http://other.test/3").await.expect("another host");
    let task = claim(&bed, 1).await.remove(0);
    assert!(matches!(take("http://sub.test/3").await, Err(StoreError::Conflict(_))), "it is not over yet");
    end(&bed, &task, TaskNext::Done, Vec::new()).await;
    take("http://sub.test/3").await.expect("taken");
    assert_eq!(claim(&bed, 9).await.len(), 3);
}

pub(crate) async fn e15_so_many_requests_wait_for_one_topic(bed: Bed) {
    let max = MaxPending { per_topic: 2, ..MaxPending::UNLIMITED };
    let take = async |callback: &str| bed.store().enqueue(NewTask::now(asked(callback), bed.now()), max).await;
    take("http://one.test/").await.expect("taken");
    take("http://two.test/").await.expect("taken");
    assert!(matches!(take("http://three.test/").await, Err(StoreError::Conflict(_))));
    take("http://two.test/").await.expect("in the place of the older one");
    let task = claim(&bed, 1).await.remove(0);
    end(&bed, &task, TaskNext::Done, Vec::new()).await;
    take("http://three.test/").await.expect("taken");
}

pub(crate) async fn few_tasks_of_one_host_are_under_way_at_once(bed: Bed) {
    for number in 0..6 {
        put(&bed, asked(&format!("http://sub.test/{number}"))).await;
    }
    put(&bed, asked("http://other.test/")).await;
    let claimed = claim(&bed, 99).await;
    let host = |task: &Task| task.job.callback().is_some_and(|url| url.as_str().starts_with("http://sub.test/"));
    assert_eq!((claimed.len(), claimed.iter().filter(|task| host(task)).count()), (5, 4));
    assert!(claim(&bed, 99).await.is_empty());
    end(&bed, &claimed[0], TaskNext::RetryAt(bed.now().plus(Duration::from_secs(5))), Vec::new()).await;
    assert_eq!(claim(&bed, 99).await.len(), 1);
}

pub(crate) async fn fetches_of_a_topic_coalesce_while_they_wait_and_never_overlap(bed: Bed) {
    let topic = topic(&bed).await;
    let other = bed.store().ensure_topic("http://pub.test/other", None, bed.now()).await.expect("made");
    for _ in 0..3 {
        put(&bed, Job::FetchTopic(topic.id)).await;
    }
    put(&bed, Job::FetchTopic(other.id)).await;
    let claimed = claim(&bed, 9).await;
    assert_eq!(claimed.len(), 2);
    for _ in 0..3 {
        put(&bed, Job::FetchTopic(topic.id)).await;
    }
    assert!(claim(&bed, 9).await.is_empty(), "one more, after the one under way");
    end(&bed, &claimed[0], TaskNext::Done, Vec::new()).await;
    assert_eq!(jobs(&bed).await, [Job::FetchTopic(topic.id)]);
}

pub(crate) async fn what_follows_from_a_task_is_committed_with_its_end(bed: Bed) {
    let topic = topic(&bed).await;
    subscribe(&bed, "http://sub.test/cb", None).await;
    let hook = bed.store().directory().subscription(topic.id, "http://sub.test/cb").expect("subscribed").id;
    let bell = Ledger::with_places(9);
    bed.store().recover(bed.now()).await.expect("recovers");
    bed.store().set_bell(bell.clone());
    put(&bed, Job::FetchTopic(topic.id)).await;
    let task = claim(&bed, 1).await.remove(0);
    let state = TopicState {
        etag: Some("\"1\"".to_owned()),
        last_modified: Some("yesterday".to_owned()),
        hash: Some([7; 16]),
        entries: vec![1, 2],
        fetched_at: bed.now(),
    };
    let event = || Box::new(an_event("fetch/1").for_hooks(&[hook]).build());
    let effects = vec![
        Effect::Content { topic: topic.id, event: event(), supersedes: true },
        Effect::Fetched(topic.id, Box::new(state.clone())),
        Effect::Enqueue(NewTask::now(asked("http://sub.test/next"), bed.now())),
    ];
    assert!(end(&bed, &task, TaskNext::Done, effects).await);
    assert_eq!(bell.take_works().len(), 1);
    assert_eq!(bed.store().topic_state(topic.id).await.expect("reads"), state);
    let latest = bed.store().directory().topic_by_id(topic.id).expect("exists").latest;
    assert!(latest.is_some());
    assert_eq!(jobs(&bed).await, [asked("http://sub.test/next")]);
    // A second end of the same task brings nothing, and neither does a repeat of its content.
    let again = vec![Effect::Content { topic: topic.id, event: event(), supersedes: true }];
    assert!(!end(&bed, &task, TaskNext::Done, again).await);
    put(&bed, Job::FetchTopic(topic.id)).await;
    let repeat = claim(&bed, 1).await.remove(0);
    let again = vec![Effect::Content { topic: topic.id, event: event(), supersedes: true }];
    assert!(end(&bed, &repeat, TaskNext::Done, again).await);
    assert!(bell.take_works().is_empty());
    assert_eq!(bed.store().directory().topic_by_id(topic.id).expect("exists").latest, latest);
}

pub(crate) async fn a_failed_effect_leaves_the_task_as_it_was(bed: Bed) {
    put(&bed, asked("http://sub.test/cb")).await;
    let task = claim(&bed, 1).await.remove(0);
    let nowhere = subscription(&bed, TopicId(99), "http://sub.test/cb", None);
    let effects = vec![
        Effect::Enqueue(NewTask::now(asked("http://sub.test/next"), bed.now())),
        Effect::Subscribe(Box::new(nowhere)),
    ];
    let end =
        TaskEnd { task: task.id, epoch: task.epoch, next: TaskNext::Done, effects, note: note(&bed, "confirmed") };
    bed.store().end_task(end).await.expect_err("there is no such topic");
    let backlog = bed.store().hub_backlog(bed.now()).await.expect("counts");
    assert_eq!((backlog.tasks, backlog.under_way), (1, 1), "nothing of it was kept");
    assert!(bed.store().task_notes(None, None, 9).await.expect("reads").is_empty());
}

pub(crate) async fn p1_a_crash_before_a_claim_or_before_its_end_loses_no_task(bed: Bed) {
    let mut bed = bed;
    put(&bed, asked("http://sub.test/cb")).await;
    bed.crash_and_recover().await;
    let before = claim(&bed, 1).await.remove(0);
    assert_eq!(before.job, asked("http://sub.test/cb"));
    bed.crash_and_recover().await;
    let topic = topic(&bed).await;
    let late = subscription(&bed, topic.id, "http://sub.test/cb", None);
    assert!(!end(&bed, &before, TaskNext::Done, vec![Effect::Subscribe(Box::new(late))]).await, "D-12");
    assert_eq!(bed.store().directory().subscription_count(topic.id), 0);
    let after = claim(&bed, 1).await.remove(0);
    assert_eq!((&after.job, after.attempts, after.requested_at), (&before.job, 0, before.requested_at));
    assert_ne!(after.epoch, before.epoch);
}

pub(crate) async fn d13_a_task_under_way_at_five_crashes_is_dropped(bed: Bed) {
    let mut bed = bed;
    put(&bed, asked("http://sub.test/cb")).await;
    put(&bed, asked("http://sub.test/fine")).await;
    for crash in 1..=5 {
        let claimed = claim(&bed, 9).await;
        assert_eq!(claimed.len(), 2, "crash {crash}");
        // A recorded try starts the count over.
        assert!(end(&bed, &claimed[1], TaskNext::RetryAt(bed.now()), Vec::new()).await);
        bed.crash_and_recover().await;
    }
    let left = claim(&bed, 9).await;
    assert_eq!((left.len(), &left[0].job, left[0].attempts), (1, &asked("http://sub.test/fine"), 5));
}

pub(crate) async fn the_newest_ten_thousand_notes_are_kept(bed: Bed) {
    let topic = topic(&bed).await;
    put(&bed, Job::FetchTopic(topic.id)).await;
    let task = claim(&bed, 1).await.remove(0);
    // Ends of a task that is over change nothing, but are noted.
    end(&bed, &task, TaskNext::Done, Vec::new()).await;
    let ends = (0..10_050).map(|at| {
        let note = TaskNote { status: Some(at % 1_000), ..note(&bed, "late") };
        TaskEnd { task: task.id, epoch: task.epoch, next: TaskNext::Done, effects: Vec::new(), note }
    });
    let store = bed.store();
    let mut writing = tokio::task::JoinSet::new();
    for end in ends {
        let store = store.clone();
        writing.spawn(async move { store.end_task(end).await.expect("noted") });
        if writing.len() > 1_000 {
            writing.join_next().await;
        }
    }
    while writing.join_next().await.is_some() {}
    let all = store.task_notes(None, None, usize::from(u16::MAX)).await.expect("reads");
    assert_eq!(all.len(), 10_000);
    assert!(all.windows(2).all(|pair| pair[0].0 > pair[1].0), "newest first");
    let page = store.task_notes(Some(TOPIC), Some(all[4].0), 3).await.expect("reads");
    assert_eq!(page, all[5..8]);
    assert!(store.task_notes(Some("http://other.test/"), None, 9).await.expect("reads").is_empty());
}

pub(crate) async fn t10_secrets_and_callbacks_of_tasks_are_sealed(bed: Bed) {
    let bed = bed.with_repository().await;
    put(&bed, asked("http://sub.test/canary-path")).await;
    let callback = TargetUrl::trusted("http://sub.test/canary-denied".to_owned());
    put(&bed, Job::Deny(Denial { topic: TOPIC.to_owned(), callback, reason: "no".to_owned() })).await;
    subscribe(&bed, "http://sub.test/open", Some("canary-key")).await;
    let files = std::fs::read_dir(bed.path().parent().expect("a directory")).expect("lists");
    let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file.expect("a file").path()).expect("reads")).collect();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"sub.test") && !has(b"canary"), "S-2, S-9");
}

pub(crate) async fn a_fetch_that_waits_for_its_retry_comes_forward_and_every_try_is_remembered(bed: Bed) {
    let topic = topic(&bed).await;
    put(&bed, Job::FetchTopic(topic.id)).await;
    let task = claim(&bed, 1).await.remove(0);
    end(&bed, &task, TaskNext::RetryAt(bed.now().plus(Duration::from_secs(240))), Vec::new()).await;
    assert_eq!(bed.store().topic_state(topic.id).await.expect("reads").fetched_at, bed.now());
    let soon = NewTask { due_at: bed.now().plus(Duration::from_secs(2)), ..NewTask::now(task.job.clone(), bed.now()) };
    bed.store().enqueue(soon.clone(), MaxPending::UNLIMITED).await.expect("joins");
    assert_eq!(bed.store().next_task().await.expect("reads"), Some(soon.due_at));
    let later = NewTask { due_at: bed.now().plus(Duration::from_secs(9)), ..soon.clone() };
    bed.store().enqueue(later, MaxPending::UNLIMITED).await.expect("joins");
    assert_eq!(bed.store().next_task().await.expect("reads"), Some(soon.due_at));
    bed.clock.advance(Duration::from_secs(2));
    let again = claim(&bed, 9).await;
    assert_eq!((again.len(), again[0].attempts), (1, 1));
}
