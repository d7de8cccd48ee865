//! What is said in the server's own log.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use domain::secret::Secret;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::site::{GITHUB, Site, a_push};
use crate::world::Setup;

/// Writes down everything that is traced.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<String>>);

impl Listener {
    fn text(&self) -> String {
        self.0.lock().expect("whole").clone()
    }
}

struct Lines<'a>(&'a mut String);

impl Visit for Lines<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Lines(&mut self.0.lock().expect("whole")));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Lines(&mut self.0.lock().expect("whole")));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Lines(&mut self.0.lock().expect("whole")));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn check_26_no_token_secret_or_signature_gets_into_the_servers_log() {
    let listener = Listener::default();
    let _listening = tracing::subscriber::set_default(listener.clone());
    let site = Site::with(Setup::default(), |app| app.webhook_secret = Some(Secret::new("open-sesame"))).await;
    let token = site.app.trigger_token.expose();
    let body = a_push("main").to_string();
    let headers = [GITHUB[0], GITHUB[1], ("x-hub-signature-256", "sha256=feedface"), ("authorization", "Bearer knock")];
    for path in [
        site.path("github"),
        site.path("nope"),
        format!("/h/github/{}/almost-{token}", site.app.uid),
        format!("/h/github/x/{token}"),
        format!("/h/github/{}/{token}/more", site.app.uid),
    ] {
        site.post(&path, &headers, body.clone()).await;
    }
    let gitlab = [GITHUB[0], ("x-gitlab-event", "Push Hook"), ("x-gitlab-token", "open-sesame")];
    assert_eq!(site.post(&site.path("gitlab"), &gitlab, "{}").await.status, 200);
    let text = listener.text();
    assert!(text.contains("took a webhook in"), "{text}");
    for secret in [token, "open-sesame", "feedface", "knock"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
