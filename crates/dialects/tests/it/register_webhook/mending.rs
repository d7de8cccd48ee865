//! Hooks of the app that the host has already: left alone if they are right, edited in place if they are not.

use dialects::GitHosts;
use domain::ci::{CiApp, Provider};
use domain::ports::{Clock as _, SendMethod};
use domain::secret::Secret;
use serde_json::{Value, json};
use testkit::an_app;

use super::{Bed, posted};

/// With the word in the URLs of their hooks, and the method that edits.
const HOSTS: [(Provider, &str, SendMethod); 3] = [
    (Provider::GitHub, "github", SendMethod::Patch),
    (Provider::GitLab, "gitlab", SendMethod::Put),
    (Provider::Bitbucket, "bitbucket-v2", SendMethod::Put),
];
const URL: &str = "https://h.test/acme/rocket.git";

impl Bed {
    /// The owner edits the app here.
    async fn edits(&self, edit: impl FnOnce(&mut CiApp) + Send + 'static) {
        let edit = Box::new(|mut app: CiApp| {
            edit(&mut app);
            app
        });
        let now = self.world.clock.now();
        self.world.ports.store.update_ci_app(self.app.id, now, edit).await.expect("edited");
    }

    async fn rotates(&self, token: &'static str) {
        self.edits(move |app| app.trigger_token = Secret::new(token)).await;
    }

    /// The methods of the requests since this was asked last.
    fn methods(&self) -> Vec<Option<SendMethod>> {
        self.host.take_asked().iter().map(|asked| asked.method).collect()
    }

    fn hook_with(&self, provider: &str, token: &str) -> String {
        self.hook_url(provider).replace("prh_trigger", token)
    }
}

#[tokio::test]
async fn a_hook_with_a_token_of_before_gets_the_one_of_now() {
    for (provider, word, method) in HOSTS {
        let bed = Bed::new(provider, URL).await;
        bed.host.has(provider, "https://elsewhere.test/hook");
        bed.registers().await;
        bed.rotates("prh_second").await;
        bed.methods();
        bed.registers().await;
        assert_eq!(bed.methods(), [None, Some(method)], "{provider}");
        let expected = ["https://elsewhere.test/hook".to_owned(), bed.hook_with(word, "prh_second")];
        assert_eq!(bed.host.urls(), expected, "{provider}");
        bed.registers().await;
        assert_eq!(bed.methods(), [None], "{provider}: nothing was left to do");
    }
}

#[tokio::test]
async fn check_28_of_two_hooks_of_the_app_the_good_one_is_kept_and_no_third_is_made() {
    for (provider, word, _) in HOSTS {
        let bed = Bed::new(provider, URL).await;
        for token in ["prh_first", "prh_second", "prh_third"] {
            bed.host.has(provider, &bed.hook_with(word, token));
        }
        let before = bed.host.urls();
        bed.rotates("prh_third").await;
        bed.registers().await;
        assert_eq!(bed.host.urls(), before, "{provider}: it was on the second page");
        bed.rotates("prh_fourth").await;
        bed.registers().await;
        let after = [bed.hook_with(word, "prh_fourth"), before[1].clone(), before[2].clone()];
        assert_eq!(bed.host.urls(), after, "{provider}");
    }
}

#[tokio::test]
async fn hooks_of_other_apps_and_other_servers_are_left_alone() {
    for (provider, word, _) in HOSTS {
        let bed = Bed::new(provider, URL).await;
        let own = bed.hook_url(word);
        let others = [
            own.replace(&bed.app.slug(), "00000000-0000-7000-8000-000000000000"),
            own.replace("postrider.test", "postrider.test.evil.test"),
            own.replace(&format!("/{word}/"), "/slack/"),
            own.replace("http://", "https://"),
        ];
        for url in &others {
            bed.host.has(provider, url);
        }
        let before = bed.host.hooks();
        bed.registers().await;
        let after = bed.host.hooks();
        assert_eq!(after[..4], before, "{provider}");
        assert_eq!(bed.host.urls()[4..], [own], "{provider}");
    }
}

