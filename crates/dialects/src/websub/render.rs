//! A topic's content: what its page shows, and what the hub distributes, byte for byte (contract websub section 8).

use bytes::Bytes;
use domain::feed::MAX_ENTRIES;
use domain::flow::Ports;
use domain::id::EventId;
use domain::ports::Stored;
use domain::time::Timestamp;

use super::feed::{atom, feed_of, json_feed};
use super::hosted::{Format, Hosted};

/// A topic's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Its media type with parameters.
    pub(crate) media_type: &'static str,
    /// The document.
    pub(crate) body: Bytes,
    /// When the newest event in it was accepted, or, without any, when the repository was created.
    pub(crate) updated: Timestamp,
}

/// The content of a topic as it is now, or as it was when the event `up_to` was the newest.
pub(crate) async fn render(ports: &Ports, topic: &Hosted, up_to: Option<EventId>) -> Stored<Content> {
    let Hosted { located, stream, format } = topic;
    let events = ports.store.stream(located.repository.id, stream, up_to, MAX_ENTRIES).await?;
    let feed = feed_of(&events, located, stream, &ports.public_url, topic.url(&ports.public_url));
    let body = match format {
        Format::Plain | Format::Atom => atom::render(&feed),
        Format::Json => json_feed::render(&feed),
    };
    Ok(Content { media_type: format.content_type(), body: body.into(), updated: feed.updated })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::dialect::Dialects;
    use testkit::{FakeClock, RecordingSender, SeededEntropy, a_repository, a_user, an_event};

    use super::*;

    async fn ports(dir: &tempfile::TempDir) -> Ports {
        let (clock, entropy) = (Arc::new(FakeClock::default()), Arc::new(SeededEntropy::new(7)));
        let url = format!("sqlite:{}", dir.path().join("test.db").display());
        let keyring = store::Keyring::single(&[7; 32]);
        let options = store::Options::new(url, keyring, Vec::new(), clock.clone(), entropy.clone());
        let store = store::open(options).expect("a store");
        let acme = store.create_account(a_user("acme")).await.expect("an account");
        store.create_repository(a_repository(acme.id, "widgets")).await.expect("a repository");
        let sender = Arc::new(RecordingSender::default());
        let dialects = Dialects::new([]);
        Ports { store, dialects, clock, entropy, sender, public_url: "https://git.acme.test".into() }
    }

    #[tokio::test]
    async fn a_topic_as_of_an_event_is_what_its_page_showed_then() {
        let dir = tempfile::tempdir().expect("a directory");
        let ports = ports(&dir).await;
        let located = ports.directory().locate("acme", "widgets").expect("registered");
        let mut shown = Vec::new();
        for at in 0..40 {
            let new = an_event(&at.to_string()).at(located.place()).saying(&format!("{{\"at\":{at}}}")).build();
            let event = ports.store.accept(new).await.expect("accepted").id;
            for file in ["push", "all.atom", "all.json", "issues"] {
                let topic = Hosted::find(ports.directory(), "acme", "widgets", file).expect("a topic");
                shown.push((event, file, render(&ports, &topic, None).await.expect("reads")));
            }
        }
        for (event, file, content) in shown {
            let topic = Hosted::find(ports.directory(), "acme", "widgets", file).expect("a topic");
            assert_eq!(render(&ports, &topic, Some(event)).await.expect("reads"), content, "{file} at {event:?}");
        }
    }
}
