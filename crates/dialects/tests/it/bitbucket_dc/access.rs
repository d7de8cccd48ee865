//! Who may do what, and how refusals read.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::account::{OrgRole, Permission};
use serde_json::Value;

use super::{P, R, call, call_as, get, made, one, plain, refusal};
use crate::world::{World, request};

const REQUIRED: &str = "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException";
const INCORRECT: &str = "com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException";
const UNAUTHORISED: &str = "com.atlassian.bitbucket.AuthorisationException";

#[tokio::test]
async fn check_15_refusals_name_their_exceptions() {
    let world = World::new().await;
    made(&world, R, plain("http://r.test/hook")).await;
    let nobody = world.token_for("mallory", "repo").await;
    let table = [
        ("", R, 401, REQUIRED),
        ("", P, 401, REQUIRED),
        ("", "/projects/NONE/webhooks", 401, REQUIRED),
        ("nonsense", R, 401, INCORRECT),
        (&nobody, R, 401, UNAUTHORISED),
        (&nobody, P, 401, UNAUTHORISED),
        (&nobody, "/projects/~alice/repos/secret/webhooks", 401, UNAUTHORISED),
        (
            &nobody,
            "/projects/ACME/repos/none/webhooks",
            404,
            "com.atlassian.bitbucket.repository.NoSuchRepositoryException",
        ),
        (&world.token, "/projects/NONE/webhooks", 404, "com.atlassian.bitbucket.project.NoSuchProjectException"),
        (
            &world.token,
            "/projects/NONE/repos/app/webhooks",
            404,
            "com.atlassian.bitbucket.project.NoSuchProjectException",
        ),
        (&world.token, "/projects/ACME/repos/app/webhooks/9999", 404, "com.atlassian.bitbucket.NoSuchEntityException"),
    ];
    for (token, path, status, exception) in table {
        let error = refusal(&call_as(&world, token, "GET", path, Value::Null).await, status, path);
        assert_eq!((error["exceptionName"].as_str(), &error["context"]), (Some(exception), &Value::Null), "{path}");
    }
    let missing = get(&world, "/projects/ACME/repos/none/webhooks").await;
    assert_eq!(refusal(&missing, 404, "none")["message"], "Repository ACME/none does not exist.");
}

#[tokio::test]
async fn routes_that_are_not_there_answer_in_the_same_form() {
    let world = World::new().await;
    for path in ["/rest/api/1.0/nothing", "/rest/api/2.0/projects", "/rest/x", "/bitbucket/rest/api/latest/x"] {
        for method in ["GET", "POST", "DELETE"] {
            refusal(&world.send(request(&world.token, method, path, Vec::new())).await, 404, path);
        }
    }
    refusal(&call(&world, "PATCH", R, Value::Null).await, 405, R);
    refusal(&call(&world, "GET", &format!("{P}/search"), Value::Null).await, 404, "no search in projects");
}

#[tokio::test]
async fn administrators_of_a_repository_manage_its_webhooks_and_no_others() {
    let world = World::new().await;
    let token = world.token_for("mallory", "admin:repo_hook").await;
    let tried = async |path: &str| call_as(&world, &token, "POST", path, plain("http://r.test/")).await.status.as_u16();
    for (level, status) in [(Permission::Read, 401), (Permission::Write, 401), (Permission::Admin, 201)] {
        world.collaborate("mallory", level).await;
        assert_eq!(tried(R).await, status, "{level:?}");
    }
    assert_eq!(tried(P).await, 401);
    assert_eq!(tried("/projects/ACME/repos/other/webhooks").await, 401);
    world.join("mallory", OrgRole::Member).await;
    assert_eq!(tried(P).await, 401);
    world.join("mallory", OrgRole::Owner).await;
    assert_eq!(tried(P).await, 201);
    assert_eq!(tried("/projects/ACME/repos/other/webhooks").await, 201, "an administrator of the project");
    assert_eq!(tried("/projects/~alice/webhooks").await, 401);
}

#[tokio::test]
async fn a_token_needs_the_scope_of_an_administrator() {
    let world = World::new().await;
    let path = one(&made(&world, R, plain("http://r.test/hook")).await);
    let status = async |scopes: &str, path: &str| {
        let token = world.token_for("alice", scopes).await;
        call_as(&world, &token, "GET", path, Value::Null).await.status.as_u16()
    };
    for scopes in ["repo", "admin:repo_hook", "public_repo"] {
        assert_eq!(status(scopes, &path).await, 200, "{scopes}");
    }
    for scopes in ["", "user", "read:repo_hook", "write:repo_hook", "admin:org_hook"] {
        assert_eq!(status(scopes, &path).await, 401, "{scopes}: reading takes no less than changing");
    }
    let private = "/projects/~alice/repos/secret/webhooks";
    assert_eq!((status("public_repo", private).await, status("admin:repo_hook", private).await), (401, 200));
    assert_eq!((status("public_repo", P).await, status("admin:repo_hook", P).await), (401, 200));
}

/// A request with these headers and no others.
fn bare(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut builder = Request::builder().uri(format!("/rest/api/1.0{path}")).header("host", "postrider.test");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn tokens_come_as_bearer_or_as_a_password_with_any_user_name() {
    let world = World::new().await;
    let basic = |user: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", world.token)));
    let forms = [format!("Bearer {}", world.token), basic("alice"), basic("alice@example.com"), basic("x-token-auth")];
    for form in &forms {
        let answer = world.send(bare(R, &[("authorization", form), ("x-atlassian-token", "no-check")])).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-ausername")), (200, "alice"), "{form}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn who_does_not_take_json_gets_an_empty_406() {
    let world = World::new().await;
    let bearer = format!("Bearer {}", world.token);
    for (accept, status) in
        [("text/html", 406), ("application/xml, text/*", 406), ("*/*", 200), ("application/json", 200)]
    {
        let answer = world.send(bare(R, &[("authorization", &bearer), ("accept", accept)])).await;
        assert_eq!(answer.status.as_u16(), status, "{accept}");
        assert_eq!(answer.text.is_empty(), status == 406, "{accept}");
    }
}

#[tokio::test]
async fn an_archived_repository_keeps_its_webhooks_as_they_are() {
    let world = World::new().await;
    let hook = made(&world, R, plain("http://r.test/hook")).await;
    let edit = Box::new(|repository| domain::account::Repository { archived: true, ..repository });
    let now = domain::ports::Clock::now(&*world.clock);
    world.ports.store.update_repository(world.app.id, now, edit).await.expect("archived");
    for (method, path) in [("POST", R.to_owned()), ("PUT", one(&hook)), ("DELETE", one(&hook))] {
        let answer = call(&world, method, &path, plain("http://r.test/hook")).await;
        assert_eq!(refusal(&answer, 409, method)["exceptionName"], "com.atlassian.bitbucket.IntegrityException");
    }
    assert_eq!(get(&world, &one(&hook)).await.json(), hook);
}
