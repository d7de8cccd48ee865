//! Outgoing webhooks of apps, delivered (contract bitrise section 10).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use dialects::Bitrise;
use domain::ci::{Build, BuildEnd, BuildStatus, CiApp, Ended, Target};
use domain::flow::builds;
use domain::flow::publish::{Envelope, publish};
use domain::rules::backoff::Schedule;
use domain::rules::target::EgressPolicy;
use engine::EngineSettings;
use serde_json::{Value, json};
use testkit::{Behaviour, Received, Receiver, a_build, an_app};

use crate::world::{Setup, World, eventually};

const SECRET: &str = "it's a secret";

/// A server with an app of `air`, and a receiver.
struct Bed {
    world: World,
    app: Arc<CiApp>,
    receiver: Receiver,
}

impl Bed {
    /// As the binary sets it up: the vendor's schedule, unless another is configured.
    async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    async fn with(setup: Setup) -> Self {
        let dialect_schedules = HashMap::from([(Bitrise::NAME, Schedule::Vendor)]);
        let engine = EngineSettings { dialect_schedules, ..setup.engine };
        let world = World::with(Setup { engine, ..setup }).await;
        let mut new = an_app().build();
        new.owner = world.ports.directory().account("air").expect("air").id;
        let app = world.ports.store.create_ci_app(new).await.expect("an app");
        Self { world, app, receiver: Receiver::start().await }
    }

    fn hooks(&self) -> String {
        format!("/v0.1/apps/{}/outgoing-webhooks", self.app.uid)
    }

    /// A hook for everything that calls the receiver there, with these members besides.
    async fn hook(&self, path: &str, more: Value) -> String {
        let mut body = json!({"url": self.receiver.url(path), "events": ["all"]});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let made = self.world.must("POST", &self.hooks(), &body).await;
        format!("{}/{}", self.hooks(), made["slug"].as_str().expect("a slug"))
    }

    /// Starts builds of these names.
    async fn start(&self, names: &[&str]) -> Vec<Arc<Build>> {
        let new = names.iter().map(|name| a_build(self.app.id, name)).collect();
        builds::start(&self.world.ports, new, Vec::new()).await.expect("started")
    }

    async fn end(&self, build: &Build, status: BuildStatus) -> Ended {
        let end = BuildEnd { status, reason: None, at: self.world.ports.clock.now() };
        builds::end(&self.world.ports, build, end).await.expect("ended")
    }

    /// The items of a hook, once there are so many.
    async fn items(&self, hook: &str, count: usize) -> Vec<Value> {
        let path = format!("{hook}/delivery-items");
        eventually(|| async {
            let list = self.world.must("GET", &path, &Value::Null).await;
            let items = list["data"].as_array().expect("a list").clone();
            (items.len() == count).then_some(items)
        })
        .await
    }
}

fn json_of(request: &Received) -> Value {
    serde_json::from_slice(&request.body).expect("JSON")
}

fn kinds(requests: &[Received]) -> Vec<&str> {
    requests.iter().map(|request| request.header("Bitrise-Event-Type").expect("a type")).collect()
}

#[tokio::test]
async fn check_20_21_a_build_is_told_as_it_starts_and_as_it_ends() {
    let bed = Bed::new().await;
    bed.hook("/signed", json!({"secret": SECRET, "headers": {"KEY": "value"}})).await;
    let [build] = bed.start(&["b1"]).await.try_into().expect("one build");
    let triggered = bed.receiver.wait_for(1).await;
    bed.end(&build, BuildStatus::Success).await;
    let received = bed.receiver.wait_for(2).await;
    assert_eq!(received[0], triggered[0]);
    assert_eq!(kinds(&received), ["build/triggered", "build/finished"]);
    for (request, status) in received.iter().zip([0, 1]) {
        let expected = json!({
            "build_slug": build.slug(), "build_number": 1, "app_slug": bed.app.slug(), "build_status": status,
            "build_triggered_workflow": "primary",
            "git": {
                "provider": "github", "src_branch": "main", "dst_branch": "main", "pull_request_id": 0, "tag": null,
            },
        });
        assert_eq!(json_of(request), expected);
        let mac = sign(&Key::new(HMAC_SHA256, SECRET.as_bytes()), &request.body);
        let hex = mac.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(request.header("Bitrise-Hook-Signature"), Some(format!("sha256={hex}").as_str()));
        assert_eq!(request.header("Bitrise-App-Id"), Some(bed.app.slug().as_str()));
        assert_eq!((request.method.as_str(), request.header("Content-Type")), ("POST", Some("application/json")));
        assert_eq!((request.header("KEY"), request.header("Postrider-Hops")), (Some("value"), Some("1")));
    }
    assert_ne!(received[0].header("X-Delivery-Id"), received[1].header("X-Delivery-Id"));
}

