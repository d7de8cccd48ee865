//! GitLab, with payloads of our own making in its documented form.

use domain::canonical::{
    CommentAction, Happening, PullRequestAction, PullRequestState, RefKind, Side, Verdict, ZERO_ID,
};
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::{comment, happenings, kinds, parsed, pull_request, push, told};

const OLD: &str = "1111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222";

fn commit(id: &str, message: &str) -> Value {
    json!({
        "id": id, "message": message, "title": message, "timestamp": "2026-01-02T10:00:00+09:00",
        "url": format!("https://gitlab.test/acme/tools/rocket/-/commit/{id}"),
        "author": {"name": "Mona Ito", "email": "mona@acme.test"},
        "added": ["a"], "modified": ["b"], "removed": ["c"],
    })
}

fn pushed(edit: Value) -> Value {
    let mut payload = json!({
        "object_kind": "push", "event_name": "push", "before": OLD, "after": NEW, "ref": "refs/heads/main",
        "checkout_sha": NEW, "user_id": 4, "user_name": "Mona Ito", "user_username": "mona", "user_email": "",
        "project": {"id": 15, "path_with_namespace": "acme/tools/rocket", "web_url": "https://gitlab.test/acme/tools/rocket"},
        "commits": [commit("3333333333333333333333333333333333333333", "First"), commit(NEW, "Second")],
        "total_commits_count": 2,
    });
    merge(&mut payload, edit);
    payload
}

fn merged_request(action: &str, edit: Value) -> Value {
    let mut payload = json!({
        "object_kind": "merge_request", "event_type": "merge_request",
        "user": {"id": 4, "name": "Mona Ito", "username": "mona", "email": "[REDACTED]"},
        "project": {"id": 15, "web_url": "https://gitlab.test/acme/tools/rocket"},
        "object_attributes": {
            "id": 701, "iid": 12, "action": action, "state": "opened", "title": "Stop the conveyor",
            "description": "Closes #11.", "author_id": 5, "draft": false, "merge_status": "can_be_merged",
            "source_branch": "stop", "target_branch": "main",
            "source": {"path_with_namespace": "ravi/tools/rocket"},
            "target": {"path_with_namespace": "acme/tools/rocket"},
            "last_commit": {"id": NEW},
            "created_at": "2026-01-02 02:00:00 UTC", "updated_at": "2026-01-02 03:00:00 UTC",
        },
        "labels": [{"id": 801, "title": "needs review", "color": "#fbca04", "description": "A second pair of eyes"}],
        "reviewers": [{"id": 5, "name": "Ravi Patel", "username": "ravi"}],
        "changes": {},
    });
    merge(&mut payload, edit);
    payload
}

/// Sets members, at any depth.
fn merge(into: &mut Value, edit: Value) {
    match (into, edit) {
        (Value::Object(into), Value::Object(edit)) => {
            edit.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
        }
        (into, edit) => *into = edit,
    }
}

#[test]
fn a_push_is_told_oldest_first_with_its_files() {
    let push = push("gitlab", "Push Hook", &pushed(json!({})));
    assert_eq!((push.pusher.login.as_deref(), push.pusher.email), (Some("mona"), None));
    let [moved] = push.refs.as_slice() else { panic!("one ref") };
    assert_eq!(
        (moved.name.as_str(), moved.kind, &*moved.before, &*moved.after),
        ("refs/heads/main", RefKind::Branch, OLD, NEW)
    );
    let messages: Vec<_> = moved.commits.iter().map(|commit| commit.message.as_str()).collect();
    assert_eq!((messages.as_slice(), moved.truncated), (&["First", "Second"][..], false));
    let head = moved.head_commit.as_ref().expect("told");
    assert_eq!((head.id.as_str(), head.timestamp.as_str()), (NEW, "2026-01-02T10:00:00+09:00"));
    assert_eq!(
        (&head.added[..], &head.modified[..], &head.removed[..]),
        (&["a".to_owned()][..], &["b".to_owned()][..], &["c".to_owned()][..])
    );
    assert_eq!(head.committer, head.author);
}

#[test]
fn more_commits_than_listed_are_admitted() {
    let push = push("gitlab", "Push Hook", &pushed(json!({"total_commits_count": 31})));
    assert_eq!((push.refs[0].truncated, push.refs[0].total_commits), (true, Some(31)));
}

