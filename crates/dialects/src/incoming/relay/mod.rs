//! Relay: what a git host tells of one of its repositories, as canonical events for the repository that an app is linked
//! to. Hooks of every dialect hear it from there, so one host's webhooks become another's.
//!
//! Pure: a payload in, events out. Each host has a file or folder; [`part`] reads trees, [`git`] holds what hosts share.
//! What has no canonical form is not relayed, and neither is what happened on this very server: its hooks have heard of
//! it already, and hearing of it again would go round for ever. `docs/relay.md` says what gets lost on the way.

mod bitbucket_cloud;
mod bitbucket_server;
mod git;
mod github;
mod gitlab;
mod gogs;
mod own;
mod part;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use domain::canonical::{CommentAction, Happening, PullRequestAction, PullRequestCommentEvent, PullRequestEvent};
use domain::time::Timestamp;
use serde_json::Value;

use crate::http::hex;
use part::Part;

/// Longest delivery id taken over into event ids, in bytes. A longer one is nobody's: the body's digest takes its place.
const MAX_DELIVERY_ID: usize = 256;

/// An event to publish for the repository that the app is linked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relayed {
    /// The canonical type.
    pub(crate) kind: String,
    /// The CloudEvents id: the same for every repetition of a delivery, so that the second is a duplicate.
    pub(crate) ce_id: String,
    /// The ref that moved, if it is one, or `pull/12`.
    pub(crate) subject: Option<String>,
    /// When it happened, if the host says so.
    pub(crate) time: Option<Timestamp>,
    /// The canonical payload, JSON.
    pub(crate) data: Bytes,
}

/// What a host's file makes of a payload: one thing that happened, and when.
struct Told {
    happening: Happening,
    time: Option<Timestamp>,
}

impl Told {
    /// Something happened to a pull request.
    fn pull_request(action: PullRequestAction, event: PullRequestEvent, time: Option<Timestamp>) -> Self {
        Self { happening: Happening::PullRequest(action, Box::new(event)), time }
    }

    /// Something happened to a comment on one.
    fn comment(action: CommentAction, event: PullRequestCommentEvent) -> Self {
        let comment = &event.comment;
        let time = Some(comment.updated_at.unwrap_or(comment.created_at));
        Self { happening: Happening::PullRequestComment(action, Box::new(event)), time }
    }

    /// The canonical type.
    fn kind(&self) -> String {
        match &self.happening {
            Happening::PullRequest(action, _) => format!("pull_request.{}", action.as_str()),
            Happening::PullRequestComment(action, _) => format!("pull_request_comment.{}", action.as_str()),
            // Hosts' files tell of nothing else.
            _ => "push".to_owned(),
        }
    }

    /// See [`Relayed::subject`].
    fn subject(&self) -> Option<String> {
        match &self.happening {
            Happening::Push(push) => match push.refs.as_slice() {
                [moved] => Some(moved.name.clone()),
                _ => None,
            },
            Happening::PullRequest(_, event) => Some(format!("pull/{}", event.pull_request.number)),
            Happening::PullRequestComment(_, event) => Some(format!("pull/{}", event.pull_request.number)),
            _ => None,
        }
    }
}

/// What one delivery of `provider` tells; nothing if there is no canonical word for it. `event` is the value of the
/// provider's event header, `body` the request's body as it came, `own_base` this server's public URL.
///
/// `Err` says why nothing is relayed: the payload is not what this host sends, or it is of a repository on this server.
/// It is no reason to refuse the request.
pub(crate) fn relay(
    provider: &str,
    event: &str,
    body: &[u8],
    delivery_id: Option<&str>,
    own_base: &str,
) -> Result<Vec<Relayed>, String> {
    let read = match provider {
        "github" => github::read,
        "gitlab" => gitlab::read,
        "bitbucket-v2" => bitbucket_cloud::read,
        "bitbucket-server" => bitbucket_server::read,
        "gogs" => gogs::read,
        _ => return Ok(Vec::new()),
    };
    let payload = tree(body)?;
    let root = Part::root(&payload);
    if own::is_hosted_here(root, own_base) {
        return Err("the repository is on this server, whose hooks have heard of it already".to_owned());
    }
    let told = read(event, root)?;
    let delivery = delivery_id.filter(|id| is_usable(id)).map_or_else(|| fingerprint(event, body), str::to_owned);
    told.into_iter().enumerate().map(|(at, told)| finish(&told, format!("{provider}/{delivery}/{at}"))).collect()
}

/// The body as a tree; a form's member `payload` is one, too.
fn tree(body: &[u8]) -> Result<Value, String> {
    let form = body.starts_with(b"payload=");
    let payload = form.then(|| form_urlencoded::parse(body).find(|(name, _)| name == "payload")).flatten();
    let text = payload.as_ref().map_or(body, |(_, text)| text.as_bytes());
    serde_json::from_slice(text).map_err(|error| format!("not JSON: {error}"))
}

/// May that be part of an event's id?
fn is_usable(delivery_id: &str) -> bool {
    (1..=MAX_DELIVERY_ID).contains(&delivery_id.len()) && !delivery_id.chars().any(char::is_control)
}

/// Stands for the delivery where the host does not name it: hosts repeat a delivery byte for byte.
fn fingerprint(event: &str, body: &[u8]) -> String {
    let mut digest = Context::new(&SHA256);
    for part in [event.as_bytes(), b"\n", body] {
        digest.update(part);
    }
    format!("sha256:{}", hex(digest.finish().as_ref()))
}

/// Writes an event out, after making sure that publishing will accept it.
fn finish(told: &Told, ce_id: String) -> Result<Relayed, String> {
    let kind = told.kind();
    let data = crate::json::compact(&told.happening, 4 * 1024);
    match Happening::parse(&kind, &data) {
        Some(Ok(_)) => Ok(Relayed { kind, ce_id, subject: told.subject(), time: told.time, data }),
        Some(Err(malformed)) => Err(malformed.detail),
        None => Err(format!("{kind}: no such type")),
    }
}
