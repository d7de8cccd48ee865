//! Check 38: octocrab makes a hook, and reads and repeats its deliveries.

use std::time::{Duration, Instant};

use octocrab::Octocrab;
use octocrab::models::HookId;
use octocrab::models::hooks::{Config, ContentType, Delivery, DeliveryDetail, Hook};
use octocrab::models::webhook_events::{WebhookEvent, WebhookEventType};
use serde_json::Value;
use tokio::net::TcpSocket;

use crate::receiver::{PATIENCE, Receiver};
use crate::server::Server;

#[tokio::test]
async fn check_38_deliveries_are_listed_read_and_retried() {
    let server = Server::start();
    let alice = server.alice().await;
    let mut receiver = Receiver::start().await;

    let hook = alice.repos("acme", "widgets").hooks().create(wanted(&receiver.url)).await.expect("created");
    assert_eq!((hook.name.as_str(), hook.active), ("web", true));
    assert_eq!(hook.events, [WebhookEventType::Push, WebhookEventType::Issues]);
    assert_eq!(hook.config.secret.as_deref(), Some("********"));
    let found = alice.repos("acme", "widgets").hooks().get(hook.id).await.expect("found");
    assert_eq!((found.id, &found.config), (hook.id, &hook.config));

    let ping = receiver.next().await;
    let signature = &ping.headers["x-hub-signature-256"];
    let event = WebhookEvent::try_from_header_signature_and_body("ping", signature, "s", &ping.body).expect("signed");
    assert_eq!(event.kind, WebhookEventType::Ping);

    let listed = deliveries(&alice, hook.id, 1).await;
    assert_eq!((listed[0].status.as_str(), listed[0].status_code), ("OK", 200));
    assert_eq!(listed[0].event, Some(WebhookEventType::Ping));
    assert_eq!((listed[0].action.as_deref(), listed[0].redelivery), (None, false));
    let first = single(&alice, hook.id, &listed[0]).await;
    assert_eq!(first.request.payload.expect("a payload")["hook_id"], hook.id);
    assert_eq!(first.request.headers.expect("headers")["X-GitHub-Delivery"], listed[0].guid);
    assert_eq!(first.response.payload.as_deref(), Some("ok"));

    let hooks = alice.hooks("acme").repo("widgets".to_owned());
    hooks.retry_delivery(HookId(hook.id), listed[0].id).send().await.expect("accepted");
    assert_eq!(receiver.next().await.body, ping.body);
    let both = deliveries(&alice, hook.id, 2).await;
    assert!(both[0].redelivery && both[0].id != both[1].id);
    assert_eq!((&both[0].guid, both[1].id), (&both[1].guid, listed[0].id));
    assert!(single(&alice, hook.id, &both[0]).await.redelivery);

    alice.repos("acme", "widgets").hooks().delete(hook.id).await.expect("deleted");
}

#[tokio::test]
async fn check_38_a_delivery_that_never_connected_parses() {
    let server = Server::start();
    let alice = server.alice().await;
    // Taken but not listened on: there is no response, and next to no duration.
    let taken = TcpSocket::new_v4().expect("a socket");
    taken.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let url = format!("http://{}/hook", taken.local_addr().expect("bound"));
    let hook = alice.repos("acme", "widgets").hooks().create(wanted(&url)).await.expect("created");
    let listed = deliveries(&alice, hook.id, 1).await;
    // A machine that is busy may see a retry, too.
    let first = listed.last().expect("one at least");
    assert_eq!((first.status.as_str(), first.status_code), ("failed to connect to host", 502));
    assert_eq!(first.action, None);
    let one = single(&alice, hook.id, first).await;
    assert_eq!((one.status_code, one.action), (502, None));
}

/// The body of a create call.
fn wanted(url: &str) -> Hook {
    Hook {
        name: "web".to_owned(),
        active: true,
        events: vec![WebhookEventType::Push, WebhookEventType::Issues],
        config: Config {
            url: url.to_owned(),
            content_type: Some(ContentType::Json),
            insecure_ssl: None,
            secret: Some("s".to_owned()),
        },
        ..Hook::default()
    }
}

/// The deliveries of a hook, once there are `count` at least.
async fn deliveries(client: &Octocrab, hook: u64, count: usize) -> Vec<Delivery> {
    let hooks = client.hooks("acme").repo("widgets".to_owned());
    let began = Instant::now();
    loop {
        let listed = hooks.list_deliveries(HookId(hook)).per_page(100).send().await.expect("listed").items;
        if listed.len() >= count {
            return listed;
        }
        assert!(began.elapsed() < PATIENCE, "{} deliveries, not {count}", listed.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The whole delivery: untyped through `_get`, and the same through the typed call.
async fn single(client: &Octocrab, hook: u64, listed: &Delivery) -> DeliveryDetail {
    let route = format!("/repos/acme/widgets/hooks/{hook}/deliveries/{}", listed.id);
    let response = client._get(route).await.expect("answered");
    assert_eq!(response.status(), 200);
    let raw = client.body_to_string(response).await.expect("text");
    let fields: Value = serde_json::from_str(&raw).expect("JSON");
    assert!(fields["duration"].is_f64(), "strict clients want 0.0, not 0: {raw}");
    assert!(fields["action"].is_null() && fields.get("action").is_some(), "{raw}");
    let typed =
        client.hooks("acme").repo("widgets".to_owned()).get_delivery(HookId(hook), listed.id).await.expect("typed");
    assert_eq!(serde_json::from_str::<DeliveryDetail>(&raw).expect("typed"), typed);
    assert_eq!((&typed.guid, typed.duration, typed.status_code), (&listed.guid, listed.duration, listed.status_code));
    typed
}
