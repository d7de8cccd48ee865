//! Topics of our own: the streams of repositories, and their URLs (contract websub section 10).

use domain::directory::{Directory, Located};
use domain::stream::Stream;

use super::feed::{atom, json_feed};

/// A form a stream is served in; each has a URL, and so is a topic, of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// Atom, at the URL without a suffix.
    Plain,
    /// Atom, at `….atom`.
    Atom,
    /// JSON Feed, at `….json`.
    Json,
}

impl Format {
    /// The end of its URLs.
    fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Atom => ".atom",
            Self::Json => ".json",
        }
    }

    /// Its media type, exactly as served.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Plain | Self::Atom => atom::CONTENT_TYPE,
            Self::Json => json_feed::CONTENT_TYPE,
        }
    }
}

/// A topic of our own.
#[derive(Clone, Debug)]
pub(crate) struct Hosted {
    /// The repository.
    pub(crate) located: Located,
    /// Which of its events.
    pub(crate) stream: Stream,
    /// In which form.
    pub(crate) format: Format,
}

impl Hosted {
    /// What the last part of a topic's URL stands for: `push`, `push.json`.
    pub(crate) fn page(event: &str) -> Option<(Stream, Format)> {
        let (stem, format) = [Format::Json, Format::Atom]
            .into_iter()
            .find_map(|format| Some((event.strip_suffix(format.suffix())?, format)))
            .unwrap_or((event, Format::Plain));
        Some((Stream::parse(stem)?, format))
    }

    /// What `/{owner}/{name}/events/{event}` stands for; `event` with its suffix. Whether the caller may see the
    /// repository is another question.
    pub(crate) fn find(directory: &Directory, owner: &str, name: &str, event: &str) -> Option<Self> {
        let (stream, format) = Self::page(event)?;
        Some(Self { located: directory.locate(owner, name)?, stream, format })
    }

    /// The topic of that URL, if it is one of ours as we write it: public URL and path, and nothing else.
    pub(crate) fn of_url(directory: &Directory, public_url: &str, url: &str) -> Option<Self> {
        let mut segments = url.strip_prefix(public_url)?.strip_prefix('/')?.split('/');
        let (owner, name, events, event) = (segments.next()?, segments.next()?, segments.next()?, segments.next()?);
        if events != "events" || segments.next().is_some() {
            return None;
        }
        Self::find(directory, owner, name, event)
    }

    /// Its canonical URL, whichever case the caller wrote names in.
    pub(crate) fn url(&self, public_url: &str) -> String {
        let Located { repository, owner } = &self.located;
        let suffix = self.format.suffix();
        format!("{public_url}/{}/{}/events/{}{suffix}", owner.login, repository.name, self.stream)
    }
}

/// Where our hub is: the very string that is advertised, everywhere (contract websub section 8).
pub(crate) fn hub_url(public_url: &str) -> String {
    format!("{public_url}/websub")
}

/// The one `Link` header of a topic, self first (contract websub sections 8 and 10).
pub(crate) fn link_header(topic: &str, hub: &str) -> String {
    format!("<{topic}>; rel=\"self\", <{hub}>; rel=\"hub\"")
}

#[cfg(test)]
mod tests {
    use domain::account::AccountKind;
    use domain::directory::Change;

    use super::*;
    use crate::testing::{account, repository};

    const PUBLIC_URL: &str = "https://git.acme.test:8443";

    fn directory() -> Directory {
        let owner = account(1, AccountKind::Organization, "acme");
        let repository = repository(1, "widgets.json", &owner);
        let directory = Directory::default();
        directory.apply([Change::Account(owner.into()), Change::Repository(repository.into())]);
        directory
    }

    #[test]
    fn a_topic_has_one_url_for_each_format() {
        let directory = directory();
        let cases = [
            ("/acme/widgets.json/events/push", Format::Plain),
            ("/acme/widgets.json/events/push.atom", Format::Atom),
            ("/acme/widgets.json/events/pull_request.merged.json", Format::Json),
            ("/acme/widgets.json/events/issues", Format::Plain),
        ];
        for (path, format) in cases {
            let url = format!("{PUBLIC_URL}{path}");
            let hosted = Hosted::of_url(&directory, PUBLIC_URL, &url).expect(path);
            assert_eq!((hosted.url(PUBLIC_URL), hosted.format), (url, format));
        }
        let shouted = Hosted::find(&directory, "ACME", "Widgets.JSON", "all").expect("names have no case");
        assert_eq!(shouted.url(PUBLIC_URL), format!("{PUBLIC_URL}/acme/widgets.json/events/all"));
    }

    #[test]
    fn other_urls_are_no_topics_of_ours() {
        let directory = directory();
        let paths = ["", "/", "/acme/widgets.json/events", "/acme/widgets.json/events/", "/acme/widgets.json/events/x"];
        let more = ["/acme/widgets.json/events/push?a", "/acme/widgets.json/events/push/", "/acme/gears/events/push"];
        let hosts = ["http://git.acme.test:8443", "https://git.acme.test", "https://git.acme.test:84433", ""];
        let elsewhere = hosts.map(|host| format!("{host}/acme/widgets.json/events/push"));
        let here = paths.iter().chain(&more).map(|path| format!("{PUBLIC_URL}{path}"));
        for url in here.chain(elsewhere).chain([format!("{PUBLIC_URL}/acme/widgets.json/hooks/push")]) {
            assert!(Hosted::of_url(&directory, PUBLIC_URL, &url).is_none(), "{url}");
        }
    }
}
