//! Gogs and Gitea, with payloads of our own making in their documented form.

use domain::canonical::{RefKind, Verdict, ZERO_ID};
use serde_json::{Value, json};

use super::{comment, kinds, pull_request, push};

const OLD: &str = "1111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222";

fn person(login: &str) -> Value {
    json!({"id": 1, "login": login, "full_name": format!("{login} Example"), "email": format!("{login}@acme.test"), "username": login})
}

fn commit(id: &str, message: &str) -> Value {
    let signature = json!({"name": "Mona Ito", "email": "mona@acme.test", "username": "mona"});
    json!({"id": id, "message": message, "author": signature, "committer": signature, "timestamp": "2026-01-02T10:00:00Z"})
}

fn repository() -> Value {
    json!({"id": 9, "full_name": "acme/rocket", "html_url": "https://gogs.test/acme/rocket", "default_branch": "main"})
}

fn pushed(name: &str, before: &str, after: &str) -> Value {
    json!({
        "ref": name, "before": before, "after": after,
        // Newest first.
        "commits": [commit(NEW, "Second"), commit("3333333333333333333333333333333333333333", "First")],
        "total_commits": 2, "repository": repository(), "pusher": person("mona"), "sender": person("mona"),
    })
}

fn gitea_pull(action: &str) -> Value {
    let side = |name: &str, sha: &str, full_name: &str| json!({"label": name, "ref": name, "sha": sha, "repo": {"full_name": full_name}});
    json!({
        "action": action, "number": 12,
        "pull_request": {
            "id": 701, "number": 12, "user": person("mona"), "title": "Stop the conveyor", "body": "Closes #11.",
            "labels": [], "state": "open", "mergeable": true, "merged": false, "merged_at": null,
            "base": side("main", OLD, "acme/rocket"), "head": side("stop", NEW, "ravi/rocket"),
            "created_at": "2026-01-02T02:00:00Z", "updated_at": "2026-01-02T03:00:00Z", "closed_at": null,
        },
        "repository": repository(), "sender": person("ravi"),
    })
}

#[test]
fn a_push_is_turned_oldest_first() {
    let push = push("gogs", "push", &pushed("refs/heads/main", OLD, NEW));
    let moved = &push.refs[0];
    let messages: Vec<_> = moved.commits.iter().map(|commit| commit.message.as_str()).collect();
    assert_eq!((messages.as_slice(), moved.truncated), (&["First", "Second"][..], false));
    assert_eq!(moved.head_commit.as_ref().map(|commit| commit.id.as_str()), Some(NEW));
    assert_eq!((push.pusher.login.as_deref(), push.pusher.name.as_deref()), (Some("mona"), Some("mona Example")));
    let mut many = pushed("refs/heads/main", OLD, NEW);
    many["total_commits"] = json!(40);
    assert_eq!(super::push("gogs", "push", &many).refs[0].total_commits, Some(40));
}

#[test]
fn a_new_tag_is_told_by_create_and_no_branch_is() {
    let created = |kind: &str| json!({"sha": NEW, "ref": "v1", "ref_type": kind, "repository": repository(), "sender": person("mona")});
    let push = push("gogs", "create", &created("tag"));
    assert_eq!(
        (push.refs[0].name.as_str(), push.refs[0].kind, &*push.refs[0].after),
        ("refs/tags/v1", RefKind::Tag, NEW)
    );
    assert!(push.refs[0].created());
    assert_eq!(kinds("gogs", "create", &created("branch")), [""; 0]);
    let mut old = created("tag");
    old["sha"].take();
    assert_eq!(kinds("gogs", "create", &old), [""; 0], "of what is not told");
    // Gitea sends a push beside it.
    assert_eq!(kinds("gogs", "push", &pushed("refs/tags/v1", ZERO_ID, NEW)), [""; 0]);
    let gone = super::push("gogs", "push", &pushed("refs/tags/v1", NEW, ZERO_ID));
    assert!(gone.refs[0].deleted() && gone.refs[0].head_commit.is_none());
}

#[test]
fn pull_requests_of_gitea_are_told_and_those_of_gogs_lack_too_much() {
    let opened = pull_request("gogs", "pull_request", &gitea_pull("opened"));
    let from: String = opened.pull_request.source.repository.clone().expect("a fork").into();
    assert_eq!((from.as_str(), opened.pull_request.source.name.as_str()), ("ravi/rocket", "refs/heads/stop"));
    assert_eq!(kinds("gogs", "pull_request", &gitea_pull("synchronized")), ["pull_request.source_updated"]);
    let mut merged = gitea_pull("closed");
    merged["pull_request"]["state"] = json!("closed");
    assert_eq!(kinds("gogs", "pull_request", &merged), ["pull_request.declined"]);
    merged["pull_request"]["merged"] = json!(true);
    assert_eq!(kinds("gogs", "pull_request", &merged), ["pull_request.merged"]);
    let mut retargeted = gitea_pull("edited");
    retargeted["changes"] = json!({"ref": {"from": "release"}});
    assert_eq!(kinds("gogs", "pull_request", &retargeted), ["pull_request.target_updated"]);
    let gogs = json!({"action": "opened", "number": 1, "pull_request": {"id": 1, "number": 1, "head_branch": "x"}, "repository": repository()});
    assert_eq!(kinds("gogs", "pull_request", &gogs), [""; 0]);
}

#[test]
fn verdicts_have_events_of_their_own() {
    let mut payload = gitea_pull("reviewed");
    payload["review"] = json!({"type": "pull_request_review_approved", "content": "Looks right to me."});
    let event = pull_request("gogs", "pull_request_approved", &payload);
    assert_eq!(event.review.and_then(|review| review.body).as_deref(), Some("Looks right to me."));
    assert_eq!(event.pull_request.reviewers[0].verdict, Verdict::Approved);
    assert_eq!(kinds("gogs", "pull_request_rejected", &payload), ["pull_request.changes_requested"]);
}

#[test]
fn comments_on_issues_are_not_comments_on_pull_requests() {
    let mut payload = json!({
        "action": "created", "is_pull": true,
        "issue": {
            "id": 701, "number": 12, "user": person("mona"), "title": "Stop the conveyor", "body": "", "state": "open",
            "created_at": "2026-01-02T02:00:00Z", "updated_at": "2026-01-02T03:00:00Z",
            "pull_request": {"merged": false, "merged_at": null},
        },
        "comment": {"id": 5, "body": "Fine.", "user": person("ravi"), "created_at": "2026-01-02T03:02:00Z", "updated_at": "2026-01-02T03:02:00Z"},
        "repository": repository(), "sender": person("ravi"),
    });
    let event = comment("gogs", "issue_comment", &payload);
    assert_eq!((event.comment.body.as_str(), event.pull_request.source.name.as_str()), ("Fine.", "refs/pull/12/head"));
    assert_eq!(event.pull_request.target.name, "refs/heads/main");
    payload["issue"]["pull_request"].take();
    assert_eq!(kinds("gogs", "issue_comment", &payload), [""; 0]);
}
