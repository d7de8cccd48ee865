//! `Note Hook`: comments, of which those on merge requests are relayed.

use domain::canonical::{Comment, CommentAction, Location, PullRequestCommentEvent, Side};

use super::super::part::Part;
use super::super::{Told, git};
use super::merge_request::pull_request;
use super::user;

/// A new or edited comment. GitLab's own notes (somebody pushed, somebody approved) tell of what has its own event.
/// What an edited one said before is not told.
pub(super) fn read(root: Part<'_>) -> Result<Vec<Told>, String> {
    let note = root.at("object_attributes");
    if note.text("noteable_type") != Some("MergeRequest") || note.flag("system") {
        return Ok(Vec::new());
    }
    let action = if note.text("action") == Some("update") { CommentAction::Edited } else { CommentAction::Created };
    let created_at = note.moment("created_at").ok_or_else(|| note.missing("created_at"))?;
    let actor = user(root.at("user"));
    let comment = Comment {
        id: note.required_number("id")?,
        body: note.text("note").unwrap_or_default().to_owned(),
        author: (action == CommentAction::Created).then(|| actor.clone()),
        created_at,
        updated_at: note.moment("updated_at").filter(|at| *at != created_at),
        parent: None,
        location: location(note.at("position")),
        resolved: note.at("resolved_at").exists(),
    };
    let event = PullRequestCommentEvent {
        actor,
        pull_request: pull_request(root.at("merge_request"), root)?,
        comment,
        previous_body: (action == CommentAction::Edited).then(String::new),
    };
    Ok(vec![Told::comment(action, event)])
}

/// A line of the new file, or of the old one if it is gone.
fn location(position: Part<'_>) -> Option<Location> {
    let (old, new) = (position.number("old_line"), position.number("new_line"));
    let side = if new.is_none() && old.is_some() { Side::Old } else { Side::New };
    let path = position.first(if side == Side::Old { &["old_path"] } else { &["new_path", "old_path"] })?;
    let commit = position.filled(if side == Side::Old { "base_sha" } else { "head_sha" }).map(git::object_id);
    Some(Location { path: path.to_owned(), line: new.or(old), start_line: None, side, commit, hunk: None })
}
