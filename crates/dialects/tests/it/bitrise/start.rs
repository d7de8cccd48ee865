//! Builds started over HTTP.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use domain::account::{OrgRole, Permission};
use domain::ci::{BuildFilter, BuildStatus, CiApp, NewCiApp, Target};
use domain::hook::{DialectName, HookScope};
use domain::id::Uid;
use serde_json::{Value, json};
use testkit::an_app;

use crate::world::{ALL, Answer, World, request};

const CONFIG: &str = "
trigger_map:
- {push_branch: main, workflow: primary}
- {pull_request_target_branch: main, workflow: check}
- {tag: 'v*', pipeline: release}
workflows: {primary: {}, check: {}, _shared: {}}
pipelines: {release: {}}
";

/// acme's app, and how to ask for builds of it.
struct Rocket {
    world: World,
    app: Arc<CiApp>,
}

impl Rocket {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut NewCiApp)) -> Self {
        let world = World::new().await;
        let mut new = an_app().of(world.app.id).configured(CONFIG).build();
        new.owner = world.app.owner;
        change(&mut new);
        let app = world.ports.store.create_ci_app(new).await.expect("an app");
        Self { world, app }
    }

    async fn edit(&mut self, change: impl FnOnce(&mut CiApp) + Send + 'static) {
        let edit = Box::new(|mut app: CiApp| {
            change(&mut app);
            app
        });
        let store = &self.world.ports.store;
        self.app = store.update_ci_app(self.app.id, testkit::START, edit).await.expect("edited");
    }

    /// `POST /v0.1/apps/…/builds` by alice.
    async fn trigger(&self, params: Value) -> Answer {
        self.trigger_with(&self.world.token, json!({"hook_info": {"type": "bitrise"}, "build_params": params})).await
    }

    async fn trigger_with(&self, token: &str, body: Value) -> Answer {
        self.world.ask(token, "POST", &format!("/v0.1/apps/{}/builds", self.app.uid), body).await
    }

    /// `POST /app/…/build/start.json` with that token.
    async fn start(&self, token: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(format!("/app/{}/build/start.json", self.app.uid));
        let request = request.header("Api-Token", token).header("X-Bitrise-Event", "hook");
        self.world.send(request.body(body.into()).expect("a request")).await
    }

    async fn targets(&self) -> Vec<Target> {
        let filter = BuildFilter { limit: 50, ..BuildFilter::default() };
        let page = self.world.ports.store.builds(self.app.id, filter).await.expect("listed");
        page.builds.iter().rev().map(|build| build.target.clone()).collect()
    }
}

fn workflow(name: &str) -> Target {
    Target::Workflow(name.to_owned())
}

#[tokio::test]
async fn a_build_of_the_branch_s_workflow_is_started_and_told_in_both_forms() {
    let rocket = Rocket::new().await;
    let answer = rocket.trigger(json!({"branch": "main", "commit_message": "go"})).await;
    assert_eq!((answer.status.as_u16(), answer.text.ends_with('\n')), (201, true), "{}", answer.text);
    let body = answer.json();
    let slug = body["build_slug"].as_str().expect("a slug");
    let url = format!("http://postrider.test/app/{}/build/{slug}", rocket.app.uid);
    let first = json!({"status": "ok", "message": "webhook processed", "build_slug": slug, "build_number": 1,
        "build_url": url, "triggered_workflow": "primary", "triggered_pipeline": ""});
    let whole = json!({"status": "ok", "message": "webhook processed", "service": "bitrise",
        "slug": rocket.app.uid.to_string(), "build_slug": slug, "build_number": 1, "build_url": url,
        "triggered_workflow": "primary", "results": [first]});
    assert_eq!(body, whole);
    let build =
        rocket.world.ports.store.build(Uid::parse(slug).expect("a UUID")).await.expect("read").expect("is there");
    assert_eq!((build.status, build.target.clone()), (BuildStatus::InProgress, workflow("primary")));
    assert_eq!(build.triggered_by.as_deref(), Some("manual-alice"));
    assert_eq!(build.original.as_ref(), r#"{"branch":"main","commit_message":"go"}"#);
}

#[tokio::test]
async fn a_named_workflow_or_pipeline_bypasses_the_triggers_and_has_to_exist() {
    let rocket = Rocket::new().await;
    assert_eq!(rocket.trigger(json!({"branch": "dev", "workflow_id": "check"})).await.status.as_u16(), 201);
    let pipeline = rocket.trigger(json!({"pipeline_id": "release"})).await.json();
    assert_eq!(
        (&pipeline["results"][0]["triggered_pipeline"], &pipeline["build_number"]),
        (&json!("release"), &json!(2))
    );
    assert_eq!(rocket.targets().await, [workflow("check"), Target::Pipeline("release".to_owned())]);
    for (params, reason) in [
        (json!({"workflow_id": "nope"}), "workflow (nope) is not defined in the app's bitrise.yml"),
        (json!({"pipeline_id": "check"}), "pipeline (check) is not defined in the app's bitrise.yml"),
        (json!({"workflow_id": "_shared"}), "utility workflow (_shared) can't be triggered directly"),
    ] {
        let answer = rocket.trigger(params).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["message"]), (400, &json!(reason)));
    }
    assert_eq!(rocket.targets().await.len(), 2);
}

