//! Is this topic one that the hub serves (contract websub section 5)?

use std::time::Duration;

use super::fetch::{MAX_TOPIC, content_of};
use super::task::may_pass;
use super::verify::headers;
use crate::flow::Ports;
use crate::hub::Hub;
use crate::ports::{FetchRequest, Fetched};
use crate::rules::target::TargetUrl;
use crate::topic::Page;

/// Longest a topic may take (contract section 7).
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The verdict on a topic. Reasons are told to subscribers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is one of ours, or accepted.
    Fine(Option<Page>),
    /// It could not be looked at now.
    Unreachable(String),
    /// It is not served here.
    Refused(String),
}

/// Looks at our own pages, the operator's list, and, if the hub is public, at the topic itself.
pub(super) async fn validate(ports: &Ports, hub: &dyn Hub, topic: &str) -> Verdict {
    if let Some(page) = hub.page(ports, topic) {
        return Verdict::Fine(Some(page));
    }
    if hub.accepts(topic) {
        return Verdict::Fine(None);
    }
    // Looked at when its first subscriber came, and again with each fetch: strangers must not have us fetch it at will.
    let directory = ports.directory();
    if directory.topic(topic).is_some_and(|topic| directory.subscription_count(topic.id) > 0) {
        return Verdict::Fine(None);
    }
    // A page of ours that is not there, or not for everybody: we need not call ourselves to find out.
    let ours = topic.strip_prefix(&*ports.public_url).is_some_and(|path| path.starts_with('/'));
    if ours || !hub.terms().public {
        return Verdict::Refused("the hub does not serve this topic".to_owned());
    }
    let Ok(url) = TargetUrl::parse(topic) else { return Verdict::Refused("the topic is no URL".to_owned()) };
    let request = FetchRequest { url, headers: headers(hub), timeout: TIMEOUT, max_body: MAX_TOPIC };
    look(ports, hub, topic, &ports.sender.fetch(request).await)
}

/// A topic of somebody else's must name this hub, and itself.
fn look(ports: &Ports, hub: &dyn Hub, topic: &str, fetched: &Fetched) -> Verdict {
    let unseen = || "the topic cannot be fetched".to_owned();
    if fetched.exchange.status == Some(200) && fetched.whole {
        return if advertises(ports, hub, topic, fetched) {
            Verdict::Fine(None)
        } else {
            Verdict::Refused("the topic does not name this hub".to_owned())
        };
    }
    if may_pass(&fetched.exchange) { Verdict::Unreachable(unseen()) } else { Verdict::Refused(unseen()) }
}

/// Does the fetched topic name this hub, and itself as the topic?
pub(super) fn advertises(ports: &Ports, hub: &dyn Hub, topic: &str, fetched: &Fetched) -> bool {
    let advertised = hub.advertised(topic, &fetched.exchange.response_head, &content_of(fetched));
    let here = hub.url(&ports.public_url);
    // Links come resolved, and so in the form that URL parsers write; topics are as subscribers wrote them.
    let own = url::Url::parse(topic).map_or_else(|_| topic.to_owned(), String::from);
    advertised.hubs.contains(&here) && advertised.selves == [own]
}
