//! `issue_comment` on pull requests, and `pull_request_review_comment`.

use domain::canonical::{
    Actor, Comment, CommentAction, End, Location, PullRequest, PullRequestCommentEvent, Side, ZERO_ID,
};

use super::super::part::Part;
use super::super::{Told, git};
use super::{pull, user};

/// What happened to a comment; none if that is nothing known here.
fn action(root: Part<'_>) -> Option<CommentAction> {
    match root.text("action")? {
        "created" => Some(CommentAction::Created),
        "edited" => Some(CommentAction::Edited),
        "deleted" => Some(CommentAction::Deleted),
        _ => None,
    }
}

/// A general comment. GitHub tells of the pull request as of an issue: its branches are not known. Its source has a ref
/// of its own all the same; its target is most likely the default branch.
pub(in super::super) fn issue_comment(root: Part<'_>) -> Result<Vec<Told>, String> {
    let issue = root.at("issue");
    let Some(action) = action(root).filter(|_| issue.at("pull_request").exists()) else { return Ok(Vec::new()) };
    let mut pull_request = pull::facts(issue)?;
    let default_branch = root.at("repository").filled("default_branch").unwrap_or("main");
    pull_request.target = End { name: git::branch(default_branch), commit: ZERO_ID.to_owned(), repository: None };
    Ok(vec![told(action, pull_request, root, None)?])
}

/// A comment on code.
pub(super) fn review_comment(root: Part<'_>) -> Result<Vec<Told>, String> {
    let Some(action) = action(root) else { return Ok(Vec::new()) };
    let comment = root.at("comment");
    let line = comment.number("line");
    // A comment on a line that is no longer there has its old number left.
    let line =
        if comment.text("subject_type") == Some("file") { line } else { line.or(comment.number("original_line")) };
    let location = Location {
        path: comment.required("path")?.to_owned(),
        line,
        start_line: comment.number("start_line"),
        side: if comment.text("side") == Some("LEFT") { Side::Old } else { Side::New },
        commit: comment.filled("commit_id").map(git::object_id),
        hunk: comment.filled("diff_hunk").map(str::to_owned),
    };
    Ok(vec![told(action, pull::event(root)?.pull_request, root, Some(location))?])
}

fn told(
    action: CommentAction,
    pull_request: PullRequest,
    root: Part<'_>,
    location: Option<Location>,
) -> Result<Told, String> {
    let (part, actor) = (root.at("comment"), user(root.at("sender")));
    let created_at = part.moment("created_at").ok_or_else(|| part.missing("created_at"))?;
    let author = Some(user(part.at("user"))).filter(|author| *author != Actor::default());
    let comment = Comment {
        id: part.required_number("id")?,
        body: part.text("body").unwrap_or_default().to_owned(),
        author,
        created_at,
        updated_at: part.moment("updated_at").filter(|at| *at != created_at),
        parent: part.number("in_reply_to_id"),
        location,
        resolved: false,
    };
    let before = root.at("changes").at("body").text("from").unwrap_or_default();
    let previous_body = (action == CommentAction::Edited).then(|| before.to_owned());
    Ok(Told::comment(action, PullRequestCommentEvent { actor, pull_request, comment, previous_body }))
}
