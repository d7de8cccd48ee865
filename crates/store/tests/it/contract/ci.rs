//! Apps, builds and the requests for them.

use std::sync::Arc;
use std::time::Duration;

use domain::ci::{
    Build, BuildEnd, BuildFilter, BuildOrder, BuildParams, BuildRequest, BuildSecret, BuildStatus, CiApp, ClaimBuild,
    Composed, Ended, MAX_LOG, NewBuild, NewCiApp, NewIncoming, Stage, Started, Target, TriggerKind, Verdict,
};
use domain::event::{NewEvent, Place};
use domain::hook::{HookScope, NewHook};
use domain::id::{AccountId, CiAppId, RepositoryId};
use domain::ports::StoreError;
use domain::secret::Secret;
use futures_util::future::join_all;
use testkit::{a_build, a_hook, an_app, an_event};

use crate::bed::{Bed, uid};

const OCTO: AccountId = AccountId(1);

pub(super) async fn with_app(bed: Bed) -> (Bed, Arc<CiApp>) {
    let bed = bed.with_repository().await;
    let app = bed.store().create_ci_app(an_app().of(RepositoryId(1)).build()).await.expect("created");
    (bed, app)
}

fn quietly() -> Started<Vec<NewEvent>> {
    Box::new(|_| Vec::new())
}

/// Tells of each build in an event of its own.
fn telling(app: CiAppId) -> Started<Vec<NewEvent>> {
    Box::new(move |builds| {
        let place = Place { account: OCTO, repository: Some(RepositoryId(1)), app: Some(app) };
        let told = |build: &Arc<Build>| an_event(&format!("{} {:?}", build.number, build.stage)).at(place).build();
        builds.iter().map(told).collect()
    })
}

pub(super) fn a_request(app: CiAppId, delivery: Option<&str>, number: u128, builds: Vec<NewBuild>) -> NewIncoming {
    NewIncoming {
        uid: uid(number),
        app,
        provider: "github",
        delivery_id: delivery.map(str::to_owned),
        event: Some("push".to_owned()),
        verdict: Verdict::Unattempted,
        headers: vec![("X-GitHub-Event".to_owned(), "push".to_owned())],
        body: "{}".into(),
        replay_of: None,
        received_at: testkit::START,
        builds,
        requests: Vec::new(),
    }
}

/// Answers with the numbers of the builds.
pub(super) fn numbers() -> Started<Composed> {
    Box::new(|builds| {
        let numbers: Vec<_> = builds.iter().map(|build| build.number.to_string()).collect();
        Composed { status: 201, body: numbers.join(","), events: Vec::new() }
    })
}

async fn start(bed: &Bed, builds: Vec<NewBuild>) -> Vec<Arc<Build>> {
    bed.store().start_builds(builds, Vec::new(), quietly()).await.expect("started")
}

fn claim(bed: &Bed) -> ClaimBuild {
    ClaimBuild { apps: None, only: None, executor: "runner".to_owned(), local: true, now: bed.now() }
}

fn well(bed: &Bed) -> BuildEnd {
    BuildEnd { status: BuildStatus::Success, reason: None, at: bed.now() }
}

pub(crate) async fn an_app_is_edited_within_its_identity_and_survives_a_restart(bed: Bed) {
    let (mut bed, made) = with_app(bed).await;
    bed.clock.advance(Duration::from_secs(3));
    let edit = Box::new(|app: CiApp| CiApp {
        id: CiAppId(99),
        uid: uid(99),
        title: "Gear".to_owned(),
        is_public: true,
        is_disabled: true,
        relay: true,
        webhook_secret: Some(Secret::new("hush")),
        trigger_token: Secret::new("prh_other"),
        config: Some("workflows: {}".into()),
        ..app
    });
    let edited = bed.store().update_ci_app(made.id, bed.now(), edit).await.expect("edited");
    assert_eq!((edited.id, edited.uid, edited.version, edited.updated_at), (made.id, made.uid, 2, bed.now()));
    bed.restart().await;
    let directory = bed.store().directory();
    assert_eq!(directory.ci_app(made.uid).as_deref(), Some(&*edited), "every field is stored");
    assert_eq!(directory.ci_apps_of(OCTO).len(), 1);
    assert!(directory.ci_app(uid(99)).is_none());
}

