//! Topics: `https://{any host}/{owner}/{repo}/events/{event}`, with `.json` for deliveries in JSON.

use percent_encoding::percent_decode_str;
use url::Url;

/// What is subscribed to. Clients have the vendor's host built in, so only the path counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    /// The whole topic as it came, for messages.
    pub(super) text: String,
    /// Login of the repository's owner.
    pub(super) owner: String,
    /// Name of the repository.
    pub(super) repository: String,
    /// Name of the event, unchecked.
    pub(super) event: String,
    /// Whether it ended in `.json`.
    pub(super) json: bool,
}

impl Topic {
    /// Takes a topic apart; `None` if it is not of that form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let decoded = url.path_segments()?.map(|segment| percent_decode_str(segment).decode_utf8().ok());
        let segments: Option<Vec<String>> = decoded.map(|segment| Some(segment?.into_owned())).collect();
        let [owner, repository, events, event] = <[String; 4]>::try_from(segments?).ok()?;
        if events != "events" || owner.is_empty() || repository.is_empty() || event.is_empty() {
            return None;
        }
        let (event, json) = match event.strip_suffix(".json") {
            Some(bare) => (bare.to_owned(), true),
            None => (event, false),
        };
        Some(Self { text: text.to_owned(), owner, repository, event, json })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_of_a_topic_counts() {
        for text in [
            "https://github.com/acme/app/events/push",
            "http://git.acme.test:8017/acme/app/events/push",
            "https://[::1]/acme/app/events/push?a=1#b",
            "https://github.com/ac%6De/app/events/pu%73h",
        ] {
            let topic = Topic::parse(text).expect("a topic");
            let parts = (topic.owner.as_str(), topic.repository.as_str(), topic.event.as_str(), topic.json);
            assert_eq!(parts, ("acme", "app", "push", false), "{text}");
            assert_eq!(topic.text, text);
        }
    }

    #[test]
    fn a_suffix_asks_for_json() {
        let event = |text: &str| Topic::parse(text).map(|topic| (topic.event, topic.json));
        assert_eq!(event("https://x.test/a/b/events/push.json"), Some(("push".to_owned(), true)));
        assert_eq!(event("https://x.test/a/b/events/*.json"), Some(("*".to_owned(), true)));
        assert_eq!(event("https://x.test/a/b.json/events/push"), Some(("push".to_owned(), false)));
        assert_eq!(event("https://x.test/a/b/events/.json"), Some((String::new(), true)));
    }

    #[test]
    fn other_urls_are_no_topics() {
        for text in [
            "",
            "acme/app/events/push",
            "/acme/app/events/push",
            "ftp://x.test/acme/app/events/push",
            "mailto:acme/app/events/push",
            "https://x.test/acme/app/events",
            "https://x.test/acme/app/events/",
            "https://x.test//app/events/push",
            "https://x.test/acme/app/event/push",
            "https://x.test/acme/app/events/push/",
            "https://x.test/v3/acme/app/events/push",
            "https://x.test/acme/app/events/%ff",
        ] {
            assert_eq!(Topic::parse(text), None, "{text}");
        }
    }
}
