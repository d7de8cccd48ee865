//! Redeliver: the message of a past attempt once more, to the hook as it is now.

use crate::attempt::Attempt;
use crate::flow::Ports;
use crate::id::DeliveryId;
use crate::ports::Stored;

/// Plans the redelivery; the engine sends it at once. Same message, same bytes, a new delivery.
pub async fn redeliver(ports: &Ports, attempt: &Attempt) -> Stored<DeliveryId> {
    ports.store.redeliver(attempt.id, ports.clock.now()).await
}
