//! `/api/v1/builds`: builds, and the executors that run them elsewhere.

use axum::body::Body;
use axum::http::Request;
use domain::ci::{BuildSecret, ClaimBuild, Environment, NewBuild};
use domain::flow::builds as flow;
use domain::id::Uid;
use domain::secret::Secret;
use serde_json::{Value, json};
use testkit::a_build;

use crate::bed::{Answer, Bed, ROOT};

const BUILDS: &str = "/api/v1/builds";

/// A server with an app of acme's repository.
struct Shop {
    bed: Bed,
    app: String,
}

impl Shop {
    async fn open() -> Self {
        let bed = Bed::acme().await;
        let body = json!({"owner": "acme", "repository": "acme/secret", "config": "format_version: '13'\n"});
        let made = bed.post("owner-token", "/api/v1/apps", body).await;
        assert_eq!(made.status(), 201, "{made:?}");
        Self { app: made.json["slug"].as_str().expect("text").to_owned(), bed }
    }

    /// Starts a build; its path.
    async fn start(&self, name: &str) -> String {
        self.start_as(name, |new| new).await
    }

    async fn start_as(&self, name: &str, change: impl FnOnce(NewBuild) -> NewBuild) -> String {
        let app = self.bed.ports.directory().ci_app(Uid::parse(&self.app).expect("a slug")).expect("there");
        let new = change(a_build(app.id, name));
        let started = flow::start(&self.bed.ports, vec![new], Vec::new()).await.expect("started");
        format!("{BUILDS}/{}", started[0].slug())
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.bed.post("owner-token", path, body).await
    }

    async fn claim(&self, body: Value) -> Answer {
        self.post(&format!("{BUILDS}/claim"), body).await
    }

    async fn log(&self, build: &str, query: &str, text: &'static str) -> Answer {
        let request = Request::post(format!("{build}/log{query}")).header("authorization", "Bearer owner-token");
        self.bed.send(request.header("content-type", "text/plain").body(Body::from(text)).expect("a request")).await
    }

    /// How many events of that type there are.
    async fn told(&self, kind: &str) -> usize {
        let events = self.bed.ports.store.events(None, None, 1_000).await.expect("read");
        events.iter().filter(|event| event.kind == kind).count()
    }
}

#[tokio::test]
async fn an_executor_claims_a_build_reports_on_it_and_ends_it() {
    let shop = Shop::open().await;
    assert_eq!(shop.claim(json!({"executor": "worker-1"})).await.status(), 204);
    let path = shop
        .start_as("one", |mut new| {
            let extra = Environment { mapped_to: "EXTRA".to_owned(), value: "$X".to_owned(), is_expand: true };
            new.params.environments = vec![extra];
            new.secrets = vec![BuildSecret { key: "KEY".to_owned(), value: Secret::new("hunter2"), is_expand: false }];
            new
        })
        .await;
    assert_eq!(shop.bed.get("owner-token", &path).await.json["stage"], "queued");

    let claimed = shop.claim(json!({"executor": "worker-1", "apps": [shop.app], "wait_seconds": 0})).await;
    assert_eq!((claimed.status(), &claimed.headers["cache-control"]), (200, &"no-store".parse().expect("a value")));
    let work = claimed.json;
    for (name, value) in [
        ("stage", json!("running")),
        ("status", json!("in-progress")),
        ("executor", json!("worker-1")),
        ("number", json!(1)),
        ("workflow", json!("primary")),
        ("branch", json!("main")),
        ("repo_url", json!("http://postrider.test/acme/secret.git")),
        ("config", json!("format_version: '13'\n")),
        ("secrets", json!([{"key": "KEY", "value": "hunter2", "is_expand": false}])),
    ] {
        assert_eq!(work[name], value, "{name}");
    }
    assert_eq!(work["params"]["branch"], "main");
    let environment = work["environment"].as_array().expect("a list");
    for (key, value, is_expand) in
        [("BITRISE_BUILD_NUMBER", "1", false), ("BITRISE_GIT_BRANCH", "main", false), ("EXTRA", "$X", true)]
    {
        assert!(environment.contains(&json!({"key": key, "value": value, "is_expand": is_expand})), "{key}");
    }
    assert!(!shop.bed.get("owner-token", &path).await.json.to_string().contains("hunter2"), "S-4");

    assert_eq!(shop.log(&path, "?position=0", "one\n").await.json["position"], 1);
    let heard = shop.log(&path, "?position=1", "two\n").await;
    assert_eq!(heard.json, json!({"position": 2, "abort": false, "status": "in-progress"}));
    assert_eq!(shop.log(&path, "?position=1", "two\n").await.json["position"], 2, "a repeat is kept once");
    assert_eq!(shop.log(&path, "?position=5", "six\n").await.fault(), (409, "conflict", "position"));
    assert_eq!(shop.log(&path, "", "").await.json["position"], 2, "a sign of life is no piece");
    let read = shop.bed.get("owner-token", &format!("{path}/log")).await;
    assert_eq!((&read.json, &read.headers["postrider-log-position"]), (&json!("one\ntwo\n"), &"2".parse().expect("2")));
    let rest = shop.bed.get("owner-token", &format!("{path}/log?from=1&format=json")).await.json;
    assert_eq!(rest, json!({"position": 2, "ended": false, "status": "in-progress", "text": "two\n"}));

    let ended = shop.post(&format!("{path}/finish"), json!({"status": "error", "reason": "exit code 2"})).await;
    assert_eq!(
        (ended.status(), &ended.json["status"], &ended.json["reason"]),
        (200, &json!("error"), &json!("exit code 2"))
    );
    assert_eq!((shop.told("build.triggered").await, shop.told("build.finished").await), (1, 1));
}

