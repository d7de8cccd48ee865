//! `register-webhook` (contract bitrise section 5) against hosts that keep hooks.

mod failures;
mod host;
mod hosts;
mod mending;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use dialects::{ApiSettings, GitHosts, SurfaceSettings, surfaces};
use domain::account::OrgRole;
use domain::ci::{CiApp, GitAccount, GitHost, Provider};
use domain::flow::Ports;
use domain::id::AccountId;
use domain::ports::{Clock as _, SendMethod};
use domain::secret::Secret;
use serde_json::Value;
use testkit::{AnApp, an_app};

use self::host::Host;
use crate::world::{Answer, World, answer, request};

/// A server whose app of `acme` is hosted elsewhere.
struct Bed {
    world: World,
    host: Arc<Host>,
    router: Router,
    app: Arc<CiApp>,
}

impl Bed {
    /// The app is hosted by that provider at that URL; `acme` has connected its account there with the token `canary`.
    async fn new(provider: Provider, repo_url: &str) -> Self {
        let bed = Self::unconnected(provider, repo_url, an_app()).await;
        bed.connect(bed.app.owner, None).await;
        bed
    }

    async fn unconnected(provider: Provider, repo_url: &str, app: AnApp) -> Self {
        Self::with(GitHosts::default(), provider, repo_url, app).await
    }

    async fn with(hosts: GitHosts, provider: Provider, repo_url: &str, app: AnApp) -> Self {
        let world = World::new().await;
        let host = Arc::new(Host::new(world.clock.clone()));
        let settings = ApiSettings { git_hosts: hosts.into(), ..ApiSettings::default() };
        let ports = Ports { sender: host.clone(), ..world.ports.clone() };
        let surfaces = surfaces(&SurfaceSettings::default());
        let routers = surfaces.iter().map(|surface| surface.routes(ports.clone(), settings.clone()));
        let router = routers.fold(Router::new(), Router::merge);
        let mut new = app.build();
        new.owner = world.app.owner;
        new.provider = provider;
        repo_url.clone_into(&mut new.repo_url);
        let app = world.ports.store.create_ci_app(new).await.expect("an app");
        Self { world, host, router, app }
    }

    /// Connects an account with the app's host, where that is by default.
    async fn connect(&self, owner: AccountId, user: Option<&str>) {
        self.connect_at(owner, user, None).await;
    }

    async fn connect_at(&self, owner: AccountId, user: Option<&str>, api: Option<&str>) {
        let host = match self.app.provider {
            Provider::GitHub => GitHost::GitHub,
            Provider::Bitbucket => GitHost::Bitbucket,
            Provider::GitLab | Provider::GitLabSelfHosted | Provider::Custom => GitHost::GitLab,
        };
        let api = api.map_or_else(|| GitHosts::default().api(host).to_owned(), str::to_owned);
        let user = user.map(str::to_owned);
        let created_at = self.world.clock.now();
        let account = GitAccount { owner, host, api, user, token: Secret::new("canary"), created_at };
        self.world.ports.store.set_git_account(account).await.expect("connected");
    }

    /// Asks with that token.
    async fn register_as(&self, token: &str) -> Answer {
        let path = format!("/v0.1/apps/{}/register-webhook", self.app.slug());
        let answer = answer(self.router.clone(), request(token, "POST", &path, Vec::new())).await;
        assert!(!answer.text.contains("canary") && !answer.text.contains("prh_"), "no secret is told: {}", answer.text);
        answer
    }

    /// Asks as alice.
    async fn register(&self) -> Answer {
        self.register_as(&self.world.token).await
    }

    /// Asks as alice, who must be told that all is well.
    async fn registers(&self) {
        let answer = self.register().await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{\"status\":\"ok\"}\n"));
    }

    /// Status and message of a failure.
    async fn fails(&self) -> (u16, String) {
        let answer = self.register().await;
        let message = answer.json()["message"].as_str().expect("a message").to_owned();
        (answer.status.as_u16(), message)
    }

    /// Where the host is to call.
    fn hook_url(&self, provider: &str) -> String {
        format!("http://postrider.test/h/{provider}/{}/prh_trigger", self.app.slug())
    }
}

#[tokio::test]
async fn check_28_register_webhook_twice_makes_one_hook_at_the_host() {
    for (provider, word) in
        [(Provider::GitHub, "github"), (Provider::GitLab, "gitlab"), (Provider::Bitbucket, "bitbucket-v2")]
    {
        let bed = Bed::new(provider, "https://h.test/acme/rocket.git").await;
        bed.registers().await;
        bed.registers().await;
        assert_eq!(bed.host.urls(), [bed.hook_url(word)], "{provider}");
    }
}