pub(crate) async fn an_app_takes_its_hooks_and_builds_along_and_outlives_its_repository(bed: Bed) {
    let (mut bed, app) = with_app(bed).await;
    let headers = vec![("X-Key".to_owned(), Secret::new("value"))];
    let hook = bed.hook(NewHook { scope: HookScope::App(app.id), headers, ..a_hook().build() }).await;
    let build = start(&bed, vec![a_build(app.id, "one")]).await.remove(0);
    bed.store().delete_repository(RepositoryId(1)).await.expect("deleted");
    assert_eq!(bed.store().directory().ci_app_by_id(app.id).expect("exists").repository, None);
    bed.restart().await;
    let directory = bed.store().directory().clone();
    assert_eq!(directory.ci_app_by_id(app.id).expect("exists").repository, None);
    assert_eq!(directory.hook(hook.id).as_deref(), Some(&*hook), "headers are read back");
    bed.store().delete_ci_app(app.id).await.expect("deleted");
    assert!(directory.hook(hook.id).is_none() && directory.ci_app_by_id(app.id).is_none());
    assert!(bed.store().build_by_id(build.id).await.expect("reads").is_none());
    assert!(matches!(bed.store().delete_ci_app(app.id).await, Err(StoreError::NotFound)));
    let late = a_request(app.id, Some("late"), 99, Vec::new());
    assert!(matches!(bed.store().take_in(late, numbers()).await, Err(StoreError::NotFound)));
}

