//! What callers hear.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::ci::Verdict;
use domain::secret::Secret;
use serde_json::{Value, json};

use super::site::{GITHUB, Site, a_push};
use crate::world::{Answer, Setup};

#[tokio::test]
async fn a_push_becomes_a_numbered_build_before_it_is_answered() {
    let site = Site::new().await;
    let answer = site.push("d-1", "main").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(answer.text.ends_with('\n'));
    let told = &answer.json()["success_responses"][0];
    assert_eq!(told["status"], "ok");
    assert_eq!(told["build_number"], 1);
    assert_eq!(told["triggered_workflow"], "primary");
    assert_eq!(told["results"].as_array().map(Vec::len), Some(1));
    let page = site.builds().await;
    let build = &page.builds[0];
    assert_eq!((page.total, build.number), (1, 1));
    assert_eq!(told["build_slug"], build.slug());
    assert_eq!(build.triggered_by.as_deref(), Some("webhook-github/mira"));
    assert_eq!((build.params.branch.as_str(), build.params.commit_message.as_str()), ("main", "ship <it> & go"));
}

#[tokio::test]
async fn check_14_a_push_that_matches_nothing_is_answered_200() {
    let site = Site::with(Setup::default(), |app| {
        app.config = Some("trigger_map:\n- push_branch: main\n  workflow: a\nworkflows:\n  a: {}\n".into());
    });
    let site = site.await;
    let answer = site.push("d-1", "other").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["success_responses"], json!([]));
    assert_eq!(body["failed_responses"][0]["status"], "error");
    assert_eq!(body["failed_responses"][0]["results"], Value::Null);
    assert_eq!(site.builds().await.total, 0);
    assert_eq!(site.log().await[0].answer.status, 200, "it is in the log all the same");
}

#[tokio::test]
async fn check_13_gitlab_is_not_told_what_was_triggered() {
    let site = Site::new().await;
    let headers = [("content-type", "application/json"), ("x-gitlab-event", "Push Hook")];
    let sha = "2".repeat(40);
    let body = json!({"ref": "refs/heads/main", "checkout_sha": sha, "commits": [{"id": sha, "message": "m"}]});
    let answer = site.post(&site.path("gitlab"), &headers, body.to_string()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"did_not_wait_for_trigger_response": true, "success_responses": []}));
    assert_eq!(site.builds().await.total, 1, "and yet it is there");
}

#[tokio::test]
async fn slack_is_answered_with_messages() {
    let site = Site::new().await;
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = site.post(&site.path("slack"), &headers, "command=%2Fbuild&text=branch:main").await;
    assert_eq!(answer.status, 200);
    let build = &site.builds().await.builds[0];
    let text = answer.json()["attachments"][0]["text"].as_str().expect("a text").to_owned();
    assert!(
        text.starts_with(&format!("Triggered build #1 ({}), with workflow: primary - url: ", build.slug())),
        "{text}"
    );
    let answer = site.post("/h/slack/no-app/no-token", &headers, "command=%2Fbuild&text=branch:main").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["attachments"][0]["color"]), (200, &json!("danger")));
}

#[tokio::test]
async fn strangers_hear_the_same_whether_app_or_token_is_wrong_and_leave_no_trace() {
    let site = Site::new().await;
    let slug = site.app.uid.to_string();
    let ask = async |path: String| site.post(&path, &GITHUB, a_push("main").to_string()).await;
    let wrong_token = ask(format!("/h/github/{slug}/prh_0")).await;
    let other = "01890000-0000-7000-8000-000000000000";
    let token = site.app.trigger_token.expose();
    let wrong_app = ask(format!("/h/github/{other}/{token}")).await;
    let no_app = ask(format!("/h/github/x/{token}")).await;
    for (answer, named) in [(wrong_token, slug.as_str()), (wrong_app, other), (no_app, "x")] {
        assert_eq!(answer.status, 400);
        let expected = json!({"success_responses": [], "failed_responses": [{
            "status": "unauthorized", "message": "Invalid API token for Bitrise hook", "service": "bitrise",
            "slug": named, "build_slug": "", "build_number": 0, "build_url": "", "triggered_workflow": "",
            "results": null,
        }]});
        assert_eq!(answer.json(), expected);
    }
    assert!(site.log().await.is_empty());
}

/// The cases that no provider has a part in; the others are tested beside the providers.
#[tokio::test]
async fn check_11_paths_of_no_provider_and_of_no_app_are_answered_so() {
    let site = Site::new().await;
    let cases = include_str!("../../../../dialects/src/incoming/fixtures/routes.json");
    let cases: Vec<Value> = serde_json::from_str(cases).expect("cases");
    assert_eq!(cases.len(), 2);
    for case in cases {
        let path = case["path"].as_str().expect("a path");
        let answer = site.post(path, &[("content-type", "application/json")], case["body"].to_string()).await;
        let told = json!({"status": answer.status.as_u16(), "body": answer.json()});
        assert_eq!(told, case["answer"], "{}", case["id"]);
    }
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let site = Site::new().await;
    let known = site.path("github");
    for path in ["/h", "/h/", "/h/github", "/h/github/app1", &format!("{known}/"), &format!("{known}/more")] {
        let answer = site.post(path, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, "{\"error\":\"Not Found\"}\n"), "{path}");
    }
    let answer = site.world.get(&site.path("github")).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::METHOD_NOT_ALLOWED, ""));
    let answer = site.post("/h/nope/app1/tok1", &[], "{}").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json(), json!({"error": "Unsupported Webhook Type / Provider: nope"}));
    let root = site.world.get("/").await.json();
    for member in ["message", "version", "time", "environment_mode"] {
        assert!(root[member].is_string(), "{root}");
    }
}