#[tokio::test]
async fn what_somebody_changed_at_the_host_is_made_good() {
    let edits: [(Provider, &[(&str, Value)]); 3] = [
        (
            Provider::GitHub,
            &[
                ("/active", json!(false)),
                ("/events", json!(["push"])),
                ("/events", json!(["*"])),
                ("/config/content_type", json!("form")),
                ("/config/secret", json!("of another")),
            ],
        ),
        (
            Provider::GitLab,
            &[("/push_events", json!(false)), ("/note_events", json!(false)), ("/issues_events", json!(true))],
        ),
        (
            Provider::Bitbucket,
            &[
                ("/active", json!(false)),
                ("/events", json!(["repo:push", "pullrequest:fulfilled"])),
                ("/secret", json!("of another")),
            ],
        ),
    ];
    for (provider, edits) in edits {
        for (pointer, value) in edits {
            let bed = Bed::new(provider, URL).await;
            bed.registers().await;
            let whole = bed.host.hooks();
            bed.host.edit(|hook| put(hook, pointer, value));
            bed.registers().await;
            let mut mended = bed.host.hooks();
            // Switched off, or taken away: the same as not being there.
            for hook in &mut mended {
                hook.as_object_mut().expect("an object").retain(|_, value| *value != false && !value.is_null());
            }
            assert_eq!(mended, whole, "{provider} {pointer} {value}");
            bed.methods();
            bed.registers().await;
            assert_eq!(bed.methods(), [None], "{provider} {pointer} {value}: once is enough");
        }
    }
}

fn put(hook: &mut Value, pointer: &str, value: &Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    hook.pointer_mut(parent).expect("a parent")[name] = value.clone();
}

/// What hosts show of secrets is not enough to compare them, so an app's own is given again each time.
#[tokio::test]
async fn a_secret_is_given_again_each_time_and_nothing_else_changes() {
    for (provider, word, method) in HOSTS {
        let bed = Bed::unconnected(provider, URL, an_app().signed_with("first")).await;
        bed.connect(bed.app.owner, None).await;
        bed.registers().await;
        bed.edits(|app| app.webhook_secret = Some(Secret::new("second"))).await;
        bed.methods();
        for _ in 0..2 {
            bed.registers().await;
            assert_eq!(bed.methods(), [None, Some(method)], "{provider}");
        }
        assert_eq!(bed.host.urls(), [bed.hook_url(word)], "{provider}");
        let hook = bed.host.hooks().remove(0);
        let secrets = [&hook["config"]["secret"], &hook["token"], &hook["secret"]];
        assert_eq!(secrets.iter().filter(|secret| ***secret == "second").count(), 1, "{provider}: {hook}");
    }
}

#[tokio::test]
async fn a_secret_that_the_app_has_no_more_is_taken_away_where_it_can_be_seen() {
    for (provider, method) in [(Provider::GitHub, SendMethod::Patch), (Provider::Bitbucket, SendMethod::Put)] {
        let bed = Bed::unconnected(provider, URL, an_app().signed_with("first")).await;
        bed.connect(bed.app.owner, None).await;
        bed.registers().await;
        bed.edits(|app| app.webhook_secret = None).await;
        bed.methods();
        bed.registers().await;
        assert_eq!(bed.methods(), [None, Some(method)], "{provider}");
        let hook = bed.host.hooks().remove(0);
        assert!(hook["config"]["secret"].is_null() && hook["secret"].is_null(), "{provider}: {hook}");
        bed.registers().await;
        assert_eq!(bed.methods(), [None], "{provider}");
    }
}

#[tokio::test]
async fn what_the_administrators_of_a_hook_decided_stays_theirs() {
    for (provider, _, _) in HOSTS {
        let bed = Bed::new(provider, URL).await;
        bed.registers().await;
        bed.host.edit(|hook| {
            put(hook, "/description", &json!("keep me"));
            put(hook, "/skip_cert_verification", &json!(true));
            put(hook, "/enable_ssl_verification", &json!(false));
            if provider == Provider::GitHub {
                put(hook, "/config/insecure_ssl", &json!("1"));
            }
        });
        bed.registers().await;
        let before = bed.host.hooks().remove(0);
        bed.rotates("prh_second").await;
        bed.registers().await;
        let after = bed.host.hooks().remove(0);
        for name in ["description", "skip_cert_verification", "enable_ssl_verification"] {
            assert_eq!(after[name], before[name], "{provider}");
        }
        assert_eq!(after["config"]["insecure_ssl"], before["config"]["insecure_ssl"], "{provider}");
    }
}