#[tokio::test]
async fn check_20_without_a_secret_nothing_is_signed() {
    let bed = Bed::new().await;
    bed.hook("/", json!({"secret": ""})).await;
    bed.start(&["b1"]).await;
    assert_eq!(bed.receiver.wait_for(1).await[0].header("Bitrise-Hook-Signature"), None);
}

#[tokio::test]
async fn check_18_every_build_is_told_by_itself() {
    let bed = Bed::new().await;
    let hook = bed.hook("/", json!({})).await;
    let builds = bed.start(&["b1", "b2", "b3"]).await;
    let received = bed.receiver.wait_for(3).await;
    assert_eq!(kinds(&received), ["build/triggered"; 3]);
    let mut told: Vec<_> = received.iter().map(|request| json_of(request)["build_number"].as_u64()).collect();
    told.sort_unstable();
    assert_eq!(told, [Some(1), Some(2), Some(3)]);
    assert_eq!((builds.len(), bed.items(&hook, 3).await.len()), (3, 3));
}

#[tokio::test]
async fn hooks_hear_of_what_they_asked_for() {
    let bed = Bed::new().await;
    bed.hook("/build", json!({"events": ["build"]})).await;
    bed.hook("/pipeline", json!({"events": ["pipeline"]})).await;
    let of_pipeline =
        domain::ci::NewBuild { target: Target::Pipeline("release".to_owned()), ..a_build(bed.app.id, "b2") };
    let new = vec![a_build(bed.app.id, "b1"), of_pipeline];
    builds::start(&bed.world.ports, new, Vec::new()).await.expect("started");
    let received = bed.receiver.wait_for(3).await;
    let mut told: Vec<_> =
        received.iter().map(|request| (request.path.as_str(), json_of(request)["build_number"].as_u64())).collect();
    told.sort_unstable();
    assert_eq!(told, [("/build", Some(1)), ("/build", Some(2)), ("/pipeline", Some(2))]);
    let of_pipelines = received.iter().find(|request| request.path == "/pipeline").expect("one");
    assert_eq!(of_pipelines.header("Bitrise-Event-Type"), Some("pipeline/triggered"));
    assert_eq!(json_of(of_pipelines)["build_triggered_workflow"], "release");
}

#[tokio::test]
async fn check_22_a_receiver_that_fails_is_called_once() {
    let bed = Bed::new().await;
    bed.receiver.always(Behaviour::Status(500));
    let hook = bed.hook("/", json!({})).await;
    bed.start(&["b1"]).await;
    let [item] = bed.items(&hook, 1).await.try_into().expect("one item");
    assert_eq!(item["response_http_status"], 500);
    for _ in 0..3 {
        bed.world.advance(Duration::from_secs(24 * 3_600)).await;
    }
    bed.start(&["b2"]).await;
    let received = bed.receiver.wait_for(2).await;
    let numbers: Vec<_> = received.iter().map(|request| json_of(request)["build_number"].clone()).collect();
    assert_eq!(numbers, [json!(1), json!(2)], "nothing came between");
}

#[tokio::test]
async fn check_23_a_redelivery_goes_where_the_hook_points_now_and_is_another_item() {
    let bed = Bed::new().await;
    bed.receiver.then(Behaviour::Status(503));
    let hook = bed.hook("/old", json!({"secret": "old"})).await;
    bed.start(&["b1"]).await;
    let [first] = bed.items(&hook, 1).await.try_into().expect("one item");
    bed.world.clock.advance(Duration::from_secs(1));
    let edit = json!({"url": bed.receiver.url("/new"), "events": ["all"], "headers": {"KEY": "new"}});
    bed.world.must("PUT", &hook, &edit).await;
    bed.world.clock.advance(Duration::from_secs(1));
    let slug = first["slug"].as_str().expect("a slug");
    bed.world.must("POST", &format!("{hook}/delivery-items/{slug}/redeliver"), &Value::Null).await;
    let received = bed.receiver.wait_for(2).await;
    assert_eq!((received[0].path.as_str(), received[1].path.as_str()), ("/old", "/new"));
    assert_eq!(received[0].body, received[1].body);
    assert_eq!((received[0].header("KEY"), received[1].header("KEY")), (None, Some("new")));
    let items = bed.items(&hook, 2).await;
    assert_eq!(items[1], first);
    assert_eq!((&items[0]["response_http_status"], &items[0]["request_url"]), (&json!(200), &edit["url"]));
    let headers: Value = serde_json::from_str(items[0]["request_headers"].as_str().expect("text")).expect("JSON");
    assert_eq!(headers["Bitrise-Event-Type"], "build/triggered");
    assert_eq!(headers["KEY"], "********", "it may be a credential");
}