#[tokio::test]
async fn check_14_what_no_trigger_matches_is_refused_with_the_status_error() {
    let rocket = Rocket::new().await;
    let params = json!({"branch": "a", "branch_dest": "b", "pull_request_id": 7});
    let body = json!({"build_params": params, "triggered_by": "webhook-github/bob"});
    let answer = rocket.start("prh_trigger", body.to_string()).await;
    let reason = "trigger pattern did not match any defined mapping: Run triggered with params: push-branch: , \
                  pr-source-branch: a, pr-target-branch: b, but no matching workflow found";
    let expected = json!({"status": "error", "message": reason, "service": "bitrise", "slug": rocket.app.uid.to_string(),
        "build_slug": "", "build_number": 0, "build_url": "", "triggered_workflow": "", "results": null});
    assert_eq!((answer.status.as_u16(), answer.json()), (400, expected));
    assert!(rocket.targets().await.is_empty());
}

#[tokio::test]
async fn the_trigger_token_starts_builds_in_a_header_or_in_the_body() {
    let rocket = Rocket::new().await;
    let by_header = json!({"build_params": {"tag": "v1"}, "triggered_by": "webhook-github/bob"});
    let answer = rocket.start("prh_trigger", by_header.to_string()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["build_number"]), (201, &json!(1)), "{}", answer.text);
    let in_body = json!({"hook_info": {"type": "bitrise", "build_trigger_token": "prh_trigger"},
        "build_params": {"branch": "main"}});
    let path = format!("/app/{}/build/start.json", rocket.app.uid);
    let answer = rocket.world.ask("", "POST", &path, in_body).await;
    assert_eq!(answer.status.as_u16(), 201);
    let page = rocket.world.ports.store.builds(rocket.app.id, BuildFilter { limit: 9, ..BuildFilter::default() }).await;
    let by: Vec<_> = page.expect("listed").builds.iter().map(|build| build.triggered_by.clone()).collect();
    assert_eq!(by, [Some("webhook".to_owned()), Some("webhook-github/bob".to_owned())]);
}

#[tokio::test]
async fn a_wrong_trigger_token_is_refused_alike_for_apps_that_exist_and_those_that_do_not() {
    let rocket = Rocket::new().await;
    let body = json!({"build_params": {"branch": "main"}}).to_string();
    let wrong = rocket.start("wrong", body.clone()).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["status"]), (400, &json!("unauthorized")));
    assert!(wrong.json()["message"].as_str().expect("a text").starts_with("Invalid API token for Bitrise hook"));
    let nobody_s = "/app/00000000-0000-0000-0000-000000000000/build/start.json";
    let absent = rocket.world.send(request("", "POST", nobody_s, body.into_bytes())).await;
    let same = |answer: &Answer| (answer.status, answer.json()["message"].clone());
    assert_eq!(same(&absent), same(&wrong));
    let unread = rocket.start("wrong", "no JSON").await;
    assert_eq!(unread.json(), wrong.json(), "what strangers send is not even read");
    let get = rocket.world.send(request("", "GET", nobody_s, Vec::new())).await;
    assert_eq!(get.status.as_u16(), 405);
    assert!(rocket.targets().await.is_empty());
}

