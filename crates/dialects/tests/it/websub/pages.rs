//! Topics as pages (contract websub section 10).

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use domain::account::Permission;
use domain::id::RepositoryId;
use domain::stream::Stream;
use serde_json::Value;
use testkit::an_event;

use crate::world::{Answer, World, request};

const ATOM: &str = "application/atom+xml; charset=utf-8";
const JSON: &str = "application/feed+json; charset=utf-8";
const NO_TOPIC: &str = "There is no such topic.\n";

/// Publishes an event in a repository.
async fn publish(world: &World, repository: RepositoryId, kind: &str, data: &str) {
    world.clock.advance(Duration::from_secs(5));
    let place = world.ports.directory().locate_by_id(repository).expect("registered").place();
    let mut new = an_event(&format!("{kind}/{data}/{repository}")).at(place).saying(data).build();
    kind.clone_into(&mut new.kind);
    new.accepted_at = domain::ports::Clock::now(&*world.clock);
    world.ports.store.accept(new).await.expect("accepted");
    world.clock.advance(Duration::from_secs(5));
}

async fn get(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path).header("host", "postrider.test");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::empty()).expect("a request")).await
}

fn links(topic: &str) -> String {
    format!("<http://postrider.test{topic}>; rel=\"self\", <http://postrider.test/websub>; rel=\"hub\"")
}

#[tokio::test]
async fn check_13_3_1_a_topic_names_itself_and_the_hub_in_one_header_and_in_the_document() {
    let world = World::new().await;
    publish(&world, world.app.id, "issue.opened", "{}").await;
    let topics = [
        ("/acme/app/events/all", "", ATOM, "/acme/app/events/all"),
        ("/acme/app/events/issues.atom", "", ATOM, "/acme/app/events/issues.atom"),
        ("/ACME/App/events/issue.json", "", JSON, "/acme/app/events/issue.json"),
        ("/acme/app/events/issue.opened", "application/json", JSON, "/acme/app/events/issue.opened.json"),
        ("/acme/app/events/all", "*/*", ATOM, "/acme/app/events/all"),
        ("/acme/app/events/all.atom", "application/feed+json", ATOM, "/acme/app/events/all.atom"),
    ];
    for (path, accept, content_type, own) in topics {
        let page = get(&world, path, &[("accept", accept)]).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, content_type), "{path}");
        let sent: Vec<_> = page.headers.get_all("link").iter().collect();
        assert_eq!(sent, [links(own).as_str()], "{path}: one header, self first");
        for url in [own, "/websub"] {
            let written = format!("\"http://postrider.test{url}\"");
            assert!(page.text.contains(&written), "{path} does not name {url}: {}", page.text);
        }
        let negotiated = ![".atom", ".json"].iter().any(|suffix| path.contains(suffix));
        assert_eq!(page.header("vary"), if negotiated { "Accept" } else { "" }, "{path}");
    }
}

#[tokio::test]
async fn a_page_has_the_newest_events_of_its_stream() {
    let world = World::new().await;
    let app = world.app.id;
    for at in 0..40 {
        publish(&world, app, "acme.thing", &format!("{{\"at\":{at}}}")).await;
    }
    publish(&world, app, "github.push", "{}").await;
    let items = async |path: &str| get(&world, path, &[]).await.json()["items"].clone();
    let all = items("/acme/app/events/all.json").await;
    let all = all.as_array().expect("a list");
    assert_eq!((all.len(), &all[0]["title"]), (30, &Value::from("github.push in acme/app")));
    assert_eq!(all[1]["_postrider"]["data"]["at"], 39);
    assert_eq!(items("/acme/app/events/push.json").await.as_array().map(Vec::len), Some(1));
    assert_eq!(items("/acme/app/events/issues.json").await.as_array().map(Vec::len), Some(0));
    assert_eq!(items("/acme/other/events/all.json").await.as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn who_has_a_page_already_is_not_sent_it_again() {
    let world = World::new().await;
    publish(&world, world.app.id, "issue.opened", "{}").await;
    let path = "/acme/app/events/issues";
    let page = get(&world, path, &[]).await;
    let (tag, modified) = (page.header("etag").to_owned(), page.header("last-modified").to_owned());
    assert!(tag.starts_with('"') && !modified.is_empty(), "{:?}", page.headers);
    for condition in [("if-none-match", tag.as_str()), ("if-modified-since", modified.as_str()), ("if-none-match", "*")]
    {
        let again = get(&world, path, &[condition]).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{condition:?}");
        assert_eq!((again.header("etag"), again.header("vary")), (tag.as_str(), "Accept"));
        assert_eq!(again.header("link"), links(path));
    }
    let other = get(&world, path, &[("if-none-match", &tag), ("accept", "application/json")]).await;
    assert_eq!(other.status, 200, "another form has another tag");

    publish(&world, world.app.id, "github.push", "{}").await;
    assert_eq!(get(&world, path, &[("if-none-match", &tag)]).await.status, 304, "not of this stream");
    publish(&world, world.app.id, "issue.opened", "{\"n\":2}").await;
    for condition in [("if-none-match", tag.as_str()), ("if-modified-since", modified.as_str())] {
        assert_eq!(get(&world, path, &[condition]).await.status, 200, "{condition:?}");
    }
}

#[tokio::test]
async fn a_page_tells_no_date_while_more_may_happen_in_the_same_second() {
    let world = World::new().await;
    let path = "/acme/app/events/all";
    assert_eq!(get(&world, path, &[]).await.header("last-modified"), "", "made this very second");
    world.clock.advance(Duration::from_secs(1));
    assert_ne!(get(&world, path, &[]).await.header("last-modified"), "");
}

#[tokio::test]
async fn a_head_request_gets_the_head() {
    let world = World::new().await;
    let page = get(&world, "/acme/app/events/all", &[]).await;
    let head = world.send(request("", "HEAD", "/acme/app/events/all", Vec::new())).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), page.text.len().to_string());
    for name in ["content-type", "etag", "link", "vary", "cache-control"] {
        assert_eq!(head.header(name), page.header(name), "{name}");
    }
    let posted = world.send(request("", "POST", "/acme/app/events/all", Vec::new())).await;
    assert_eq!((posted.status.as_u16(), posted.header("allow")), (405, "GET,HEAD"));
}

