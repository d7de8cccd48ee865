//! What single hosts tell beside what our own dialects send, with payloads of our own making.

use domain::canonical::{PullRequestState, RefKind, Side, Verdict, ZERO_ID};
use serde_json::{Value, json};

use super::{comment, kinds, pull_request, push};

const OLD: &str = "1111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222";

fn cloud_pull(edit: impl FnOnce(&mut Value)) -> Value {
    let person = |name: &str| json!({"type": "user", "display_name": name, "nickname": name.to_lowercase()});
    let mut payload = json!({
        "actor": person("Mona"), "repository": {"full_name": "acme/rocket"},
        "pullrequest": {
            "id": 12, "title": "Stop", "description": "", "state": "OPEN", "author": person("Mona"),
            "source": {"branch": {"name": "stop"}, "commit": {"hash": "2a8e4f6c0b1d"}, "repository": {"full_name": "ravi/rocket"}},
            "destination": {"branch": {"name": "main"}, "commit": {"hash": "1f9d3c1b7a5e"}, "repository": {"full_name": "acme/rocket"}},
            "reviewers": [person("Ravi"), person("Kim")],
            "participants": [
                {"user": person("Ravi"), "role": "REVIEWER", "approved": true, "state": "approved", "participated_on": "2026-01-02T03:00:00.000000+00:00"},
                {"user": person("Tess"), "role": "PARTICIPANT", "approved": false, "state": null},
            ],
            "created_on": "2026-01-02T02:00:00.000000+00:00", "updated_on": "2026-01-02T03:00:00.000000+00:00",
        },
    });
    edit(&mut payload);
    payload
}

#[test]
fn short_hashes_of_cloud_are_filled_with_zeros() {
    let pull = pull_request("bitbucket-v2", "pullrequest:created", &cloud_pull(|_| {})).pull_request;
    assert_eq!(pull.source.commit, "2a8e4f6c0b1d0000000000000000000000000000");
    let from: String = pull.source.repository.expect("a fork").into();
    assert_eq!((from.as_str(), pull.target.repository), ("ravi/rocket", None));
}

#[test]
fn reviewers_of_cloud_are_told_once_with_what_they_think() {
    let pull = pull_request("bitbucket-v2", "pullrequest:created", &cloud_pull(|_| {})).pull_request;
    let who: Vec<_> = pull.reviewers.iter().map(|one| (one.user.login.as_deref(), one.verdict)).collect();
    assert_eq!(who, [(Some("ravi"), Verdict::Approved), (Some("kim"), Verdict::Pending)]);
    assert_eq!(pull.participants[0].user.login.as_deref(), Some("tess"));
}

#[test]
fn cloud_pull_requests_from_deleted_forks_and_superseded_ones_are_told() {
    let gone = cloud_pull(|payload| payload["pullrequest"]["source"]["repository"] = Value::Null);
    assert_eq!(pull_request("bitbucket-v2", "pullrequest:created", &gone).pull_request.source.repository, None);
    let superseded = cloud_pull(|payload| payload["pullrequest"]["state"] = json!("SUPERSEDED"));
    let event = pull_request("bitbucket-v2", "pullrequest:rejected", &superseded);
    assert_eq!(event.pull_request.state, PullRequestState::Superseded);
}

#[test]
fn cloud_comments_on_code_have_a_side() {
    let payload = |inline: Value| {
        cloud_pull(|payload| {
            payload["comment"] = json!({
                "id": 7, "content": {"raw": "Off by one?"}, "inline": inline, "user": payload["actor"].clone(),
                "created_on": "2026-01-02T03:00:00+00:00", "updated_on": "2026-01-02T03:00:00+00:00", "parent": {"id": 6},
            });
        })
    };
    let read = |inline| comment("bitbucket-v2", "pullrequest:comment_created", &payload(inline)).comment;
    let old = read(json!({"path": "a.rs", "from": 3, "to": null}));
    assert_eq!(old.location.map(|location| (location.line, location.side)), Some((Some(3), Side::Old)));
    let new = read(json!({"path": "a.rs", "from": null, "to": 4}));
    assert_eq!(new.location.map(|location| (location.line, location.side)), Some((Some(4), Side::New)));
    assert_eq!((new.parent, new.updated_at), (Some(6), None));
    let file = read(json!({"path": "a.rs", "from": null, "to": null}));
    assert_eq!(file.location.map(|location| location.line), Some(None));
}