#[tokio::test]
async fn check_24_25_whoever_ends_a_build_first_decides_what_is_told_and_once() {
    let bed = Bed::new().await;
    let hook = bed.hook("/", json!({})).await;
    let names = ["b1", "b2", "b3", "b4"];
    for build in bed.start(&names).await {
        use BuildStatus::{Aborted, AbortedWithSuccess, Success};
        let (a, b, c) =
            tokio::join!(bed.end(&build, Aborted), bed.end(&build, AbortedWithSuccess), bed.end(&build, Success));
        let now = [a, b, c].into_iter().filter_map(|ended| match ended {
            Ended::Now(build) => Some(build.status.code()),
            Ended::Before(_) => None,
        });
        assert_eq!(now.count(), 1, "one of three");
    }
    let items = bed.items(&hook, 2 * names.len()).await;
    let finished = items
        .iter()
        .filter(|item| item["request_headers"].as_str().is_some_and(|text| text.contains("build/finished")));
    assert_eq!(finished.count(), names.len());
    let statuses = [BuildStatus::Aborted, BuildStatus::AbortedWithSuccess];
    for (build, status) in bed.start(&["b5", "b6"]).await.iter().zip(statuses) {
        bed.end(build, status).await;
    }
    let received = bed.receiver.wait_for(2 * names.len() + 4).await;
    let told = |number: u64| {
        let mut of_build = received.iter().map(json_of).filter(|body| body["build_number"] == number);
        of_build.find_map(|body| body["build_status"].as_u64().filter(|status| *status != 0))
    };
    assert_eq!((told(5), told(6)), (Some(3), Some(4)));
}

#[tokio::test]
async fn check_27_deliveries_do_not_reach_private_addresses_unless_allowed() {
    let bed = Bed::with(Setup { policy: EgressPolicy::default(), ..Setup::default() }).await;
    let hook = bed.hook("/", json!({})).await;
    bed.start(&["b1"]).await;
    let [item] = bed.items(&hook, 1).await.try_into().expect("one item");
    assert_eq!(item["response_http_status"], Value::Null);
    assert!(bed.receiver.received().is_empty());
}

#[tokio::test]
async fn payloads_in_this_dialect_are_passed_on_as_they_are() {
    let bed = Bed::new().await;
    bed.hook("/", json!({})).await;
    let body = r#" {"build_slug" : "elsewhere", "build_status":1} "#;
    let envelope = Envelope {
        id: "one".to_owned(),
        source: format!("/apps/{}", bed.app.uid),
        kind: "bitrise.build/finished".to_owned(),
        subject: None,
        time: None,
        content_type: "application/json".to_owned(),
        data: body.into(),
        hops: 0,
    };
    assert_eq!(publish(&bed.world.ports, envelope).await.expect("accepted").deliveries, 1);
    let received = bed.receiver.wait_for(1).await;
    assert_eq!((kinds(&received), &received[0].body[..]), (vec!["build/finished"], body.as_bytes()));
}

#[tokio::test]
async fn d8_what_is_told_of_a_build_counts_on_from_what_led_to_it() {
    let bed = Bed::new().await;
    bed.hook("/counting", json!({})).await;
    let new = domain::ci::NewBuild { hops: 3, ..a_build(bed.app.id, "b1") };
    let started = builds::start(&bed.world.ports, vec![new], Vec::new()).await.expect("started");
    bed.end(&started[0], BuildStatus::Success).await;
    for told in bed.receiver.wait_for(2).await {
        assert_eq!(told.header("Postrider-Hops"), Some("4"));
    }
}
