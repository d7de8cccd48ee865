//! `pullrequest:comment_…`.

use domain::canonical::{Comment, CommentAction, Location, PullRequestCommentEvent, Side};

use super::super::Told;
use super::super::part::Part;
use super::account;
use super::pull::pull_request;

/// What happened to a comment. What an edited one said before is not told.
pub(super) fn read(action: CommentAction, root: Part<'_>) -> Result<Vec<Told>, String> {
    let part = root.at("comment");
    let created_at = part.moment("created_on").ok_or_else(|| part.missing("created_on"))?;
    let author = part.at("user");
    let comment = Comment {
        id: part.required_number("id")?,
        body: part.at("content").text("raw").unwrap_or_default().to_owned(),
        author: author.exists().then(|| account(author)),
        created_at,
        updated_at: part.moment("updated_on").filter(|at| *at != created_at),
        parent: part.at("parent").number("id"),
        location: location(part.at("inline")),
        resolved: part.at("resolution").exists(),
    };
    let event = PullRequestCommentEvent {
        actor: account(root.at("actor")),
        pull_request: pull_request(root.at("pullrequest"))?,
        comment,
        previous_body: (action == CommentAction::Edited).then(String::new),
    };
    Ok(vec![Told::comment(action, event)])
}

/// `inline`: a line of the old file or of the new one, or the whole of it.
fn location(inline: Part<'_>) -> Option<Location> {
    let (old, new) = (inline.number("from"), inline.number("to"));
    let side = if new.is_none() && old.is_some() { Side::Old } else { Side::New };
    let start_line = inline.number(if side == Side::Old { "start_from" } else { "start_to" });
    Some(Location {
        path: inline.filled("path")?.to_owned(),
        line: new.or(old),
        start_line,
        side,
        commit: None,
        hunk: None,
    })
}
