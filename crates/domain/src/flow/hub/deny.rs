//! Telling a subscriber that it does not get the topic (contract websub section 5).

use url::form_urlencoded::Serializer;

use super::task::Tried;
use super::verify::{TIMEOUT, headers};
use crate::attempt::Outcome;
use crate::flow::Ports;
use crate::hub::Hub;
use crate::ports::FetchRequest;
use crate::task::Denial;

/// The most that is read of an answer nobody looks at, in bytes.
const MAX_ANSWER: usize = 1024;

/// The parameters, in the contract's order.
fn query(denial: &Denial) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("hub.mode", "denied");
    query.append_pair("hub.topic", &denial.topic);
    query.append_pair("hub.reason", &denial.reason);
    query.finish()
}

/// One GET, whose answer means nothing; only a callback that cannot be reached is worth another try.
pub(super) async fn deny(ports: &Ports, hub: &dyn Hub, denial: &Denial) -> Tried {
    let Ok(url) = denial.callback.appending_query(&query(denial)) else { return Tried::done("refused") };
    let request = FetchRequest { url, headers: headers(hub), timeout: TIMEOUT, max_body: MAX_ANSWER };
    let exchange = ports.sender.fetch(request).await.exchange;
    if let Some(tried) = Tried::passing(&exchange, "no answer now") {
        return tried;
    }
    let outcome = if exchange.outcome == Outcome::Answered { "told" } else { "refused" };
    Tried { status: exchange.status, ..Tried::done(outcome) }
}
