//! Hooks of an organization through octocrab's own calls for them: checks 26, 28 and 38.

use std::time::{Duration, Instant};

use octocrab::models::HookId;
use octocrab::models::hooks::{Config, ContentType, Hook, UpdateHookConfig};
use octocrab::models::webhook_events::{WebhookEvent, WebhookEventType};

use crate::receiver::{PATIENCE, Receiver};
use crate::server::Server;

#[tokio::test]
async fn check_26_38_a_hook_of_an_organization_is_made_edited_read_and_repeated() {
    let server = Server::start();
    let alice = server.alice().await;
    let mut receiver = Receiver::start().await;
    let orgs = alice.orgs("acme");
    let config = Config {
        url: receiver.url.clone(),
        content_type: Some(ContentType::Json),
        insecure_ssl: None,
        secret: Some("s".to_owned()),
    };
    let events = vec![WebhookEventType::Push, WebhookEventType::Organization];
    let wanted = Hook { name: "web".to_owned(), active: true, events: events.clone(), config, ..Hook::default() };
    let hook = orgs.create_hook(wanted).await.expect("created");
    assert_eq!((hook.name.as_str(), &hook.events, hook.config.secret.as_deref()), ("web", &events, Some("********")));

    let ping = receiver.next().await;
    let event = WebhookEvent::try_from_header_and_body("ping", &ping.body).expect("decodes");
    assert_eq!(event.organization.map(|organization| organization.login).as_deref(), Some("acme"));
    assert!(event.repository.is_none());

    let hooks = orgs.hooks();
    assert_eq!(hooks.list().send().await.expect("listed").items.len(), 1);
    assert_eq!(hooks.get(hook.id).await.expect("found").config, hook.config);
    let edited = hooks.update(hook.id).events([WebhookEventType::Team]).send().await.expect("edited");
    assert_eq!(edited.events, [WebhookEventType::Team]);
    let mut form = UpdateHookConfig::default();
    form.content_type = Some(ContentType::Form);
    let merged = hooks.update_config(hook.id, form).await.expect("merged");
    assert_eq!((merged.content_type, merged.secret.as_deref()), (Some(ContentType::Form), Some("********")));
    hooks.ping(hook.id).await.expect("pinged");
    assert!(receiver.next().await.body.starts_with(b"payload="));

    let log = alice.hooks("acme");
    let began = Instant::now();
    let listed = loop {
        let listed = log.list_deliveries(HookId(hook.id)).per_page(100).send().await.expect("listed").items;
        if listed.len() == 2 {
            break listed;
        }
        assert!(began.elapsed() < PATIENCE, "{} deliveries", listed.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let one = log.get_delivery(HookId(hook.id), listed[1].id).await.expect("found");
    assert_eq!((&one.guid, one.status_code, one.repository_id), (&listed[1].guid, 200, None));
    log.retry_delivery(HookId(hook.id), listed[1].id).send().await.expect("accepted");
    receiver.next().await;
    hooks.delete(hook.id).await.expect("deleted");
    assert!(hooks.get(hook.id).await.is_err());
}