#[test]
fn mercurial_and_bare_hashes_of_cloud_do_no_harm() {
    let change = |kind: &str| json!({"old": null, "new": {"type": kind, "name": "x", "target": {"hash": NEW}}, "commits": [{"hash": NEW}]});
    let payload = json!({"actor": null, "push": {"changes": [change("bookmark"), change("branch")]}});
    let push = push("bitbucket-v2", "repo:push", &payload);
    let [moved] = push.refs.as_slice() else { panic!("one ref") };
    assert_eq!((&*moved.before, &*moved.after, moved.commits.len()), (ZERO_ID, NEW, 0));
    assert!(moved.head_commit.is_none(), "nothing but its hash is known");
}

#[test]
fn a_push_of_data_center_without_commits_admits_that_there_were_some() {
    use RefKind::{Branch, Tag};
    let change = |name: &str, from: &str, to: &str| {
        let kind = if name.starts_with("refs/tags/") { "TAG" } else { "BRANCH" };
        json!({"ref": {"id": name, "displayId": name, "type": kind}, "refId": name, "fromHash": from, "toHash": to, "type": "UPDATE"})
    };
    let changes = json!([
        change("refs/heads/main", OLD, NEW),
        change("refs/heads/new", ZERO_ID, NEW),
        change("refs/heads/gone", OLD, ZERO_ID),
        change("refs/tags/v1", ZERO_ID, NEW),
        change("refs/notes/x", ZERO_ID, NEW),
    ]);
    let payload = json!({"date": "2017-09-19T09:58:11+1000", "actor": {"name": "mona", "displayName": "Mona"}, "changes": changes});
    let push = push("bitbucket-server", "repo:refs_changed", &payload);
    let read: Vec<_> = push.refs.iter().map(|moved| (moved.short_name(), moved.kind, moved.truncated)).collect();
    assert_eq!(read, [("main", Branch, true), ("new", Branch, false), ("gone", Branch, false), ("v1", Tag, false)]);
}

#[test]
fn data_center_tells_of_an_edit_by_what_was_there_before() {
    let repository = |key: &str| json!({"slug": "rocket", "project": {"key": key}});
    let payload = |edit: Value| {
        let mut payload = json!({
            "date": "2026-01-02T03:04:05+0000", "actor": {"name": "mona"},
            "pullRequest": {
                "id": 12, "version": 3, "title": "Stop", "description": "", "state": "OPEN", "author": {"user": {"name": "mona"}},
                "createdDate": 1_767_319_200_000_i64, "updatedDate": 1_767_322_800_000_i64,
                "fromRef": {"id": "refs/heads/stop", "latestCommit": NEW, "repository": repository("~RAVI")},
                "toRef": {"id": "refs/heads/main", "latestCommit": OLD, "repository": repository("ACME")},
            },
            "previousTitle": "Stop", "previousDescription": "",
            "previousTarget": {"id": "refs/heads/main", "latestCommit": OLD},
        });
        for (key, value) in edit.as_object().expect("members") {
            payload[key] = value.clone();
        }
        payload
    };
    let read = |edit| pull_request("bitbucket-server", "pr:modified", &payload(edit));
    let title = read(json!({"previousTitle": "Halt"})).changes.expect("told");
    assert_eq!(title.title.and_then(|title| title.from).as_deref(), Some("Halt"));
    assert_eq!((title.body, title.target, title.draft), (None, None, None));
    let target = json!({"previousTarget": {"id": "refs/heads/release", "latestCommit": OLD}});
    assert_eq!(kinds("bitbucket-server", "pr:modified", &payload(target)), ["pull_request.target_updated"]);
    let from: String = read(json!({})).pull_request.source.repository.expect("a fork").into();
    assert_eq!(from, "ravi/rocket", "a personal project");
}

