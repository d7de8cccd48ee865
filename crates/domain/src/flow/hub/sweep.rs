//! What time does to subscriptions: leases end, topics disappear (contract websub sections 5 and 6).

use crate::flow::Ports;
use crate::ports::Stored;

/// Deletes what has lapsed, ends topics that are no longer to be had and tells their subscribers, and forgets topics
/// without any. To be called about once a minute. Returns how many subscriptions ended.
pub async fn sweep(ports: &Ports) -> Stored<u64> {
    let Some((_, hub)) = ports.dialects.hub() else { return Ok(0) };
    let now = ports.clock.now();
    let mut ended = ports.store.purge_lapsed(now).await?;
    for topic in ports.directory().topics() {
        // Renamed, deleted, or made private.
        if topic.page.is_some() && hub.page(ports, &topic.url) != topic.page {
            let denial = hub.terms().send_denials.then(|| "the topic is no longer available".to_owned());
            ended += ports.store.end_topic(topic.id, denial, now).await?;
        }
    }
    ports.store.purge_topics().await?;
    Ok(ended)
}