#[test]
fn branches_come_and_go_and_so_do_tags() {
    let created = push("gitlab", "Push Hook", &pushed(json!({"before": ZERO_ID})));
    assert!(created.refs[0].created() && !created.refs[0].deleted());
    let gone = json!({"after": ZERO_ID, "checkout_sha": null, "commits": [], "total_commits_count": 0});
    let deleted = push("gitlab", "Push Hook", &pushed(gone.clone()));
    assert!(deleted.refs[0].deleted() && deleted.refs[0].head_commit.is_none());
    // An annotated tag: `after` is the tag object.
    let tag = "4444444444444444444444444444444444444444";
    let new = json!({"ref": "refs/tags/v1", "before": ZERO_ID, "after": tag, "object_kind": "tag_push"});
    let tagged = push("gitlab", "Tag Push Hook", &pushed(new));
    assert_eq!((tagged.refs[0].kind, &*tagged.refs[0].after), (RefKind::Tag, tag));
    assert_eq!(tagged.refs[0].head_commit.as_ref().map(|commit| commit.id.as_str()), Some(NEW));
    let mut gone = pushed(gone);
    gone["ref"] = json!("refs/tags/v1");
    assert!(push("gitlab", "Tag Push Hook", &gone).refs[0].deleted());
}

#[test]
fn merge_requests_are_pull_requests() {
    let event = pull_request("gitlab", "Merge Request Hook", &merged_request("open", json!({})));
    let pull = &event.pull_request;
    assert_eq!((pull.id, pull.number, pull.state), (Some(701), 12, PullRequestState::Open));
    assert_eq!((pull.source.name.as_str(), pull.source.commit.as_str()), ("refs/heads/stop", NEW));
    assert_eq!((pull.target.name.as_str(), pull.target.commit.as_str()), ("refs/heads/main", ZERO_ID), "tip not told");
    let from: String = pull.source.repository.clone().expect("a fork").into();
    assert_eq!(from, "tools/rocket", "the last two segments");
    assert_eq!(pull.author.login.as_deref(), Some("ravi"), "found among the reviewers by id");
    assert_eq!(event.actor.email, None, "withheld");
    assert_eq!((pull.labels[0].name.as_str(), pull.labels[0].color.as_str()), ("needs review", "fbca04"));
    assert_eq!(Some(pull.created_at), Timestamp::parse_rfc3339("2026-01-02T02:00:00Z"));
    let [relayed] =
        <[_; 1]>::try_from(told("gitlab", "Merge Request Hook", &merged_request("open", json!({})))).expect("one");
    assert_eq!(relayed.subject.as_deref(), Some("pull/12"));
    assert_eq!(relayed.time, Timestamp::parse_rfc3339("2026-01-02T03:00:00Z"));
}

#[test]
fn an_update_tells_everything_that_changed() {
    use PullRequestAction::{ReviewersUpdated, SourceUpdated, TargetUpdated};
    let edit = json!({
        "object_attributes": {"oldrev": OLD},
        "changes": {
            "title": {"previous": "Draft: Stop", "current": "Stop the conveyor"},
            "draft": {"previous": true, "current": false},
            "target_branch": {"previous": "release", "current": "main"},
            "reviewers": {
                "previous": [{"username": "kim", "name": "Kim Novak"}], "current": [{"username": "ravi", "name": "Ravi Patel"}],
            },
        },
    });
    let told = happenings("gitlab", "Merge Request Hook", &merged_request("update", edit));
    let events: Vec<_> = told
        .iter()
        .map(|happening| match happening {
            Happening::PullRequest(action, event) => (*action, event),
            _ => panic!("a pull request"),
        })
        .collect();
    let actions: Vec<_> = events.iter().map(|(action, _)| *action).collect();
    assert_eq!(actions, [TargetUpdated, SourceUpdated, ReviewersUpdated]);
    let changes = events[0].1.changes.as_ref().expect("told");
    assert_eq!(changes.title.as_ref().and_then(|title| title.from.as_deref()), Some("Draft: Stop"));
    assert_eq!(
        (changes.draft, changes.target.as_ref().map(|end| end.name.as_str())),
        (Some(true), Some("refs/heads/release"))
    );
    assert_eq!(events[1].1.previous_commit.as_deref(), Some(OLD));
    assert_eq!(events[2].1.added_reviewers[0].login.as_deref(), Some("ravi"));
    assert_eq!(events[2].1.removed_reviewers[0].login.as_deref(), Some("kim"));
}