pub(crate) async fn builds_are_numbered_without_gaps_and_told_of_with_their_numbers(bed: Bed) {
    let (bed, app) = with_app(bed).await;
    let other = bed.store().create_ci_app(an_app().called("other").build()).await.expect("created");
    let starts = (0..20).map(|number| {
        let new = vec![a_build(app.id, &format!("build {number}"))];
        bed.store().start_builds(new, Vec::new(), telling(app.id))
    });
    let mut numbers: Vec<_> = join_all(starts).await.into_iter().map(|made| made.expect("started")[0].number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    assert_eq!(start(&bed, vec![a_build(other.id, "of the other")]).await[0].number, 1);
    let events = bed.store().events(None, None, 99).await.expect("reads");
    assert_eq!(events.len(), 20, "one event each");
    assert!(events.iter().all(|event| event.place.app == Some(app.id)));
    let gone = bed.store().start_builds(vec![a_build(CiAppId(99), "x")], Vec::new(), quietly()).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
}

pub(crate) async fn queued_builds_are_claimed_once_by_priority_and_age(bed: Bed) {
    let (bed, app) = with_app(bed).await;
    let hurried = |mut build: NewBuild, priority| {
        build.params.priority = Some(priority);
        build
    };
    let secrets = vec![BuildSecret { key: "K".to_owned(), value: Secret::new("v"), is_expand: false }];
    let first = NewBuild { secrets: secrets.clone(), ..a_build(app.id, "first") };
    let new = vec![first, hurried(a_build(app.id, "low"), -5), hurried(a_build(app.id, "high"), 5)];
    start(&bed, new).await;
    let claims = join_all((0..5).map(|_| bed.store().claim_build(claim(&bed)))).await;
    let mut claimed: Vec<_> = claims.into_iter().filter_map(|claimed| claimed.expect("claims")).collect();
    assert_eq!(claimed.iter().map(|(build, _)| build.number).collect::<Vec<_>>(), [3, 1, 2]);
    assert_eq!(claimed.remove(1).1, secrets);
    let build = &claimed[0].0;
    assert_eq!(
        (build.stage, build.executor.as_deref(), build.started_at),
        (Stage::Running, Some("runner"), Some(bed.now()))
    );
    let elsewhere = ClaimBuild { apps: Some(vec![CiAppId(77)]), ..claim(&bed) };
    start(&bed, vec![a_build(app.id, "fourth")]).await;
    assert!(bed.store().claim_build(elsewhere).await.expect("claims").is_none());
    let taken = ClaimBuild { only: Some(build.id), ..claim(&bed) };
    assert!(bed.store().claim_build(taken).await.expect("claims").is_none(), "it is running");
}

pub(crate) async fn check_24_a_build_ends_once_and_is_told_of_once(bed: Bed) {
    let (bed, app) = with_app(bed).await;
    let build = start(&bed, vec![a_build(app.id, "one")]).await.remove(0);
    let ends = (0..10).map(|at| {
        let status = if at % 2 == 0 { BuildStatus::Success } else { BuildStatus::Aborted };
        let end = BuildEnd { status, reason: Some(format!("reason {at}")), at: bed.now() };
        bed.store().end_build(build.id, end, telling(app.id))
    });
    let ended: Vec<_> = join_all(ends).await.into_iter().map(|ended| ended.expect("answers")).collect();
    let now: Vec<_> =
        ended.iter().filter_map(|one| if let Ended::Now(build) = one { Some(build) } else { None }).collect();
    assert_eq!(now.len(), 1);
    let stored = bed.store().build(build.uid).await.expect("reads").expect("exists");
    assert_eq!(&stored, now[0]);
    assert!(ended.iter().all(|one| matches!(one, Ended::Now(build) | Ended::Before(build) if **build == *stored)));
    assert_eq!(bed.store().events(None, None, 9).await.expect("reads").len(), 1);
    assert!(bed.store().claim_build(claim(&bed)).await.expect("claims").is_none(), "what was aborted is not run");
}

pub(crate) async fn what_ran_within_a_dead_process_ends_as_failed(bed: Bed) {
    let (mut bed, app) = with_app(bed).await;
    bed.store().recover(bed.now()).await.expect("recovers");
    start(&bed, vec![a_build(app.id, "local"), a_build(app.id, "remote"), a_build(app.id, "waiting")]).await;
    bed.store().claim_build(claim(&bed)).await.expect("claims");
    bed.store().claim_build(ClaimBuild { local: false, ..claim(&bed) }).await.expect("claims");
    let alive = bed.store().end_orphans(bed.now(), "died", quietly()).await.expect("ends");
    assert!(alive.is_empty(), "this process is alive");
    bed.crash_and_recover().await;
    let orphans = bed.store().end_orphans(bed.now(), "died", telling(app.id)).await.expect("ends");
    assert_eq!(orphans.len(), 1);
    let build = &orphans[0];
    assert_eq!((build.number, build.status, build.abort_reason.as_deref()), (1, BuildStatus::Error, Some("died")));
    assert!(bed.store().end_orphans(bed.now(), "died", telling(app.id)).await.expect("ends").is_empty());
    assert_eq!(bed.store().events(None, None, 9).await.expect("reads").len(), 1);
    let next = bed.store().claim_build(claim(&bed)).await.expect("claims").expect("waits");
    assert_eq!(next.0.number, 3, "what waited goes on");
    bed.clock.advance(Duration::from_secs(60));
    let silent = bed.store().silent_builds(bed.now(), false, 9).await.expect("reads");
    assert_eq!(silent.iter().map(|build| build.number).collect::<Vec<_>>(), [2], "of others alone");
    start(&bed, vec![a_build(app.id, "patient")]).await;
    for (running, count) in [(false, 2), (true, 1)] {
        let silent = bed.store().silent_builds(bed.now().plus(Duration::from_secs(1)), running, 9).await;
        assert_eq!(silent.expect("reads").len(), count);
    }
}

pub(crate) async fn a_log_is_appended_piece_by_piece_and_cut_when_it_is_too_long(bed: Bed) {
    let (bed, app) = with_app(bed).await;
    let build = start(&bed, vec![a_build(app.id, "one")]).await.remove(0);
    let append =
        async |at, text: &str| bed.store().append_log(build.id, at, text.to_owned(), bed.now()).await.expect("appends");
    assert_eq!(append(Some(0), "a").await, 1);
    assert_eq!(append(Some(0), "a").await, 1, "a repeat does no harm");
    assert_eq!(append(Some(5), "z").await, 1, "a gap is not filled");
    assert_eq!(append(None, "b").await, 2);
    let read = async || bed.store().read_log(build.id, 1, 9).await.expect("reads");
    assert_eq!(read().await.iter().map(|piece| (piece.position, piece.text.as_str())).collect::<Vec<_>>(), [(1, "b")]);
    append(None, &"x".repeat(MAX_LOG)).await;
    append(None, "y").await;
    let texts: Vec<_> = read().await.into_iter().map(|piece| piece.text).collect();
    assert_eq!(texts.len(), 2);
    assert!(texts[1].contains("longer than what is kept"));
}

pub(crate) async fn builds_are_listed_by_filter_and_page(bed: Bed) {
    let (bed, app) = with_app(bed).await;
    let params = |params: BuildParams, name: &str| NewBuild { params, ..a_build(app.id, name) };
    let branch = |name: &str| BuildParams { branch: name.to_owned(), ..BuildParams::default() };
    let pull = BuildParams { pull_request_id: 7, branch_dest: "main".to_owned(), ..branch("topic") };
    let tag = BuildParams { tag: "v1".to_owned(), commit_message: "ship it".to_owned(), ..BuildParams::default() };
    let pipeline = NewBuild { target: Target::Pipeline("all".to_owned()), ..a_build(app.id, "five") };
    let new = vec![
        params(branch("main"), "one"),
        params(branch("topic"), "two"),
        params(pull, "three"),
        params(tag, "four"),
        pipeline,
    ];
    let made = start(&bed, new).await;
    for at in [0, 4] {
        bed.store().end_build(made[at].id, well(&bed), quietly()).await.expect("ends");
    }
    let found = async |filter: BuildFilter| {
        let page = bed.store().builds(app.id, BuildFilter { limit: 9, ..filter }).await.expect("reads");
        assert_eq!(page.total, page.builds.len() as u64);
        page.builds.iter().map(|build| build.number).collect::<Vec<_>>()
    };
    let none = BuildFilter::default;
    assert_eq!(found(none()).await, [5, 4, 3, 2, 1]);
    assert_eq!(found(BuildFilter { order: BuildOrder::RunningFirst, ..none() }).await, [4, 3, 2, 5, 1]);
    assert_eq!(found(BuildFilter { branch: Some("topic".to_owned()), ..none() }).await, [3, 2]);
    assert_eq!(found(BuildFilter { kind: Some(TriggerKind::PullRequest), ..none() }).await, [3]);
    assert_eq!(found(BuildFilter { kind: Some(TriggerKind::Tag), ..none() }).await, [4]);
    assert_eq!(found(BuildFilter { pull_request: Some(7), ..none() }).await, [3]);
    assert_eq!(found(BuildFilter { commit_message: Some("ip i".to_owned()), ..none() }).await, [4]);
    assert_eq!(found(BuildFilter { status: Some(BuildStatus::Success), ..none() }).await, [5, 1]);
    assert_eq!(found(BuildFilter { pipeline: Some(true), ..none() }).await, [5]);
    assert_eq!(found(BuildFilter { number: Some(2), ..none() }).await, [2]);
    assert_eq!(found(BuildFilter { workflow: Some("primary".to_owned()), ..none() }).await, [4, 3, 2, 1]);
    assert!(found(BuildFilter { after: Some(testkit::START), ..none() }).await.is_empty());
    for order in [BuildOrder::Created, BuildOrder::RunningFirst] {
        let (mut walked, mut from) = (Vec::new(), None);
        loop {
            let page =
                bed.store().builds(app.id, BuildFilter { order, from, limit: 2, ..none() }).await.expect("reads");
            walked.extend(page.builds.iter().map(|build| build.number));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(walked, found(BuildFilter { order, ..none() }).await, "{order:?}");
    }
    let nowhere = bed.store().builds(app.id, BuildFilter { from: Some(uid(404)), limit: 2, ..none() }).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound)));
    assert_eq!(bed.store().branches_of(app.id, 9).await.expect("reads"), ["main", "topic"], "the fifth was of main");
    assert_eq!(bed.store().last_builds(&[app.id, CiAppId(9)]).await.expect("reads")[0].number, 5);
}

