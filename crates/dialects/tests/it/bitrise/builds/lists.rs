//! Lists: filters, pages, all apps at once.

use domain::ci::{BuildEnd, BuildStatus, CiApp};
use domain::flow::builds;
use domain::ports::Clock as _;
use serde_json::{Value, json};
use testkit::a_build;

use super::super::{Bed, assert_refused, made};
use super::{builds_of, claim, numbers, path, six};

#[tokio::test]
async fn every_filter_of_section_4_narrows_the_list() {
    let bed = Bed::new().await;
    six(&bed).await;
    let began = bed.world.app.created_at.as_secs();
    for (query, expected) in [
        (String::new(), &[6, 5, 4, 3, 2, 1][..]),
        ("sort_by=created_at".to_owned(), &[6, 5, 4, 3, 2, 1]),
        ("sort_by=running_first".to_owned(), &[6, 1, 5, 4, 3, 2]),
        ("branch=main".to_owned(), &[6, 5, 1]),
        ("workflow=deploy".to_owned(), &[4, 2]),
        ("commit_message=ploy".to_owned(), &[2]),
        ("commit_message=50%25_".to_owned(), &[1]),
        ("trigger_event_type=push".to_owned(), &[6, 5, 2, 1]),
        ("trigger_event_type=pull-request".to_owned(), &[3]),
        ("trigger_event_type=tag".to_owned(), &[4]),
        ("pull_request_id=7".to_owned(), &[3]),
        ("build_number=5".to_owned(), &[5]),
        (format!("after={}", began + 180), &[6, 5]),
        (format!("before={}", began + 120), &[2, 1]),
        (format!("after={}&before={}", began + 60, began + 240), &[4, 3]),
        ("status=0".to_owned(), &[6, 1]),
        ("status=1".to_owned(), &[2]),
        ("status=2".to_owned(), &[3]),
        ("status=3".to_owned(), &[4]),
        ("status=4".to_owned(), &[5]),
        ("is_pipeline_build=true".to_owned(), &[6]),
        ("is_pipeline_build=false".to_owned(), &[5, 4, 3, 2, 1]),
        ("branch=dev&workflow=primary&status=2".to_owned(), &[3]),
        ("branch=&status=".to_owned(), &[6, 5, 4, 3, 2, 1]),
        ("branch=nowhere".to_owned(), &[]),
    ] {
        let list = bed.get(&format!("{}?{query}", builds_of(&bed.app))).await;
        assert_eq!(numbers(&list), expected, "{query}");
        assert_eq!(list["paging"]["total_item_count"], expected.len(), "{query}");
    }
    for query in [
        "sort_by=name",
        "trigger_event_type=cron",
        "pull_request_id=x",
        "build_number=-1",
        "after=monday",
        "before=1.5",
        "status=5",
        "status=done",
        "is_pipeline_build=maybe",
        "limit=0",
        "limit=51",
        "next=x",
    ] {
        let answer = bed.call("GET", &format!("{}?{query}", builds_of(&bed.app)), Value::Null).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        let name = query.split('=').next().expect("a name");
        assert!(answer.json()["message"].as_str().expect("a text").starts_with(&format!("{name}: ")), "{query}");
    }
}

#[tokio::test]
async fn pages_of_builds_begin_with_the_build_that_next_names() {
    let bed = Bed::new().await;
    six(&bed).await;
    for (order, expected) in [("created_at", [6, 5, 4, 3, 2, 1]), ("running_first", [6, 1, 5, 4, 3, 2])] {
        let (mut found, mut next) = (Vec::new(), Some(String::new()));
        while let Some(slug) = next {
            let list = bed.get(&format!("{}?sort_by={order}&limit=1&next={slug}", builds_of(&bed.app))).await;
            found.extend(numbers(&list));
            assert_eq!(list["paging"]["total_item_count"], 6);
            next = list["paging"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(found, expected, "{order}");
    }
    let elsewhere = another_app(&bed).await;
    let build = a_build(elsewhere.id, "elsewhere");
    builds::start(&bed.world.ports, vec![build.clone()], Vec::new()).await.expect("started");
    let answer = bed.call("GET", &format!("{}?next={}", builds_of(&bed.app), build.uid), Value::Null).await;
    assert_refused(&answer, 400, "next: names no item of this list", "a build of another app");
    assert_eq!(bed.call("GET", &path(&bed.app, &build), Value::Null).await.status, 404);
}

/// One more app of acme's.
async fn another_app(bed: &Bed) -> std::sync::Arc<CiApp> {
    made(&bed.world, |app| {
        app.owner = bed.world.app.owner;
        app.uid = domain::id::Uid::new(app.created_at, &testkit::SeededEntropy::new(9));
    })
    .await
}

#[tokio::test]
async fn the_builds_of_all_apps_are_one_list() {
    let bed = Bed::new().await;
    let other = another_app(&bed).await;
    for (app, name) in [(&bed.app, "b1"), (&other, "b2"), (&bed.app, "b3"), (&other, "b4")] {
        builds::start(&bed.world.ports, vec![a_build(app.id, name)], Vec::new()).await.expect("started");
    }
    let (mut found, mut next) = (Vec::new(), Some(String::new()));
    while let Some(slug) = next {
        let list = bed.get(&format!("/v0.1/builds?limit=1&next={slug}")).await;
        assert_eq!(list["paging"]["total_item_count"], 4);
        found.push((list["data"][0]["repository"]["slug"].clone(), numbers(&list)[0]));
        next = list["paging"]["next"].as_str().map(str::to_owned);
    }
    let (mine, others) = (json!(bed.app.slug()), json!(other.slug()));
    assert_eq!(found, [(others.clone(), 2), (mine.clone(), 2), (others, 1), (mine, 1)]);
    claim(&bed).await;
    let count = async |query: &str| numbers(&bed.get(&format!("/v0.1/builds?{query}")).await).len();
    assert_eq!((count("is_on_hold=false").await, count("is_on_hold=true").await, count("status=1").await), (1, 3, 0));
    let now = bed.world.clock.now();
    let end = BuildEnd { status: BuildStatus::Success, reason: None, at: now };
    let newest = bed.get(&format!("/v0.1/apps/{}/builds?limit=1", other.slug())).await;
    let newest = domain::id::Uid::parse(newest["data"][0]["slug"].as_str().expect("a slug")).expect("a uid");
    let newest = bed.world.ports.store.build(newest).await.expect("reads").expect("a build");
    builds::end(&bed.world.ports, &newest, end).await.expect("ends");
    let list = bed.get("/v0.1/builds").await;
    let statuses: Vec<_> = (0..4)
        .map(|at| (list["data"][at]["status"].as_u64(), list["data"][at]["repository"]["status"].as_i64()))
        .collect();
    let expected = [(1, 1), (0, 0), (0, 1), (0, 0)].map(|(build, app)| (Some(build), Some(app)));
    assert_eq!(statuses, expected, "an app's status is that of its last build");
    let acme = bed.world.ports.directory().account("acme").expect("exists").uid;
    assert_eq!((count(&format!("owner_slug={acme}")).await, count("owner_slug=x").await), (4, 0));
    let mallory = bed.world.token_for("mallory", "repo").await;
    let seen = bed.world.ask(&mallory, "GET", "/v0.1/builds", Value::Null).await.json();
    assert_eq!(seen["data"], json!([]));
}
