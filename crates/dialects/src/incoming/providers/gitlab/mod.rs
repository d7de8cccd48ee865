//! GitLab: pushes, tags, merge requests, and comments on merge requests.

mod merge_request;
mod push;

use crate::incoming::reading::{Reading, refused};
use crate::incoming::request::{JSON, Request, unsupported};

/// The header that names the event.
pub(crate) const EVENT: &str = "X-Gitlab-Event";
/// What `triggered_by` calls it.
const NAME: &str = "gitlab";

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let content_type = request.content_type()?;
    let event = request.event(EVENT)?;
    if content_type != JSON {
        return Err(unsupported(content_type));
    }
    match event {
        "Push Hook" => push::branch(&request.json()?),
        "Tag Push Hook" => push::tag(&request.json()?),
        "Merge Request Hook" => merge_request::changed(&request.json()?),
        "Note Hook" => merge_request::commented(&request.json()?),
        other => Err(refused(format!("Unsupported Webhook event: {other}"))),
    }
}