pub(crate) async fn builds_of_several_apps_are_one_list(bed: Bed) {
    let (bed, first) = with_app(bed).await;
    let another = async |slug: u128| {
        let new = NewCiApp { uid: uid(slug), ..an_app().of(RepositoryId(1)).build() };
        bed.store().create_ci_app(new).await.expect("created")
    };
    let (second, other) = (another(71).await, another(72).await);
    let order = [&first, &second, &other, &second, &first, &first];
    let new = order.iter().zip(["a", "b", "c", "d", "e", "f"]).map(|(app, name)| a_build(app.id, name));
    let made = start(&bed, new.collect()).await;
    for at in [1, 5] {
        bed.store().end_build(made[at].id, well(&bed), quietly()).await.expect("ends");
    }
    let both = [second.id, first.id];
    let page = async |apps: &[CiAppId], filter: BuildFilter| {
        let page = bed.store().builds_of(apps, filter).await.expect("reads");
        (page.builds.iter().map(|build| build.id).collect::<Vec<_>>(), page.total, page.next)
    };
    let ids = |at: &[usize]| at.iter().map(|at| made[*at].id).collect::<Vec<_>>();
    let all = || BuildFilter { limit: 9, ..BuildFilter::default() };
    assert_eq!(page(&both, all()).await, (ids(&[5, 4, 3, 1, 0]), 5, None));
    assert_eq!(page(&[second.id], all()).await, (ids(&[3, 1]), 2, None));
    assert_eq!(page(&[], all()).await, (Vec::new(), 0, None));
    assert_eq!(page(&[CiAppId(99), other.id], all()).await, (ids(&[2]), 1, None));
    let ended = || BuildFilter { status: Some(BuildStatus::Success), ..all() };
    assert_eq!(page(&both, ended()).await, (ids(&[5, 1]), 2, None));
    let waiting = BuildFilter { stage: Some(Stage::Queued), order: BuildOrder::RunningFirst, ..all() };
    assert_eq!(page(&both, waiting).await, (ids(&[4, 3, 0]), 3, None));
    let running_first = BuildFilter { order: BuildOrder::RunningFirst, ..all() };
    assert_eq!(page(&both, running_first).await, (ids(&[4, 3, 0, 5, 1]), 5, None));
    let (mut walked, mut from) = (Vec::new(), None);
    loop {
        let (builds, total, next) = page(&both, BuildFilter { from, limit: 2, ..all() }).await;
        assert_eq!(total, 5);
        walked.extend(builds);
        from = next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(walked, ids(&[5, 4, 3, 1, 0]));
    // A page may begin with a build that has left the list since it was named.
    let from = Some(made[4].uid);
    assert_eq!(page(&both, BuildFilter { from, ..ended() }).await, (ids(&[1]), 2, None));
    for elsewhere in [made[2].uid, uid(404)] {
        let nowhere = bed.store().builds_of(&both, BuildFilter { from: Some(elsewhere), ..all() }).await;
        assert!(matches!(nowhere, Err(StoreError::NotFound)), "no build of these apps");
    }
}

pub(crate) async fn a_build_request_is_decided_once(bed: Bed) {
    let (bed, app) = with_app(bed).await;
    let request = BuildRequest {
        uid: uid(5),
        app: app.id,
        params: BuildParams { pull_request_id: 3, ..BuildParams::default() },
        original: "{\"pull_request_id\":3}".into(),
        targets: vec![Target::Workflow("a".to_owned()), Target::Pipeline("b".to_owned())],
        triggered_by: Some("webhook-github/eve".to_owned()),
        created_at: bed.now(),
    };
    bed.store().start_builds(Vec::new(), vec![request.clone()], quietly()).await.expect("kept");
    assert_eq!(bed.store().build_requests(app.id, 9).await.expect("reads"), std::slice::from_ref(&request));
    assert_eq!(bed.store().build_request(uid(5)).await.expect("reads"), Some(request));
    let decisions = (0..4).map(|at| {
        bed.store().decide_request(uid(5), vec![a_build(app.id, &format!("approved {at}"))], telling(app.id))
    });
    let made: Vec<_> = join_all(decisions).await.into_iter().filter_map(|made| made.expect("decides")).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0][0].number, 1);
    assert!(bed.store().build_requests(app.id, 9).await.expect("reads").is_empty());
}