#[test]
fn data_center_comments_on_code_may_say_where() {
    let end = |name: &str, id: &str| json!({"id": name, "latestCommit": id});
    let payload = json!({
        "actor": {"name": "mona"},
        "pullRequest": {
            "id": 1, "title": "Stop", "state": "OPEN", "createdDate": 1_767_319_200_000_i64,
            "fromRef": end("refs/heads/stop", NEW), "toRef": end("refs/heads/main", OLD),
        },
        "comment": {
            "id": 5, "text": "Why?", "author": {"name": "mona"}, "createdDate": 1_767_319_200_000_i64,
            "anchor": {"path": "src/stop.rs", "line": 3, "lineType": "ADDED", "fileType": "TO", "toHash": NEW},
        },
        "commentParentId": 4,
    });
    let comment = comment("bitbucket-server", "pr:comment:added", &payload).comment;
    let location = comment.location.expect("on code");
    assert_eq!(
        (location.path.as_str(), location.line, location.commit.as_deref()),
        ("src/stop.rs", Some(3), Some(NEW))
    );
    assert_eq!(comment.parent, Some(4));
}

/// A pull request of GitHub's.
fn github_pull(action: &str, edit: &Value) -> Value {
    let user = |login: &str| json!({"login": login, "id": 1, "type": "User"});
    let side = |name: &str, sha: &str, owner: &str| json!({"label": format!("{owner}:{name}"), "ref": name, "sha": sha, "user": user(owner), "repo": {"full_name": format!("{owner}/rocket")}});
    let mut payload = json!({
        "action": action, "number": 12, "sender": user("mona"), "repository": {"full_name": "acme/rocket"},
        "pull_request": {
            "id": 701, "number": 12, "state": "open", "title": "Stop", "body": null, "user": user("mona"), "draft": false,
            "created_at": "2026-01-02T02:00:00Z", "updated_at": "2026-01-02T03:00:00Z", "merged": false,
            "merge_commit_sha": NEW, "head": side("stop", NEW, "ravi"), "base": side("main", OLD, "acme"),
        },
    });
    for (key, value) in edit.as_object().expect("members") {
        payload[key] = value.clone();
    }
    payload
}

#[test]
fn github_tells_of_forks_even_when_they_are_gone() {
    let source = |payload: &Value| {
        pull_request("github", "pull_request", payload).pull_request.source.repository.map(String::from)
    };
    let mut payload = github_pull("opened", &json!({}));
    assert_eq!(source(&payload).as_deref(), Some("ravi/rocket"));
    payload["pull_request"]["head"]["repo"].take();
    assert_eq!(source(&payload).as_deref(), Some("ravi/rocket"), "the owner is known, the name is a guess");
    payload["pull_request"]["head"]["repo"] = json!({"full_name": "acme/rocket"});
    assert_eq!(source(&payload), None);
}

#[test]
fn a_trial_merge_of_github_is_no_merge() {
    let open = pull_request("github", "pull_request", &github_pull("opened", &json!({}))).pull_request;
    assert_eq!((open.merge_commit, open.closed_by), (None, None));
}

#[test]
fn actions_without_a_canonical_form_are_nothing() {
    let team = json!({"requested_team": {"name": "reviewers"}});
    for (action, edit) in [
        ("labeled", json!({})),
        ("assigned", json!({})),
        ("locked", json!({})),
        ("enqueued", json!({})),
        ("edited", json!({"changes": {}})),
        ("review_requested", team),
    ] {
        assert_eq!(kinds("github", "pull_request", &github_pull(action, &edit)), [""; 0], "{action}");
    }
    let commented = json!({"review": {"id": 1, "state": "commented", "user": {"login": "ravi"}}});
    assert_eq!(kinds("github", "pull_request_review", &github_pull("submitted", &commented)), [""; 0]);
}

#[test]
fn an_edit_of_title_and_target_is_one_event() {
    let changes =
        json!({"changes": {"title": {"from": "Halt"}, "base": {"ref": {"from": "release"}, "sha": {"from": NEW}}}});
    let event = pull_request("github", "pull_request", &github_pull("edited", &changes));
    let changes = event.changes.expect("told");
    assert_eq!(changes.title.and_then(|title| title.from).as_deref(), Some("Halt"));
    assert_eq!(
        changes.target.map(|end| (end.name, end.commit)),
        Some(("refs/heads/release".to_owned(), NEW.to_owned()))
    );
}

#[test]
fn ends_of_drafts_are_edits() {
    let draft = |action| {
        pull_request("github", "pull_request", &github_pull(action, &json!({})))
            .changes
            .and_then(|changes| changes.draft)
    };
    assert_eq!((draft("ready_for_review"), draft("converted_to_draft")), (Some(true), Some(false)));
}