#[tokio::test]
async fn check_28_of_requests_at_once_one_makes_the_hook() {
    for provider in [Provider::GitHub, Provider::GitLab, Provider::Bitbucket] {
        let bed = Bed::new(provider, "git@h.test:acme/rocket.git").await;
        tokio::join!(bed.registers(), bed.registers(), bed.registers());
        assert_eq!(bed.host.urls().len(), 1, "{provider}");
    }
}

#[tokio::test]
async fn check_28_a_hook_beyond_the_first_page_is_found_and_equal_ones_of_others_do_not_count() {
    for (provider, word) in
        [(Provider::GitHub, "github"), (Provider::GitLab, "gitlab"), (Provider::Bitbucket, "bitbucket-v2")]
    {
        let bed = Bed::new(provider, "https://h.test/acme/rocket.git").await;
        for at in 0..5 {
            bed.host.has(provider, &format!("{}{at}", bed.hook_url(word)));
        }
        bed.host.has(provider, &bed.hook_url(word));
        bed.registers().await;
        assert_eq!(bed.host.urls().len(), 6, "{provider}");
        let edited = [SendMethod::Patch, SendMethod::Put];
        let asked: Vec<_> = bed.host.take_asked().iter().map(|asked| asked.method).collect();
        assert_eq!(asked[..3], [None; 3], "{provider}: three pages of two");
        assert!(asked.len() == 4 && asked[3].is_some_and(|method| edited.contains(&method)), "{provider}: {asked:?}");
    }
}

#[tokio::test]
async fn a_github_that_says_it_has_the_hook_is_believed() {
    let bed = Bed::new(Provider::GitHub, "https://h.test/acme/rocket.git").await;
    let body = r#"{"message":"Validation Failed","errors":[{"message":"Hook already exists on this repository"}]}"#;
    bed.host.answer_post(422, body);
    bed.registers().await;
    bed.host.answer_post(422, r#"{"message":"Validation Failed","errors":[{"message":"url is not a public one"}]}"#);
    assert_eq!(bed.fails().await, (400, "GitHub (api.github.com) answered 422".to_owned()));
}

#[tokio::test]
async fn who_may_register_is_who_administers_the_app() {
    let bed = Bed::new(Provider::GitHub, "https://h.test/acme/rocket.git").await;
    let narrow = bed.world.token_for("alice", "read:repo_hook").await;
    let mallory = bed.world.token_for("mallory", "repo").await;
    assert_eq!(bed.register_as(&mallory).await.status, 404);
    bed.world.join("mallory", OrgRole::Member).await;
    assert_eq!(bed.register_as(&mallory).await.status, 403, "a tester");
    assert_eq!(bed.register_as(&narrow).await.status, 403);
    assert_eq!(bed.register_as("").await.status, 401);
    assert_eq!(bed.register_as("wrong").await.status, 401);
    assert!(bed.host.take_asked().is_empty(), "nothing was asked of the host");
    let enough = bed.world.token_for("alice", "write:repo_hook").await;
    assert_eq!(bed.register_as(&enough).await.status, 200);
    let path = "/v0.1/apps/00000000-0000-0000-0000-000000000000/register-webhook";
    let unknown = answer(bed.router.clone(), request(&bed.world.token, "POST", path, Vec::new())).await;
    assert_eq!((unknown.status.as_u16(), unknown.text.as_str()), (404, "{\"message\":\"Not Found\"}\n"));
}

/// The credential of the app's owner comes first, then the caller's own.
#[tokio::test]
async fn without_an_account_of_the_owner_the_callers_own_is_used() {
    let bed = Bed::unconnected(Provider::GitHub, "https://h.test/acme/rocket.git", an_app()).await;
    let (status, message) = bed.fails().await;
    assert_eq!(status, 400);
    assert!(message.contains("no GitHub account is connected"), "{message}");
    let alice = bed.world.ports.directory().account("alice").expect("alice").id;
    bed.connect_at(alice, None, Some("https://elsewhere.test")).await;
    let (status, message) = bed.fails().await;
    assert_eq!(status, 400);
    assert!(message.contains("connected for another address than https://api.github.com"), "{message}");
    assert!(bed.host.take_asked().is_empty(), "S-5: nothing is sent to a place the token was not given for");
    bed.connect(alice, None).await;
    bed.registers().await;
}

/// Time enough for nothing.
const LONG: Duration = Duration::from_secs(11);

/// The JSON that was posted last.
fn posted(bed: &Bed) -> Value {
    let asked = bed.host.take_asked();
    let last = asked.last().expect("asked");
    serde_json::from_slice(last.body.as_ref().expect("a POST")).expect("JSON")
}