#[tokio::test]
async fn the_call_may_be_wrapped_into_a_payload() {
    let rocket = Rocket::new().await;
    let call = json!({"hook_info": {"type": "bitrise"}, "build_params": {"branch": "main"}});
    let nested = rocket.trigger_with(&rocket.world.token, json!({"payload": call})).await;
    assert_eq!(nested.status.as_u16(), 201);
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &call.to_string()).finish();
    let path = format!("/v0.1/apps/{}/builds", rocket.app.uid);
    let form = rocket.world.send(request(&rocket.world.token, "POST", &path, form.into_bytes())).await;
    assert_eq!((form.status.as_u16(), &form.json()["build_number"]), (201, &json!(2)));
}

#[tokio::test]
async fn calls_that_are_wrong_are_told_what_is_wrong() {
    let rocket = Rocket::new().await;
    let info = json!({"type": "bitrise"});
    for (body, reason) in [
        (json!({"build_params": {"branch": "main"}}), "hook_info.type must be \"bitrise\""),
        (json!({"hook_info": {"type": "x"}, "build_params": {}}), "hook_info.type must be \"bitrise\""),
        (json!({"hook_info": info}), "build_params: a JSON object is required"),
        (
            json!({"hook_info": info, "build_params": {"commit_message": "x"}}),
            "build_params: one of branch, tag, commit_hash, workflow_id and pipeline_id is required",
        ),
        (
            json!({"hook_info": info, "build_params": {"branch": "main", "priority": 101}}),
            "build_params.priority: must be between -100 and 100",
        ),
        (
            json!({"hook_info": info, "build_params": {"branch": "main", "secrets": [{"value": "s3cr3t"}]}}),
            "build_params.secrets: a list of objects with key, value and is_expand is expected",
        ),
        (json!([]), "the body is not a JSON object, nor a form with one as its payload"),
    ] {
        let answer = rocket.trigger_with(&rocket.world.token, body).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (400, json!({"message": reason})));
    }
    let both = rocket.trigger(json!({"workflow_id": "check", "pipeline_id": "release"})).await;
    assert_eq!(both.json()["status"], "error");
    let mixed = rocket.trigger(json!({"branch": "main", "tag": "v1"})).await;
    assert!(
        mixed.json()["message"]
            .as_str()
            .expect("a text")
            .ends_with("a tag is given together with a branch or a pull request")
    );
}

#[tokio::test]
async fn only_developers_with_a_token_for_repositories_start_builds() {
    let rocket = Rocket::new().await;
    let world = &rocket.world;
    let body = json!({"hook_info": {"type": "bitrise"}, "build_params": {"branch": "main"}});
    let status = async |token: &str| rocket.trigger_with(token, body.clone()).await.status.as_u16();
    assert_eq!(status("").await, 401);
    assert_eq!(status("wrong").await, 401);
    let mallory = world.token_for("mallory", ALL).await;
    assert_eq!(status(&mallory).await, 404);
    world.join("mallory", OrgRole::Member).await;
    assert_eq!(status(&mallory).await, 403, "members look on");
    world.collaborate("mallory", Permission::Write).await;
    assert_eq!(status(&mallory).await, 201);
    assert_eq!(status(&world.token_for("alice", "admin:repo_hook").await).await, 403);
}

#[tokio::test]
async fn disabled_apps_and_apps_without_a_configuration_start_nothing_of_their_own() {
    let mut rocket = Rocket::with(|new| new.config = None).await;
    let message = async |rocket: &Rocket, params| rocket.trigger(params).await.json()["message"].clone();
    let refusal = "The app has no bitrise.yml (`postrider app config` stores one): only a named workflow or pipeline can \
                   be triggered";
    assert_eq!(message(&rocket, json!({"branch": "main"})).await, refusal);
    assert_eq!(message(&rocket, json!({"workflow_id": "any"})).await, "webhook processed");
    rocket.edit(|app| app.is_disabled = true).await;
    assert_eq!(message(&rocket, json!({"workflow_id": "any"})).await, "The app is disabled: nothing can be triggered");
}