#[tokio::test]
async fn what_was_done_before_is_a_conflict_that_says_so() {
    let shop = Shop::open().await;
    let path = shop.start("one").await;
    let finish = json!({"status": "success"});
    let answer = shop.post(&format!("{path}/finish"), finish.clone()).await;
    assert_eq!(answer.fault(), (409, "conflict", ""), "it was not started");
    assert_eq!(shop.log(&path, "", "x").await.fault(), (409, "conflict", ""));
    assert_eq!(shop.post(&format!("{path}/start"), json!({"executor": "a"})).await.status(), 200);
    let again = shop.post(&format!("{path}/start"), json!({"executor": "b"})).await;
    assert_eq!(again.fault().0, 409);
    assert_eq!(again.json["error"]["message"], "the build was started before, by a");
    assert_eq!(shop.post(&format!("{path}/finish"), finish.clone()).await.status(), 200);
    let again = shop.post(&format!("{path}/finish"), finish).await;
    assert_eq!(again.json["error"]["message"], "the build has ended before: success");
    assert_eq!(shop.post(&format!("{path}/abort"), json!({})).await.fault().0, 409);
    assert_eq!(shop.post(&format!("{path}/start"), json!({"executor": "a"})).await.fault().0, 409);
    assert_eq!(shop.log(&path, "", "late").await.fault().0, 409);
    assert_eq!(shop.told("build.finished").await, 1);
}

#[tokio::test]
async fn check_25_an_executor_learns_of_an_abort_from_its_next_report() {
    let shop = Shop::open().await;
    for (name, body, status) in
        [("one", json!({"reason": "not needed"}), "aborted"), ("two", json!({"success": true}), "aborted-with-success")]
    {
        let path = shop.start(name).await;
        assert_eq!(shop.post(&format!("{path}/start"), json!({"executor": "a"})).await.status(), 200);
        let aborted = shop.post(&format!("{path}/abort"), body).await;
        assert_eq!((aborted.status(), &aborted.json["status"]), (200, &json!(status)));
        let heard = shop.log(&path, "?position=0", "stopping\n").await;
        assert_eq!(heard.json, json!({"position": 1, "abort": true, "status": status}));
        assert_eq!(shop.post(&format!("{path}/finish"), json!({"status": "aborted"})).await.fault().0, 409);
        let read = shop.bed.get("owner-token", &format!("{path}/log?format=json")).await.json;
        assert_eq!((&read["ended"], &read["text"]), (&json!(true), &json!("stopping\n")));
    }
    let queued = shop.start("three").await;
    assert_eq!(shop.post(&format!("{queued}/abort"), json!({})).await.json["stage"], "ended");
    assert_eq!(shop.claim(json!({"executor": "a"})).await.status(), 204, "it never starts");
}

