//! Build requests (contract bitrise section 4): builds from forks wait for somebody's word.

use domain::account::OrgRole;
use domain::ci::{BuildParams, BuildRequest, Target};
use domain::flow::builds;
use domain::id::Uid;
use domain::ports::Clock as _;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Bed, assert_refused, simple};

/// Where the app's build requests are.
fn requests_of(bed: &Bed) -> String {
    format!("/v0.1/apps/{}/build-requests", bed.app.uid)
}

/// A build that waits, of pull request `number`.
async fn waiting(bed: &Bed, number: u64) -> Uid {
    let now = bed.world.clock.now();
    let params = BuildParams { pull_request_id: number, branch: "fix".to_owned(), ..BuildParams::default() };
    let request = BuildRequest {
        uid: Uid::new(now, &*bed.world.ports.entropy),
        app: bed.app.id,
        original: json!({"branch": "fix", "pull_request_id": number}).to_string().into(),
        params,
        targets: vec![Target::Workflow("primary".to_owned()), Target::Workflow("lint".to_owned())],
        triggered_by: Some("webhook-github/mallory".to_owned()),
        created_at: now,
    };
    let uid = request.uid;
    builds::start(&bed.world.ports, Vec::new(), vec![request]).await.expect("kept");
    uid
}

#[tokio::test]
async fn what_waits_is_listed_and_told_of_only_once_it_is_approved() {
    let bed = Bed::new().await;
    bed.hook(simple("http://r.test/")).await;
    let hook = bed.stored()[0].id;
    let uid = waiting(&bed, 7).await;
    let shown = json!({"slug": uid.to_string(), "build_params": {"branch": "fix", "pull_request_id": 7},
        "pull_request_url": "https://github.com/acme/rocket/pull/7", "created_at": "2026-01-02T03:04:05Z"});
    assert_eq!(bed.get(&requests_of(&bed)).await, json!({"data": [shown]}));
    assert!(bed.world.due(hook).await.is_empty(), "nobody hears of what waits");
    let one = format!("{}/{uid}", requests_of(&bed));
    let approved = bed.call("PATCH", &one, json!({"is_approved": true})).await;
    assert_eq!((approved.status.as_u16(), approved.json()), (200, json!({"data": shown})));
    assert_eq!(bed.get(&requests_of(&bed)).await, json!({"data": []}));
    let list = bed.get(&format!("/v0.1/apps/{}/builds", bed.app.uid)).await;
    let started: Vec<_> =
        list["data"].as_array().expect("a list").iter().map(|b| b["triggered_workflow"].clone()).collect();
    assert_eq!(json!(started), json!(["lint", "primary"]));
    let kinds: Vec<_> = bed.world.due(hook).await.iter().map(|work| work.message().kind.to_string()).collect();
    assert_eq!(kinds, ["build/triggered", "build/triggered"]);
    let again = bed.call("PATCH", &one, json!({"is_approved": true})).await;
    assert_refused(&again, 404, "Not Found", "decided");
}

#[tokio::test]
async fn what_is_refused_is_gone() {
    let bed = Bed::new().await;
    let one = format!("{}/{}", requests_of(&bed), waiting(&bed, 7).await);
    for bad in [json!({}), json!({"is_approved": "yes"}), json!([]), json!({"is_approved": null})] {
        assert_eq!(bed.call("PATCH", &one, bad.clone()).await.status, 400, "{bad}");
    }
    assert_eq!(bed.call("PATCH", &one, json!({"is_approved": false})).await.status, 200);
    assert_eq!(bed.get(&requests_of(&bed)).await, json!({"data": []}));
    assert_eq!(bed.get(&format!("/v0.1/apps/{}/builds", bed.app.uid)).await["data"], json!([]));
}

#[tokio::test]
async fn two_words_on_one_request_start_it_once() {
    let bed = Bed::new().await;
    let one = format!("{}/{}", requests_of(&bed), waiting(&bed, 7).await);
    let asked = (0..20).map(|_| bed.call("PATCH", &one, json!({"is_approved": true})));
    let good = join_all(asked).await.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1);
    let list = bed.get(&format!("/v0.1/apps/{}/builds", bed.app.uid)).await;
    assert_eq!(list["paging"]["total_item_count"], 2);
}

#[tokio::test]
async fn testers_see_what_waits_and_do_not_decide() {
    let bed = Bed::new().await;
    let one = format!("{}/{}", requests_of(&bed), waiting(&bed, 7).await);
    bed.world.join("mallory", OrgRole::Member).await;
    let token = bed.world.token_for("mallory", "repo").await;
    assert_eq!(bed.world.ask(&token, "GET", &requests_of(&bed), Value::Null).await.status, 200);
    assert_eq!(bed.world.ask(&token, "PATCH", &one, json!({"is_approved": true})).await.status, 403);
}