#[test]
fn events_of_one_delivery_have_ids_of_their_own() {
    let edit = json!({
        "object_attributes": {"oldrev": OLD}, "changes": {"title": {"previous": "Stop", "current": "Stop the conveyor"}},
    });
    let told = told("gitlab", "Merge Request Hook", &merged_request("update", edit));
    let ids: Vec<_> = told.iter().map(|relayed| relayed.ce_id.as_str()).collect();
    assert_eq!(ids, ["gitlab/d1/0", "gitlab/d1/1"]);
    assert!(told.iter().all(|relayed| matches!(parsed(relayed), Happening::PullRequest(..))));
}

#[test]
fn labels_alone_are_nothing_to_tell() {
    let edit = json!({"changes": {"labels": {"previous": [], "current": [{"id": 1, "title": "x"}]}}});
    assert_eq!(kinds("gitlab", "Merge Request Hook", &merged_request("update", edit)), [""; 0]);
}

#[test]
fn every_end_and_verdict_has_its_type() {
    for (action, state, kind) in [
        ("merge", "merged", "pull_request.merged"),
        ("close", "closed", "pull_request.declined"),
        ("reopen", "opened", "pull_request.reopened"),
        ("approval", "opened", "pull_request.approved"),
        ("approved", "opened", "pull_request.approved"),
        ("unapproval", "opened", "pull_request.unapproved"),
        ("unapproved", "opened", "pull_request.unapproved"),
    ] {
        let payload = merged_request(action, json!({"object_attributes": {"state": state}}));
        assert_eq!(kinds("gitlab", "Merge Request Hook", &payload), [kind], "{action}");
    }
    let approved = pull_request("gitlab", "Merge Request Hook", &merged_request("approved", json!({})));
    let verdicts: Vec<_> =
        approved.pull_request.reviewers.iter().map(|one| (one.user.login.as_deref(), one.verdict)).collect();
    assert_eq!(verdicts, [(Some("ravi"), Verdict::Pending), (Some("mona"), Verdict::Approved)]);
}

#[test]
fn notes_on_merge_requests_are_comments_and_others_are_not() {
    let note = |edit: Value| {
        let mut payload = json!({
            "object_kind": "note", "user": {"id": 4, "name": "Mona Ito", "username": "mona"},
            "project": {"web_url": "https://gitlab.test/acme/tools/rocket"},
            "object_attributes": {
                "id": 1001, "note": "Off by one?", "noteable_type": "MergeRequest", "action": "create", "system": false,
                "created_at": "2026-01-02 03:02:00 UTC", "updated_at": "2026-01-02 03:02:00 UTC",
                "position": {"new_path": "src/stop.rs", "old_path": "src/stop.rs", "new_line": 14, "old_line": null, "head_sha": NEW},
            },
            "merge_request": merged_request("", json!({}))["object_attributes"],
        });
        merge(&mut payload, edit);
        payload
    };
    let event = comment("gitlab", "Note Hook", &note(json!({})));
    let location = event.comment.location.expect("on code");
    assert_eq!((location.path.as_str(), location.line, location.side), ("src/stop.rs", Some(14), Side::New));
    assert_eq!((event.comment.id, event.comment.updated_at, event.pull_request.number), (1001, None, 12));
    let edited = note(json!({"object_attributes": {"action": "update", "position": null}}));
    let Happening::PullRequestComment(action, event) = &happenings("gitlab", "Note Hook", &edited)[0] else {
        panic!("a comment")
    };
    assert_eq!((*action, event.previous_body.as_deref()), (CommentAction::Edited, Some("")));
    assert_eq!(kinds("gitlab", "Note Hook", &note(json!({"object_attributes": {"noteable_type": "Issue"}}))), [""; 0]);
    assert_eq!(kinds("gitlab", "Note Hook", &note(json!({"object_attributes": {"system": true}}))), [""; 0]);
}
