//! A publisher says that topics changed (contract websub section 7).

use std::time::Duration;

use crate::flow::Ports;
use crate::ports::{MaxPending, Stored};
use crate::task::{Job, NewTask};

/// Pings of one topic within this time share a fetch.
const COALESCE: Duration = Duration::from_secs(2);

/// Has the named topics fetched: returns after that is durable. Topics without subscribers, and pages of ours, which
/// tell of themselves, are passed over.
pub async fn ping(ports: &Ports, urls: &[&str]) -> Stored<()> {
    let now = ports.clock.now();
    let directory = ports.directory();
    for url in urls {
        let Some(topic) = directory.topic(url).filter(|topic| topic.page.is_none()) else { continue };
        if directory.subscription_count(topic.id) == 0 {
            continue;
        }
        let last = ports.store.topic_state(topic.id).await?.fetched_at;
        let due_at = now.max(last.plus(COALESCE));
        let task = NewTask { job: Job::FetchTopic(topic.id), requested_at: now, due_at };
        ports.store.enqueue(task, MaxPending::UNLIMITED).await?;
    }
    Ok(())
}
