//! Where deliveries come from, for people who keep allow lists (contract bitbucket-cloud section 4). Public.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ipnet::IpNet;
use serde::Serialize;

use super::app::App;

/// The document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IpRanges {
    creation_date: String,
    sync_token: i64,
    items: Vec<Item>,
}

/// One range.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Item {
    network: IpAddr,
    mask_len: u8,
    cidr: String,
    mask: IpAddr,
    region: [&'static str; 1],
    product: [&'static str; 1],
    direction: [&'static str; 1],
}

/// `GET /.well-known/ip-ranges.json`
pub(super) async fn get(State(app): State<Arc<App>>) -> Json<IpRanges> {
    Json(IpRanges {
        creation_date: app.since.rfc3339_micros().trim_end_matches('Z').to_owned(),
        sync_token: app.since.as_secs(),
        items: app.settings.egress_addresses.iter().filter_map(|text| item(text)).collect(),
    })
}

/// A range from `192.0.2.0/24` or a single address; none from anything else.
fn item(text: &str) -> Option<Item> {
    let range: IpNet = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(Item {
        network: range.network(),
        mask_len: range.prefix_len(),
        cidr: range.trunc().to_string(),
        mask: range.netmask(),
        region: ["global"],
        product: ["bitbucket"],
        direction: ["egress"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ranges_are_told_the_same_way() {
        let told =
            |text| item(text).map(|item| (item.cidr, item.network.to_string(), item.mask_len, item.mask.to_string()));
        let expected = |cidr: &str, network: &str, len, mask: &str| {
            Some((cidr.to_owned(), network.to_owned(), len, mask.to_owned()))
        };
        assert_eq!(told("192.0.2.0/25"), expected("192.0.2.0/25", "192.0.2.0", 25, "255.255.255.128"));
        assert_eq!(told("192.0.2.9/24"), expected("192.0.2.0/24", "192.0.2.0", 24, "255.255.255.0"));
        assert_eq!(told("192.0.2.7"), expected("192.0.2.7/32", "192.0.2.7", 32, "255.255.255.255"));
        assert_eq!(told("2001:db8::/36"), expected("2001:db8::/36", "2001:db8::", 36, "ffff:ffff:f000::"));
        assert_eq!(told("proxy.acme.test"), None);
    }
}
