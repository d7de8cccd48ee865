//! What each host is asked, to the letter of section 5's table.

use dialects::GitHosts;
use domain::ci::{GitHost, Provider};
use serde_json::{Value, json};
use testkit::an_app;

use super::{Bed, posted};

const SECRET: &str = "hush";

/// The requests for an app with a webhook secret: the list's, and the POST's with its body.
async fn asked(bed: &Bed) -> (String, String, Vec<(&'static str, String)>, Value) {
    bed.registers().await;
    let asked = bed.host.take_asked();
    let [list, post] = asked.as_slice() else { panic!("one GET, one POST") };
    assert!(list.body.is_none());
    assert_eq!(post.header("Content-Type"), Some("application/json"));
    assert_eq!(list.header("Content-Type"), None);
    assert!(post.header("User-Agent").is_some_and(|agent| agent.starts_with("postrider/")));
    assert_eq!(list.header("Accept"), post.header("Accept"));
    let body = serde_json::from_slice(post.body.as_ref().expect("a body")).expect("JSON");
    (list.url.clone(), post.url.clone(), post.headers.clone(), body)
}

fn credential<'a>(headers: &'a [(&'static str, String)]) -> (&'static str, &'a str) {
    let found: Vec<_> = headers.iter().filter(|(name, _)| matches!(*name, "Authorization" | "PRIVATE-TOKEN")).collect();
    assert_eq!(found.len(), 1);
    (found[0].0, found[0].1.as_str())
}

#[tokio::test]
async fn github_is_asked_as_section_5_says() {
    let bed = Bed::unconnected(Provider::GitHub, "https://github.com/acme/rocket.git", an_app().signed_with(SECRET));
    let bed = bed.await;
    bed.connect(bed.app.owner, None).await;
    let (list, post, headers, body) = asked(&bed).await;
    assert_eq!(list, "https://api.github.com/repos/acme/rocket/hooks?per_page=100&page=1");
    assert_eq!(post, "https://api.github.com/repos/acme/rocket/hooks");
    assert_eq!(credential(&headers), ("Authorization", "token canary"));
    assert!(headers.contains(&("Accept", "application/vnd.github+json".to_owned())));
    let expected = json!({
        "name": "web",
        "active": true,
        "events": ["push", "pull_request", "issue_comment"],
        "config": {"url": bed.hook_url("github"), "content_type": "json", "insecure_ssl": "0", "secret": "hush"},
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn gitlab_is_asked_as_section_5_says_with_groups_in_one_segment() {
    let bed = Bed::unconnected(Provider::GitLab, "git@gitlab.com:acme/sp ace/rocket.git", an_app().signed_with(SECRET));
    let bed = bed.await;
    bed.connect(bed.app.owner, Some("alice")).await;
    let (list, post, headers, body) = asked(&bed).await;
    let hooks = "https://gitlab.com/api/v4/projects/acme%2Fsp%20ace%2Frocket/hooks";
    assert_eq!((list, post.as_str()), (format!("{hooks}?per_page=100&page=1"), hooks));
    assert_eq!(credential(&headers), ("PRIVATE-TOKEN", "canary"));
    let expected = json!({
        "url": bed.hook_url("gitlab"),
        "push_events": true,
        "tag_push_events": true,
        "merge_requests_events": true,
        "note_events": true,
        "enable_ssl_verification": true,
        "token": "hush",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn bitbucket_is_asked_as_section_5_says() {
    let url = "https://bitbucket.org/acme/rocket";
    let bed = Bed::unconnected(Provider::Bitbucket, url, an_app().signed_with(SECRET)).await;
    bed.connect(bed.app.owner, Some("alice")).await;
    let (list, post, headers, body) = asked(&bed).await;
    let hooks = "https://api.bitbucket.org/2.0/repositories/acme/rocket/hooks";
    assert_eq!((list, post.as_str()), (format!("{hooks}?pagelen=100&page=1"), hooks));
    assert_eq!(credential(&headers), ("Authorization", "Basic YWxpY2U6Y2FuYXJ5"), "alice:canary");
    let expected = json!({
        "description": "Bitrise",
        "url": bed.hook_url("bitbucket-v2"),
        "active": true,
        "events": [
            "repo:push",
            "pullrequest:created",
            "pullrequest:updated",
            "pullrequest:comment_created",
            "pullrequest:comment_updated",
        ],
        "secret": "hush",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn tokens_that_need_no_user_are_sent_as_bearer_tokens_where_hosts_want_that() {
    let bed = Bed::new(Provider::Bitbucket, "https://h.test/acme/rocket").await;
    assert_eq!(credential(&asked(&bed).await.2), ("Authorization", "Bearer canary"));
    let bed = Bed::unconnected(Provider::GitLab, "https://h.test/acme/rocket", an_app()).await;
    bed.connect(bed.app.owner, Some("oauth2")).await;
    let (_, _, headers, body) = asked(&bed).await;
    assert_eq!(credential(&headers), ("Authorization", "Bearer canary"));
    assert_eq!(body.get("token"), None, "an app without a secret");
}

#[tokio::test]
async fn without_a_secret_of_the_app_none_is_given_to_the_host() {
    for provider in [Provider::GitHub, Provider::Bitbucket] {
        let bed = Bed::new(provider, "https://h.test/acme/rocket").await;
        bed.registers().await;
        let body = posted(&bed);
        assert_eq!((body.get("secret"), body["config"].get("secret")), (None, None), "{provider}");
    }
}

#[tokio::test]
async fn names_are_escaped_so_that_they_stay_in_their_segment() {
    let bed = Bed::new(Provider::GitHub, "https://h.test/acme/team/roc%2f..%2fket").await;
    bed.registers().await;
    let asked = bed.host.take_asked();
    assert_eq!(asked[1].url, "https://api.github.com/repos/acme%2Fteam/roc%252f..%252fket/hooks");
}

#[tokio::test]
async fn credentials_go_to_the_configured_place_whatever_the_clone_url_says() {
    let hosts = || GitHosts {
        github_api: "https://ghe.acme.test/api/v3/".to_owned(),
        gitlab: "https://git.acme.test".to_owned(),
        ..GitHosts::default()
    };
    for (provider, host, start) in [
        (Provider::GitHub, GitHost::GitHub, "https://ghe.acme.test/api/v3/repos/acme/"),
        (Provider::GitLabSelfHosted, GitHost::GitLab, "https://git.acme.test/api/v4/projects/acme%2F"),
    ] {
        let bed = Bed::with(hosts(), provider, "https://mallory.test/acme/rocket", an_app()).await;
        bed.connect_at(bed.app.owner, None, Some(hosts().api(host))).await;
        bed.registers().await;
        let asked = bed.host.take_asked();
        assert!(asked.len() == 2 && asked.iter().all(|asked| asked.url.starts_with(start)), "{provider}");
    }
}

#[tokio::test]
async fn a_self_hosted_gitlab_needs_to_be_configured() {
    let bed = Bed::new(Provider::GitLabSelfHosted, "https://mallory.test/acme/rocket").await;
    let (status, message) = bed.fails().await;
    assert_eq!(status, 400);
    assert!(message.contains("git_hosts.gitlab"), "{message}");
    assert!(bed.host.take_asked().is_empty());
}
