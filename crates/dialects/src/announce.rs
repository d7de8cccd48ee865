//! Announce: what a surface did to the registry, as a canonical event (design section 4).

use bytes::Bytes;
use domain::account::Account;
use domain::flow::Ports;
use domain::flow::publish::{Envelope, publish};
use domain::id::Uid;
use serde_json::{Map, Value, json};

/// Publishes a canonical event of type `kind` in the name of `actor`; `data` is the rest of its payload. The change it
/// tells of is committed, or about to be, so a failure here is noted and not answered.
pub(crate) async fn announce(ports: &Ports, source: String, actor: &Account, kind: &str, mut data: Map<String, Value>) {
    data.insert("actor".to_owned(), json!({ "login": actor.login }));
    let now = ports.clock.now();
    let envelope = Envelope {
        id: Uid::new(now, &*ports.entropy).to_string(),
        source,
        kind: kind.to_owned(),
        subject: None,
        time: Some(now),
        content_type: "application/json".to_owned(),
        data: Bytes::from(Value::Object(data).to_string()),
        hops: 0,
    };
    let source = envelope.source.clone();
    if let Err(error) = publish(ports, envelope).await {
        tracing::warn!(%error, source, "{kind} was not published");
    }
}
