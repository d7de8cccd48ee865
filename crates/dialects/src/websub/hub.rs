//! What the hub's verbs ask of the wire format.

use std::sync::Arc;

use async_trait::async_trait;
use domain::flow::Ports;
use domain::hub::{Advertised, Hub, HubTerms, Reduced};
use domain::id::EventId;
use domain::ports::Stored;
use domain::topic::{Content, Page};

use super::dialect::USER_AGENT;
use super::diff::{self, FeedEntries};
use super::discovery;
use super::hosted::{Hosted, hub_url};
use super::render::render;
use super::settings::WebSubSettings;
use super::sign::Method;

/// The hub.
#[derive(Clone, Debug)]
pub(crate) struct WebSubHub(Arc<WebSubSettings>);

impl WebSubHub {
    /// With these settings.
    pub(crate) fn new(settings: Arc<WebSubSettings>) -> Self {
        Self(settings)
    }
}

/// The page's address, taken apart: which events, in which form.
fn hosted(ports: &Ports, page: &Page) -> Option<Hosted> {
    let located = ports.directory().locate_by_id(page.repository)?;
    Hosted::find(ports.directory(), &located.owner.login, &located.repository.name, &page.name)
}

#[async_trait]
impl Hub for WebSubHub {
    fn terms(&self) -> &HubTerms {
        &self.0.terms
    }

    fn signature_methods(&self) -> &'static [&'static str] {
        &Method::NAMES
    }

    fn user_agent(&self) -> &str {
        USER_AGENT
    }

    fn url(&self, public_url: &str) -> String {
        hub_url(public_url)
    }

    fn accepts(&self, topic: &str) -> bool {
        self.0.lists(topic)
    }

    fn page(&self, ports: &Ports, url: &str) -> Option<Page> {
        let hosted = Hosted::of_url(ports.directory(), &ports.public_url, url)?;
        // Only under the URL that the page itself advertises, and only what everybody may see.
        let public = !hosted.located.repository.private;
        let name = url.rsplit('/').next()?.to_owned();
        let page = Page { repository: hosted.located.repository.id, name };
        (public && hosted.url(&ports.public_url) == url).then_some(page)
    }

    fn page_takes(&self, page: &Page, kind: &str) -> bool {
        Hosted::page(&page.name).is_some_and(|(stream, _)| stream.takes(kind))
    }

    async fn content(&self, ports: &Ports, page: &Page, up_to: EventId) -> Stored<Option<Content>> {
        let Some(hosted) = hosted(ports, page) else { return Ok(None) };
        let content = render(ports, &hosted, Some(up_to)).await?;
        Ok(Some(Content { content_type: content.media_type.to_owned(), body: content.body }))
    }

    fn advertised(&self, url: &str, head: &[u8], content: &Content) -> Advertised {
        let head = String::from_utf8_lossy(head);
        let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let headers = lines.map(|(name, value)| (name.trim(), value.trim()));
        discovery::discover(headers, Some(&content.content_type), &content.body, url)
    }

    fn entries(&self, content: &Content) -> Vec<u8> {
        let entries = diff::entries_of(Some(&content.content_type), &content.body);
        entries.map(|entries| entries.to_bytes()).unwrap_or_default()
    }

    fn reduce(&self, content: &Content, before: &[u8]) -> Reduced {
        match FeedEntries::from_bytes(before) {
            Some(before) => diff::reduce(Some(&content.content_type), &content.body, &before),
            None => Reduced::Whole,
        }
    }
}