#[tokio::test]
async fn builds_of_the_servers_own_command_are_not_reported_on_from_outside() {
    let shop = Shop::open().await;
    let path = shop.start("one").await;
    let now = shop.bed.ports.clock.now();
    let claim = ClaimBuild { apps: None, only: None, executor: "command".to_owned(), local: true, now };
    shop.bed.ports.store.claim_build(claim).await.expect("claimed").expect("there");
    assert_eq!(shop.post(&format!("{path}/finish"), json!({"status": "success"})).await.fault().0, 409);
    assert_eq!(shop.log(&path, "", "x").await.fault().0, 409);
    assert_eq!(shop.claim(json!({"executor": "command"})).await.fault(), (422, "invalid", "executor"));
    assert_eq!(shop.post(&format!("{path}/abort"), json!({})).await.status(), 200);
}

#[tokio::test]
async fn only_developers_run_builds_and_strangers_do_not_see_them() {
    let shop = Shop::open().await;
    let path = shop.start("one").await;
    let claim = json!({"executor": "a"});
    assert_eq!(shop.bed.get("bob-token", &path).await.fault(), (404, "not_found", ""));
    assert_eq!(shop.bed.get("bob-token", &format!("{path}/log")).await.fault().0, 404);
    assert_eq!(shop.bed.post("bob-token", &format!("{path}/start"), claim.clone()).await.fault().0, 404);
    assert_eq!(shop.bed.post("bob-token", &format!("{BUILDS}/claim"), claim.clone()).await.status(), 204);
    let named = json!({"executor": "a", "apps": [shop.app]});
    assert_eq!(
        shop.bed.post("bob-token", &format!("{BUILDS}/claim"), named.clone()).await.fault(),
        (404, "not_found", "apps")
    );
    // Members of the organization look on.
    assert_eq!(shop.bed.get("ann-token", &path).await.status(), 200);
    assert_eq!(shop.bed.post("ann-token", &format!("{path}/abort"), json!({})).await.fault().0, 403);
    assert_eq!(shop.bed.post("ann-token", &format!("{BUILDS}/claim"), claim.clone()).await.status(), 204);
    assert_eq!(shop.bed.post("ann-token", &format!("{BUILDS}/claim"), named).await.fault().0, 403);
    shop.bed.token("owner", "narrow", "public_repo,events:write").await;
    assert_eq!(shop.bed.post("narrow", &format!("{path}/start"), claim.clone()).await.fault().0, 403);
    assert_eq!(shop.bed.post("narrow", &format!("{BUILDS}/claim"), claim.clone()).await.status(), 204);
    shop.bed.token("owner", "scopeless", "read:user").await;
    assert_eq!(shop.bed.post("scopeless", &format!("{BUILDS}/claim"), claim.clone()).await.fault().0, 403);
    assert_eq!(shop.bed.get("", &path).await.fault().0, 401);
    assert_eq!(shop.bed.post(ROOT, &format!("{path}/start"), claim).await.status(), 200);
}

