//! A page of ours changed: its subscribers get it as it stands after the event (contract websub sections 7 and 8).

use super::content::{content_effect, plan};
use super::task::Tried;
use crate::flow::Ports;
use crate::hub::Hub;
use crate::id::{EventId, TopicId};
use crate::ports::Stored;

/// Puts the page together and plans its distribution. Each event counts: none supersedes another.
pub(super) async fn tell(ports: &Ports, hub: &dyn Hub, id: TopicId, event: EventId) -> Stored<Tried> {
    let Some(topic) = ports.directory().topic_by_id(id) else { return Ok(Tried::done("unsubscribed")) };
    // A page that moved or became private is nobody's business any more; the sweep ends its subscriptions.
    let Some(page) = topic.page.as_ref().filter(|page| hub.page(ports, &topic.url).as_ref() == Some(page)) else {
        return Ok(Tried::done("not public"));
    };
    let Some(content) = hub.content(ports, page, event).await? else { return Ok(Tried::done("gone")) };
    let event = plan(ports, &topic, content, format!("event/{event}"));
    Ok(Tried::done("distributed").with(content_effect(id, event, false)))
}