#[tokio::test]
async fn private_topics_exist_for_those_who_may_read_them() {
    let world = World::new().await;
    let path = "/alice/secret/events/all";
    let secret = world.ports.directory().locate("alice", "secret").expect("registered").repository;
    publish(&world, secret.id, "issue.opened", "{}").await;
    for scopes in ["repo", "events:read"] {
        let token = world.token_for("alice", scopes).await;
        let page = world.send(request(&token, "GET", path, Vec::new())).await;
        assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "private, no-cache"), "{scopes}");
    }
    let strangers = [
        world.token_for("mallory", "repo,events:read").await,
        world.token_for("alice", "public_repo,admin:repo_hook").await,
        "nonsense".to_owned(),
        String::new(),
    ];
    let absent = world.send(request(&world.token, "GET", "/alice/none/events/all", Vec::new())).await;
    assert_eq!((absent.status.as_u16(), absent.text.as_str()), (404, NO_TOPIC));
    for token in strangers {
        let refused = world.send(request(&token, "GET", path, Vec::new())).await;
        assert_eq!((refused.status, &refused.text), (absent.status, &absent.text));
        assert_eq!(refused.headers, absent.headers, "not to be told from what is not there");
        let public = world.send(request(&token, "GET", "/acme/app/events/all", Vec::new())).await;
        assert_eq!((public.status.as_u16(), public.header("cache-control")), (200, "no-cache"));
    }
    let mallory = world.ports.directory().account("mallory").expect("registered").id;
    world.ports.store.set_collaborator(secret.id, mallory, Some(Permission::Read)).await.expect("set");
    let token = world.token_for("mallory", "repo").await;
    assert_eq!(world.send(request(&token, "GET", path, Vec::new())).await.status, 200);
}

#[tokio::test]
async fn what_is_no_topic_is_not_found() {
    let world = World::new().await;
    let paths = [
        "/acme/app/events/create",
        "/acme/app/events/delete.json",
        "/acme/app/events/secret",
        "/acme/app/events/all.xml",
        "/acme/app/events/.json",
        "/acme/app/events/Push",
        "/acme/app/events/%ff",
        "/acme/app/events/%00",
        "/acme/app/events/all%2ejson%2f",
        "/nobody/app/events/all",
        "/acme/none/events/all",
        "/ac%6de%20/app/events/all",
    ];
    for path in paths {
        let answer = get(&world, path, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, NO_TOPIC), "{path}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
    assert_eq!(get(&world, "/ac%6De/app/events/%61ll", &[]).await.status, 200, "encoded without need");
}

#[tokio::test]
async fn every_repository_event_of_github_hooks_is_a_stream_or_kept_back_on_purpose() {
    let world = World::new().await;
    let github = world.ports.dialects.get("github").expect("registered").clone();
    let scope = domain::hook::HookScope::Repository(world.app.id);
    let all = Stream::parse("all").expect("a stream");
    let names = "branch_protection_configuration branch_protection_rule check_run check_suite code_scanning_alert \
        commit_comment create custom_property_values delete dependabot_alert deploy_key deployment deployment_status \
        discussion discussion_comment fork gollum issue_comment issue_dependencies issues label member meta milestone \
        package page_build ping project project_card project_column public pull_request pull_request_review \
        pull_request_review_comment pull_request_review_thread push registry_package release repository \
        repository_advisory repository_import repository_ruleset repository_vulnerability_alert secret_scanning_alert \
        secret_scanning_alert_location secret_scanning_scan security_and_analysis star status sub_issues team_add \
        watch workflow_job workflow_run";
    let mut known = 0;
    for name in names.split_whitespace() {
        assert!(github.knows_event(name, scope), "{name}");
        known += 1;
        let kind = format!("github.{name}");
        match Stream::parse(name) {
            Some(stream) => assert!(stream.takes(&kind) && all.takes(&kind), "{name}"),
            None => assert!(matches!(name, "create" | "delete") || !all.takes(&kind), "{name}"),
        }
    }
    assert_eq!(known, 54, "as many as there are");
}