#[tokio::test]
async fn an_edited_configuration_counts_at_once() {
    let mut rocket = Rocket::new().await;
    assert_eq!(rocket.trigger(json!({"branch": "dev"})).await.status.as_u16(), 400);
    rocket
        .edit(|app| app.config = Some("workflows: {w: {}}\ntrigger_map: [{push_branch: dev, workflow: w}]".into()))
        .await;
    assert_eq!(rocket.trigger(json!({"branch": "dev"})).await.status.as_u16(), 201);
}

#[tokio::test]
async fn what_comes_from_a_fork_of_a_public_app_waits_for_approval_without_secrets() {
    let rocket = Rocket::with(|new| new.is_public = true).await;
    let params = |owner: &str| {
        json!({"branch": "f", "branch_dest": "main", "pull_request_id": 7, "branch_repo_owner": owner,
            "branch_dest_repo_owner": "acme", "secrets": [{"key": "K", "value": "s3cr3t"}]})
    };
    let answer = rocket.trigger(params("mallory")).await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["status"], &body["build_number"]), (201, &json!("ok"), &json!(0)));
    assert_eq!(body["message"], "the code comes from a fork: the build waits for approval");
    assert!(rocket.targets().await.is_empty());
    let requests = rocket.world.ports.store.build_requests(rocket.app.id, 9).await.expect("listed");
    assert_eq!(requests[0].targets, [workflow("check")]);
    assert!(!requests[0].original.contains("s3cr3t"));
    let own = rocket.trigger(params("acme")).await;
    assert_eq!(own.json()["build_number"], 1);
    let slug = own.json()["build_slug"].as_str().and_then(Uid::parse).expect("a slug");
    let build = rocket.world.ports.store.build(slug).await.expect("read").expect("is there");
    assert!(!build.original.contains("s3cr3t") && !own.text.contains("s3cr3t"), "check 7: secrets are kept apart");
}

#[tokio::test]
async fn check_18_every_target_that_matches_is_built_and_each_build_is_announced_once() {
    let rocket = Rocket::with(|new| {
        let config = "
workflows:
  ios: {triggers: {push: [{branch: main, priority: 7}]}}
  android: {triggers: {push: [{branch: '*'}, {branch: m*}]}}
  docs: {triggers: {push: [{changed_files: 'docs/*'}]}}
pipelines:
  release: {triggers: {push: [{branch: main}], tag: [{name: v*}]}}
";
        new.config = Some(config.into());
    })
    .await;
    let world = &rocket.world;
    let hooks = format!("/v0.1/apps/{}/outgoing-webhooks", rocket.app.uid);
    let made = world.ask(&world.token, "POST", &hooks, json!({"url": "https://ci.test/in", "events": ["build"]})).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let hook = world.ports.directory().hooks_of(HookScope::App(rocket.app.id), DialectName("bitrise"))[0].id;
    let answer = rocket.trigger(json!({"branch": "main"})).await.json();
    let results = answer["results"].as_array().expect("a list");
    let told: Vec<_> = results.iter().map(|one| (&one["triggered_workflow"], &one["triggered_pipeline"])).collect();
    assert_eq!(told, [(&json!("ios"), &json!("")), (&json!("android"), &json!("")), (&json!(""), &json!("release"))]);
    assert_eq!(answer["build_number"], 1, "the answer itself repeats the first result");
    let numbers: Vec<_> = results.iter().map(|one| one["build_number"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
    let sent = world.due(hook).await;
    let kinds: Vec<_> = sent.iter().map(|work| work.message().kind.to_string()).collect();
    assert_eq!(kinds, ["build/triggered"; 3]);
    let slug = answer["build_slug"].as_str().and_then(Uid::parse).expect("a slug");
    let ios = world.ports.store.build(slug).await.expect("read").expect("is there");
    assert_eq!(ios.params.priority, Some(7));
}
