//! What can be set about the hub; the defaults are the contract's (websub sections 3, 5 to 9 and 12).

use std::time::Duration;

use domain::hub::HubTerms;
use domain::ports::MaxPending;

use super::sign::Method;

/// Settings of the hub.
#[derive(Clone, Debug)]
pub struct WebSubSettings {
    /// Leases, caps, and how subscribers are treated.
    pub terms: HubTerms,
    /// Topics accepted wherever they are: whole URLs, or beginnings of URLs that end in `*`.
    pub topics: Vec<String>,
    /// Who may say that a topic changed.
    pub publish: PublishPolicy,
    /// How deliveries are signed.
    pub signature: Method,
    /// Only https callbacks are accepted.
    pub https_callbacks: bool,
    /// A callback that answers 404 is tried again, at most three times.
    pub retry_404: bool,
    /// Requests one source may make in a minute (E-15).
    pub requests_per_minute: u32,
    /// Where the hub has moved; requests are sent on with 308.
    pub moved_to: Option<String>,
}

/// Who may say that a topic changed (contract section 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PublishPolicy {
    /// Everybody: the hub looks for itself.
    #[default]
    Open,
    /// Everybody, for topics on the operator's list.
    Listed,
    /// Only with a token that may publish events.
    Token,
}

impl Default for WebSubSettings {
    fn default() -> Self {
        Self {
            terms: HubTerms {
                default_lease: Duration::from_secs(864_000),
                min_lease: Duration::from_secs(300),
                max_lease: Duration::from_secs(2_592_000),
                max_per_topic: 100_000,
                max_per_host: 1_000,
                max_pending: MaxPending { per_host: 100, per_topic: 10_000 },
                public: true,
                send_denials: true,
                trim_challenge: false,
                feed_diff: false,
            },
            topics: Vec::new(),
            publish: PublishPolicy::Open,
            signature: Method::Sha256,
            https_callbacks: false,
            retry_404: true,
            requests_per_minute: 60,
            moved_to: None,
        }
    }
}

impl WebSubSettings {
    /// Is the topic on the operator's list?
    pub(crate) fn lists(&self, topic: &str) -> bool {
        self.topics.iter().any(|listed| match listed.strip_suffix('*') {
            Some(start) => topic.starts_with(start),
            None => topic == listed,
        })
    }
}
