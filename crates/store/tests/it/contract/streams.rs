//! Events of a repository by stream.

use domain::event::Event;
use domain::feed::MAX_CONTENT;
use domain::id::{EventId, RepositoryId};
use domain::stream::Stream;
use testkit::an_event;

use crate::bed::Bed;

/// The repository of all these events but one.
const HERE: RepositoryId = RepositoryId(1);

async fn publish(bed: &Bed, kind: &str, repository: Option<RepositoryId>, data: &str) -> EventId {
    let mut new = an_event(&format!("{kind}/{repository:?}/{}", data.len())).saying(data).build();
    kind.clone_into(&mut new.kind);
    new.place.repository = repository;
    bed.store().accept(new).await.expect("accepted").id
}

async fn newest(bed: &Bed, stream: &str, up_to: Option<EventId>, limit: usize) -> Vec<Event> {
    let stream = Stream::parse(stream).expect("a stream");
    bed.store().stream(HERE, &stream, up_to, limit).await.expect("reads")
}

fn ids(events: &[Event]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

pub(crate) async fn a_stream_has_the_newest_events_of_its_types_up_to_any_of_them(bed: Bed) {
    let bed = bed.with_repository().await;
    let push = publish(&bed, "push", Some(HERE), "{}").await;
    let merged = publish(&bed, "pull_request.merged", Some(HERE), "{}").await;
    publish(&bed, "push", Some(RepositoryId(2)), "{}").await;
    publish(&bed, "push", None, "{}").await;
    let passed = publish(&bed, "github.push", Some(HERE), "{}").await;
    let withheld = publish(&bed, "secret.detected", Some(HERE), "{}").await;
    let custom = publish(&bed, "acme.thing.done", Some(HERE), "{}").await;

    assert_eq!(ids(&newest(&bed, "all", None, 9).await), [custom, passed, merged, push]);
    assert_eq!(ids(&newest(&bed, "all", None, 2).await), [custom, passed]);
    assert_eq!(ids(&newest(&bed, "all", Some(withheld), 9).await), [passed, merged, push]);
    assert_eq!(ids(&newest(&bed, "push", None, 9).await), [passed, push]);
    assert_eq!(ids(&newest(&bed, "push", Some(merged), 9).await), [push], "as it was then");
    assert_eq!(ids(&newest(&bed, "pull_request", None, 9).await), [merged]);
    assert_eq!(ids(&newest(&bed, "pull_request.merged", None, 9).await), [merged]);
    assert!(newest(&bed, "issues", None, 9).await.is_empty());
    let whole = bed.store().event(passed).await.expect("reads").expect("exists");
    assert_eq!(newest(&bed, "push", None, 1).await, [whole]);
}

pub(crate) async fn a_stream_leaves_large_data_out(bed: Bed) {
    let bed = bed.with_repository().await;
    let just_right = "x".repeat(MAX_CONTENT);
    publish(&bed, "acme.thing", Some(HERE), &just_right).await;
    publish(&bed, "acme.thing", Some(HERE), &format!("{just_right}x")).await;
    let lengths: Vec<_> = newest(&bed, "all", None, 9).await.iter().map(|event| event.data.len()).collect();
    assert_eq!(lengths, [0, MAX_CONTENT]);
}
