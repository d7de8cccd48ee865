//! Topics and their subscriptions (contract websub sections 4 to 6).

use std::sync::Arc;
use std::time::Duration;

use domain::hook::{Hook, HookScope};
use domain::id::RepositoryId;
use domain::secret::Secret;
use domain::task::{Effect, Job, TaskNext};
use domain::topic::{Page, Topic};

use super::tasks::{TOPIC, claim, end, intent, put, subscribe, subscription, topic};
use crate::bed::{Bed, anything_goes};

fn find(bed: &Bed, topic: &Topic, callback: &str) -> Option<Arc<Hook>> {
    bed.store().directory().subscription(topic.id, callback)
}

/// That many subscriptions of the topic, made as hooks.
async fn many(bed: &Bed, topic: &Topic, count: usize) {
    let mut making = tokio::task::JoinSet::new();
    for number in 0..count {
        let (store, url) = (bed.store().clone(), format!("http://sub.test/{number}"));
        let new = subscription(bed, topic.id, &url, None);
        making.spawn(async move { store.create_hook(new, anything_goes()).await.expect("made") });
    }
    while making.join_next().await.is_some() {}
    assert_eq!(bed.store().directory().subscription_count(topic.id), count);
}

pub(crate) async fn a_topic_is_made_once_and_follows_the_page_its_url_names(bed: Bed) {
    let mut bed = bed.with_repository().await;
    let first = topic(&bed).await;
    assert_eq!((first.url.as_str(), &first.page, first.latest), (TOPIC, &None, None));
    assert_eq!(topic(&bed).await, first);
    let page = Some(Page { repository: RepositoryId(1), name: "push".to_owned() });
    let moved = bed.store().ensure_topic(TOPIC, page.clone(), bed.now()).await.expect("follows");
    assert_eq!((moved.id, &moved.page), (first.id, &page));
    let shouted = bed.store().ensure_topic(&TOPIC.to_uppercase(), None, bed.now()).await.expect("made");
    assert_ne!(shouted.id, first.id, "exact texts");
    bed.restart().await;
    assert_eq!(bed.store().directory().topic(TOPIC).expect("kept"), moved);
}

pub(crate) async fn a_renewal_replaces_lease_and_secret_and_keeps_the_row(bed: Bed) {
    let mut bed = bed.with_repository().await;
    subscribe(&bed, "http://sub.test/cb", Some("first")).await;
    let topic = topic(&bed).await;
    let before = find(&bed, &topic, "http://sub.test/cb").expect("subscribed");
    assert_eq!(before.scope, HookScope::Topic(topic.id));
    bed.clock.advance(Duration::from_secs(60));
    subscribe(&bed, "http://sub.test/cb", Some("second")).await;
    let renewed = find(&bed, &topic, "http://sub.test/cb").expect("subscribed");
    assert_eq!((renewed.id, renewed.uid, renewed.created_at), (before.id, before.uid, before.created_at));
    assert_eq!(renewed.expires_at, before.expires_at.map(|end| end.plus(Duration::from_secs(60))));
    assert_eq!(renewed.secret.as_ref().map(Secret::expose), Some("second"));
    subscribe(&bed, "http://sub.test/cb", None).await;
    bed.restart().await;
    let after = find(&bed, &topic, "http://sub.test/cb").expect("kept");
    assert_eq!((after.id, &after.secret, after.active), (before.id, &None, true));
    assert_eq!(bed.store().directory().subscription_count(topic.id), 1);
}

pub(crate) async fn a_topic_and_a_callback_have_one_subscription(bed: Bed) {
    subscribe(&bed, "http://sub.test/cb", None).await;
    let topic = topic(&bed).await;
    let twin = subscription(&bed, topic.id, "http://sub.test/cb", None);
    bed.store().create_hook(twin, anything_goes()).await.expect_err("taken");
    assert_eq!(bed.store().directory().subscription_count(topic.id), 1);
    bed.hook(subscription(&bed, topic.id, "http://sub.test/CB", None)).await;
    assert_eq!(bed.store().directory().subscriptions_at("sub.test"), 2);
}