#[tokio::test]
async fn builds_are_listed_newest_first_in_pages() {
    let shop = Shop::open().await;
    for name in ["one", "two", "three"] {
        shop.start(name).await;
    }
    let list = async |query: &str| shop.bed.get("owner-token", &format!("{BUILDS}?app={}{query}", shop.app)).await;
    let numbers = |answer: &Answer| -> Vec<u64> {
        let items = answer.json["items"].as_array().expect("a list");
        items.iter().map(|build| build["number"].as_u64().expect("a number")).collect()
    };
    let first = list("&limit=2").await;
    assert_eq!(numbers(&first), [3, 2]);
    let second = list(&format!("&limit=2&cursor={}", first.json["next"].as_str().expect("there is more"))).await;
    assert_eq!((numbers(&second), second.json.get("next")), (vec![1], None));
    assert!(numbers(&list("&branch=dev").await).is_empty() && numbers(&list("&status=success").await).is_empty());
    assert_eq!(numbers(&list("&status=in-progress&branch=main&workflow=primary").await), [3, 2, 1]);
    for (query, field) in [("&status=odd", "status"), ("&limit=0", "limit"), ("&cursor=x", "cursor")] {
        assert_eq!(list(query).await.fault(), (400, "bad_request", field));
    }
    assert_eq!(shop.bed.get("owner-token", BUILDS).await.fault(), (400, "bad_request", "app"));
}

#[tokio::test]
async fn nonsense_is_refused_by_name() {
    let shop = Shop::open().await;
    let path = shop.start("one").await;
    assert_eq!(shop.claim(json!({})).await.fault(), (422, "invalid", "executor"));
    assert_eq!(
        shop.claim(json!({"executor": "a", "wait_seconds": 31})).await.fault(),
        (422, "invalid", "wait_seconds")
    );
    assert_eq!(shop.claim(json!({"executor": "a", "app": 1})).await.fault(), (422, "invalid", "app"));
    shop.post(&format!("{path}/start"), json!({"executor": "a"})).await;
    for status in ["in-progress", "odd"] {
        let answer = shop.post(&format!("{path}/finish"), json!({"status": status})).await;
        assert_eq!(answer.fault(), (422, "invalid", "status"), "{status}");
    }
    assert_eq!(shop.log(&path, "?position=-1", "x").await.fault(), (400, "bad_request", "position"));
    let log = async |query: &str| shop.bed.get("owner-token", &format!("{path}/log{query}")).await;
    assert_eq!(log("?from=x").await.fault(), (400, "bad_request", "from"));
    assert_eq!(log("?format=xml").await.fault(), (400, "bad_request", "format"));
    assert_eq!(shop.bed.get("owner-token", &format!("{BUILDS}/nothing")).await.fault().0, 404);
}

#[tokio::test]
async fn builds_are_started_by_hand_as_the_triggers_say_or_as_named() {
    let shop = Shop::open().await;
    let config =
        "format_version: '13'\nworkflows: {ci: {}, deploy: {}}\ntrigger_map:\n- {push_branch: main, workflow: ci}\n";
    let stored = json!({ "config": config });
    let path = format!("/api/v1/apps/{}/config", shop.app);
    assert_eq!(shop.bed.ask("owner-token", "PUT", &path, Some(stored)).await.status(), 200);
    let trigger = async |params: Value| shop.post(BUILDS, json!({"app": shop.app, "params": params})).await;

    let started = trigger(json!({"branch": "main"})).await;
    assert_eq!(started.status(), 201, "{started:?}");
    let build = &started.json["builds"][0];
    assert_eq!((&build["workflow"], &build["triggered_by"]), (&json!("ci"), &json!("manual-owner")));
    let named = trigger(json!({"branch": "dev", "workflow_id": "deploy"})).await;
    assert_eq!(named.json["builds"][0]["workflow"], "deploy");
    assert_eq!(trigger(json!({"branch": "dev"})).await.fault(), (409, "conflict", ""));
    for params in [json!({}), json!([]), json!({"branch": 1}), json!({"branch": "main", "priority": 101})] {
        assert_eq!(trigger(params).await.fault().0, 422);
    }
    let bad = json!({"app": shop.app, "params": {"branch": "main"}, "secrets": [{"value": "hunter2"}]});
    let refused = shop.post(BUILDS, bad).await;
    assert_eq!(refused.fault(), (422, "invalid", "secrets"));
    assert!(!refused.json.to_string().contains("hunter2"));
    let stranger = json!({"app": shop.app, "params": {"branch": "main"}});
    assert_eq!(shop.bed.post("ann-token", BUILDS, stranger).await.fault().0, 403);
    assert_eq!(shop.told("build.triggered").await, 2);
}