#[tokio::test]
async fn d7_a_body_over_25_mib_is_refused_and_one_below_is_not() {
    let site = Site::new().await;
    let large = |size: usize| Body::from(" ".repeat(size));
    let path = site.path("passthrough");
    let answer = site.post(&path, &[], large(25 * 1024 * 1024 + 1)).await;
    assert_eq!(answer.status, 413);
    let answer = site.post(&path, &[], large(25 * 1024 * 1024)).await;
    assert_eq!(answer.status, 400, "too large to pass through, but read");
    assert_eq!(site.log().await.len(), 1);
}

#[tokio::test]
async fn d8_a_loop_of_deliveries_ends() {
    let site = Site::new().await;
    let with = async |hops: &str| -> Answer {
        let headers = [GITHUB[0], GITHUB[1], ("postrider-hops", hops)];
        site.post(&site.path("github"), &headers, a_push("main").to_string()).await
    };
    assert_eq!(with("5").await.status, 201);
    for odd in ["6", "300", "x", "-1"] {
        assert_eq!(with(odd).await.status, 508, "{odd}");
    }
    let page = site.builds().await;
    assert_eq!((page.total, page.builds[0].hops), (1, 5), "what is told of the build goes on counting");
}

#[tokio::test]
async fn requests_that_do_not_show_the_secret_build_nothing_and_stay_in_the_log() {
    let secret = "open sesame";
    let site = Site::with(Setup::default(), |app| app.webhook_secret = Some(Secret::new(secret))).await;
    let body = a_push("main").to_string();
    let send = async |signature: Option<&str>| {
        let mut headers = GITHUB.to_vec();
        headers.push(("x-github-delivery", "d-1"));
        headers.extend(signature.map(|signature| ("x-hub-signature-256", signature)));
        site.post(&site.path("github"), &headers, body.clone()).await.status.as_u16()
    };
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let mac = aws_lc_rs::hmac::sign(&key, body.as_bytes());
    let hex = mac.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    assert_eq!(send(None).await, 401);
    assert_eq!(send(Some("sha256=00")).await, 401);
    // The same delivery, signed: what failed before has not used up its id.
    assert_eq!(send(Some(&format!("sha256={hex}"))).await, 201);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let slack = site.post(&site.path("slack"), &form, "command=%2Fb&text=branch:main&token=guessed").await;
    assert_eq!(slack.status, 200, "Slack shows nothing else to people");
    assert_eq!(slack.json()["attachments"][0]["color"], "danger");
    let log = site.log().await;
    let verdicts: Vec<_> = log.iter().map(|logged| logged.verdict).collect();
    assert_eq!(verdicts, [Verdict::Failed, Verdict::Verified, Verdict::Failed, Verdict::Failed]);
    assert_eq!(site.builds().await.total, 1);
}

#[tokio::test]
async fn a_request_that_is_not_post_has_no_way_in() {
    let site = Site::new().await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let request = Request::builder().method(method).uri(site.path("github")).body(Body::empty());
        assert_eq!(site.world.send(request.expect("a request")).await.status, 405, "{method}");
    }
}

#[tokio::test]
async fn check_15_when_no_build_can_be_started_the_host_is_told_to_come_again() {
    let site = Site::new().await;
    site.world.ports.store.close().await;
    let answer = site.push("d-1", "main").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.headers["retry-after"], "1");
    let told = json!({"errors": ["Failed to Trigger Build: the database is unavailable"], "success_responses": []});
    assert_eq!(answer.json(), told);
}

#[tokio::test]
async fn h4_one_push_starts_no_more_builds_than_a_person_could_mean() {
    let site = Site::new().await;
    let change = |n: usize| json!({"new": {"type": "branch", "name": format!("b{n}"), "target": {"type": "commit", "hash": "c"}}});
    let changes: Vec<_> = (0..130).map(change).collect();
    let event = json!({"repository": {"scm": "git"}, "push": {"changes": changes}});
    let headers = [("content-type", "application/json"), ("x-event-key", "repo:push"), ("x-request-uuid", "u-1")];
    let path = site.path("bitbucket-v2");
    let send = || site.post(&path, &headers, event.to_string());
    let (first, again) = (send().await, send().await);
    assert_eq!((first.status.as_u16(), &first.text), (200, &again.text));
    let told = first.json();
    assert_eq!(told["success_responses"].as_array().map(Vec::len), Some(100));
    assert_eq!(told["failed_responses"].as_array().map(Vec::len), Some(1));
    let message = told["failed_responses"][0]["message"].as_str().expect("a sentence");
    assert!(message.starts_with("30 of the branches and tags were left out"), "{message}");
    assert_eq!(site.builds().await.total, 100);
}