pub(crate) async fn unsubscribing_takes_the_row_away_once(bed: Bed) {
    subscribe(&bed, "http://sub.test/cb", None).await;
    let topic = topic(&bed).await;
    for _ in 0..2 {
        put(&bed, Job::VerifyIntent(intent("http://sub.test/cb"))).await;
        let task = claim(&bed, 1).await.remove(0);
        let gone = Effect::Unsubscribe(topic.id, intent("http://sub.test/cb").callback);
        assert!(end(&bed, &task, TaskNext::Done, vec![gone]).await);
        assert_eq!(bed.store().directory().subscription_count(topic.id), 0);
    }
    assert_eq!(bed.store().directory().subscriptions_at("sub.test"), 0);
}

pub(crate) async fn n9_lapsed_subscriptions_are_purged_in_steps(bed: Bed) {
    let topic = topic(&bed).await;
    many(&bed, &topic, 1_201).await;
    bed.clock.advance(Duration::from_secs(300));
    subscribe(&bed, "http://sub.test/later", None).await;
    assert_eq!(bed.store().purge_lapsed(bed.now()).await.expect("purges"), 0);
    let backlog = bed.store().hub_backlog(bed.now()).await.expect("counts");
    assert_eq!(backlog.expiring, 1_202);
    bed.clock.advance(Duration::from_secs(300));
    assert_eq!(bed.store().purge_lapsed(bed.now()).await.expect("purges"), 1_201, "the end is not part of the lease");
    assert_eq!(bed.store().directory().subscription_count(topic.id), 1);
    assert_eq!(bed.store().directory().subscriptions_at("sub.test"), 1);
    assert_eq!(bed.store().purge_topics().await.expect("purges"), 0);
    bed.clock.advance(Duration::from_secs(300));
    assert_eq!(bed.store().purge_lapsed(bed.now()).await.expect("purges"), 1);
    assert_eq!(bed.store().purge_topics().await.expect("purges"), 1);
    assert!(bed.store().directory().topic(TOPIC).is_none());
}

pub(crate) async fn the_end_of_a_topic_tells_each_subscriber(bed: Bed) {
    let topic = topic(&bed).await;
    many(&bed, &topic, 1_001).await;
    let ended = bed.store().end_topic(topic.id, Some("no more".to_owned()), bed.now()).await.expect("ends");
    assert_eq!((ended, bed.store().directory().subscription_count(topic.id)), (1_001, 0));
    assert_eq!(bed.store().hub_backlog(bed.now()).await.expect("counts").tasks, 1_001);
    let Job::Deny(denial) = claim(&bed, 1).await.remove(0).job else { panic!("a denial") };
    assert_eq!((denial.topic.as_str(), denial.reason.as_str()), (TOPIC, "no more"));
    assert_eq!(bed.store().purge_topics().await.expect("purges"), 1, "denials know the topic's URL themselves");
}

pub(crate) async fn a_topic_can_end_in_silence(bed: Bed) {
    let topic = topic(&bed).await;
    many(&bed, &topic, 3).await;
    assert_eq!(bed.store().end_topic(topic.id, None, bed.now()).await.expect("ends"), 3);
    assert_eq!(bed.store().hub_backlog(bed.now()).await.expect("counts").tasks, 0);
}

pub(crate) async fn a_topic_stays_while_there_is_something_to_do_for_it(bed: Bed) {
    let topic = topic(&bed).await;
    put(&bed, Job::FetchTopic(topic.id)).await;
    assert_eq!(bed.store().purge_topics().await.expect("purges"), 0);
    let task = claim(&bed, 1).await.remove(0);
    end(&bed, &task, TaskNext::Done, Vec::new()).await;
    assert_eq!(bed.store().purge_topics().await.expect("purges"), 1);
}