#[tokio::test]
async fn edits_are_asked_for_as_each_host_wants_it() {
    for (provider, url) in [
        (Provider::GitHub, "https://api.github.com/repos/acme/rocket/hooks/1"),
        (Provider::GitLab, "https://gitlab.com/api/v4/projects/acme%2Frocket/hooks/1"),
        (Provider::Bitbucket, "https://api.bitbucket.org/2.0/repositories/acme/rocket/hooks/%7Buuid-1%7D"),
    ] {
        let bed = Bed::new(provider, URL).await;
        bed.registers().await;
        bed.rotates("prh_second").await;
        bed.host.take_asked();
        bed.registers().await;
        let asked = bed.host.take_asked();
        assert_eq!(asked[1].url, url);
        for name in ["Authorization", "PRIVATE-TOKEN", "Accept", "User-Agent"] {
            assert_eq!(asked[1].header(name), asked[0].header(name), "{provider}");
        }
        assert_eq!(asked[1].header("Content-Type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_host_that_refuses_the_edit_is_told_of_and_the_next_call_makes_it_good() {
    for (provider, word, _) in HOSTS {
        let bed = Bed::new(provider, URL).await;
        bed.registers().await;
        bed.rotates("prh_second").await;
        for (status, told) in [(403, 400), (404, 400), (422, 400), (500, 500), (503, 500)] {
            bed.host.answer_post(status, "{}");
            let (answered, message) = bed.fails().await;
            assert_eq!(answered, told, "{provider}");
            assert!(message.contains(&format!("answered {status}")), "{message}");
        }
        assert_eq!(bed.host.urls(), [bed.hook_url(word)], "{provider}: no second one was made");
        bed.registers().await;
        assert_eq!(bed.host.urls(), [bed.hook_with(word, "prh_second")], "{provider}");
    }
}

#[tokio::test]
async fn a_hook_of_ours_without_an_id_is_nonsense() {
    for (provider, _, _) in HOSTS {
        for id in [Value::Null, json!(".."), json!(""), json!(-1)] {
            let bed = Bed::new(provider, URL).await;
            bed.registers().await;
            bed.rotates("prh_second").await;
            bed.host.edit(|hook| (hook["id"], hook["uuid"]) = (id.clone(), id.clone()));
            let (status, message) = bed.fails().await;
            assert_eq!(status, 500, "{provider} {id}");
            assert!(message.contains("no list of hooks"), "{message}");
        }
    }
}

/// Who waited for another request takes the app as it is then, not as it was on arrival.
#[tokio::test]
async fn of_requests_at_once_none_brings_an_older_token_back() {
    for (provider, word, _) in HOSTS {
        let bed = Bed::with(GitHosts::default(), provider, URL, an_app()).await;
        bed.connect(bed.app.owner, None).await;
        bed.registers().await;
        tokio::join!(
            bed.registers(),
            async {
                bed.rotates("prh_second").await;
                bed.registers().await;
            },
            bed.registers(),
            bed.registers(),
        );
        assert_eq!(bed.host.urls(), [bed.hook_with(word, "prh_second")], "{provider}");
    }
}

#[tokio::test]
async fn the_body_of_an_edit_is_what_would_be_added_now() {
    let bed = Bed::unconnected(Provider::GitLab, URL, an_app().signed_with("hush")).await;
    bed.connect(bed.app.owner, None).await;
    bed.host.has(Provider::GitLab, &bed.hook_with("gitlab", "prh_old"));
    bed.registers().await;
    let expected = json!({
        "url": bed.hook_url("gitlab"),
        "push_events": true,
        "tag_push_events": true,
        "merge_requests_events": true,
        "note_events": true,
        "token": "hush",
    });
    assert_eq!(posted(&bed), expected);
}
