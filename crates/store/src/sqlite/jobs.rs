//! What a task's columns say: its kind and keys in the open, callbacks and secrets as one sealed text (S-2).

use std::time::Duration;

use domain::event::{DedupeKey, payload_hash};
use domain::id::{EventId, TopicId};
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use domain::task::{Denial, Intent, Job, Mode};
use serde::{Deserialize, Serialize};

use super::tasks::unwritable;
use crate::error::Done;

const VERIFY: i64 = 0;
const DENY: i64 = 1;
/// Fetching a topic: never twice at once.
pub(crate) const FETCH: i64 = 2;
const TELL: i64 = 3;

/// A job, column by column.
pub(crate) struct Parts {
    pub(crate) kind: i64,
    pub(crate) pair: Option<DedupeKey>,
    pub(crate) about: Option<[u8; 16]>,
    pub(crate) host: Option<String>,
    pub(crate) topic: Option<TopicId>,
    pub(crate) event: Option<EventId>,
    pub(crate) sealed: Option<Secret>,
}

/// The sealed text.
#[derive(Serialize, Deserialize)]
struct Call {
    topic: String,
    callback: String,
    /// What was asked for; `None` in a denial.
    #[serde(default)]
    unsubscribe: Option<bool>,
    #[serde(default)]
    lease: u64,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    verify_token: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Call {
    fn sealed(self) -> Done<Option<Secret>> {
        Ok(Some(Secret::new(serde_json::to_string(&self).map_err(|error| unwritable(&error))?)))
    }
}

/// Takes a job apart.
pub(crate) fn parts(job: &Job) -> Done<Parts> {
    let host = job.callback().and_then(|callback| Some(callback.target().ok()?.host.to_string()));
    let nothing = Parts { kind: 0, pair: None, about: None, host, topic: None, event: None, sealed: None };
    Ok(match job {
        Job::VerifyIntent(intent) => Parts {
            kind: VERIFY,
            pair: Some(DedupeKey::of(&intent.topic, intent.callback.as_str())),
            about: Some(payload_hash(intent.topic.as_bytes())),
            sealed: Call {
                topic: intent.topic.clone(),
                callback: intent.callback.as_str().to_owned(),
                unsubscribe: Some(intent.mode == Mode::Unsubscribe),
                lease: intent.lease.as_secs(),
                secret: intent.secret.as_ref().map(|secret| secret.expose().to_owned()),
                verify_token: intent.verify_token.as_ref().map(|token| token.expose().to_owned()),
                reason: None,
            }
            .sealed()?,
            ..nothing
        },
        Job::Deny(denial) => Parts {
            kind: DENY,
            sealed: Call {
                topic: denial.topic.clone(),
                callback: denial.callback.as_str().to_owned(),
                unsubscribe: None,
                lease: 0,
                secret: None,
                verify_token: None,
                reason: Some(denial.reason.clone()),
            }
            .sealed()?,
            ..nothing
        },
        Job::FetchTopic(topic) => Parts { kind: FETCH, topic: Some(*topic), ..nothing },
        Job::TellTopic(topic, event) => Parts { kind: TELL, topic: Some(*topic), event: Some(*event), ..nothing },
    })
}

/// Puts a job together again.
pub(crate) fn read(kind: i64, topic: Option<TopicId>, event: Option<EventId>, sealed: Option<&Secret>) -> Option<Job> {
    let call = || serde_json::from_str::<Call>(sealed?.expose()).ok();
    Some(match kind {
        VERIFY => {
            let call = call()?;
            Job::VerifyIntent(Intent {
                mode: if call.unsubscribe? { Mode::Unsubscribe } else { Mode::Subscribe },
                topic: call.topic,
                callback: TargetUrl::trusted(call.callback),
                lease: Duration::from_secs(call.lease),
                secret: call.secret.map(Secret::new),
                verify_token: call.verify_token.map(Secret::new),
            })
        }
        DENY => {
            let call = call()?;
            let callback = TargetUrl::trusted(call.callback);
            Job::Deny(Denial { topic: call.topic, callback, reason: call.reason.unwrap_or_default() })
        }
        FETCH => Job::FetchTopic(topic?),
        TELL => Job::TellTopic(topic?, event?),
        _ => return None,
    })
}
