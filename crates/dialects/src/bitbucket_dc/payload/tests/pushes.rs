//! `repo:refs_changed`: what is told of refs and commits.

use domain::canonical::{Commit, Person, RefKind, RefUpdate, ZERO_ID};
use serde_json::json;

use super::*;

/// An object id of one digit repeated.
fn id(digit: u8) -> String {
    char::from(digit).to_string().repeat(40)
}

/// Commit `digit`, child of the one before.
fn commit(digit: u8) -> Commit {
    let someone = Person { name: "Zoë Quill".to_owned(), email: "zoe@elsewhere.test".to_owned() };
    Commit {
        id: id(digit),
        tree_id: id(b'f'),
        parents: vec![id(digit - 1)],
        message: format!("Step {}", char::from(digit)),
        timestamp: "2026-01-02T05:04:05+02:00".to_owned(),
        authored_at: None,
        author: someone.clone(),
        committer: someone,
        added: Vec::new(),
        removed: Vec::new(),
        modified: Vec::new(),
        distinct: true,
    }
}

fn moved(name: &str, before: &str, after: &str, commits: &[u8]) -> RefUpdate {
    let kind = if name.starts_with("refs/tags/") { RefKind::Tag } else { RefKind::Branch };
    RefUpdate {
        name: name.to_owned(),
        kind,
        before: before.to_owned(),
        after: after.to_owned(),
        forced: false,
        base_ref: None,
        commits: commits.iter().map(|digit| commit(*digit)).collect(),
        truncated: false,
        total_commits: None,
        head_commit: None,
        previous_commit: None,
        annotation: None,
    }
}

/// The body for a push of these refs.
fn pushed(refs: Vec<RefUpdate>) -> Value {
    World::new().body(&push(|push| push.refs = refs))
}

/// The members `of` each value of a list.
fn each(list: &Value, of: &str) -> Vec<Value> {
    list.as_array().expect("a list").iter().map(|value| value[of].clone()).collect()
}

#[test]
fn one_message_tells_of_all_refs_and_a_missing_side_is_forty_zeros() {
    let zeros = "0".repeat(64);
    let body = pushed(vec![
        moved("refs/heads/main", &id(b'1'), &id(b'2'), b"2"),
        moved("refs/heads/new", &zeros, &id(b'2'), &[]),
        moved("refs/tags/v1", &id(b'1'), ZERO_ID, &[]),
    ]);
    let changes = &body["changes"];
    assert_eq!(each(changes, "type"), ["UPDATE", "ADD", "DELETE"]);
    assert_eq!(each(changes, "fromHash"), [json!(id(b'1')), json!(ZERO_ID), json!(id(b'1'))]);
    assert_eq!(each(changes, "toHash"), [json!(id(b'2')), json!(id(b'2')), json!(ZERO_ID)]);
    assert_eq!(changes[2]["ref"], json!({"id": "refs/tags/v1", "displayId": "v1", "type": "TAG"}));
    assert_eq!(changes[2]["refId"], "refs/tags/v1");
}

#[test]
fn the_five_newest_commits_are_told_newest_first() {
    let body = pushed(vec![moved("refs/heads/main", &id(b'1'), &id(b'8'), b"2345678")]);
    assert_eq!(each(&body["commits"], "message"), ["Step 8", "Step 7", "Step 6", "Step 5", "Step 4"]);
    assert_eq!(body["commits"][0]["parents"], json!([{"id": id(b'7'), "displayId": "77777777777"}]));
}

#[test]
fn the_tip_shows_parents_in_full_as_far_as_the_push_knows_them() {
    let body = pushed(vec![moved("refs/heads/main", &id(b'1'), &id(b'3'), b"23")]);
    let parent = &body["toCommit"]["parents"][0];
    assert_eq!((&body["toCommit"]["id"], &parent["message"]), (&json!(id(b'3')), &json!("Step 2")));
    assert_eq!(parent["parents"], json!([{"id": id(b'1'), "displayId": "11111111111"}]));

    let mut update = moved("refs/heads/main", &id(b'1'), &id(b'2'), b"2");
    let body = pushed(vec![update.clone()]);
    assert_eq!(body["toCommit"]["parents"], json!([{"id": id(b'1'), "displayId": "11111111111"}]));
    update.previous_commit = Some(commit(b'1'));
    assert_eq!(pushed(vec![update])["toCommit"]["parents"][0]["message"], "Step 1");
}

#[test]
fn a_deleted_branch_comes_without_commits() {
    let body = pushed(vec![moved("refs/heads/stop", &id(b'2'), ZERO_ID, &[])]);
    assert_eq!((body.get("commits"), body.get("toCommit")), (None, None));
    // The first ref that still exists is the one told.
    let body = pushed(vec![
        moved("refs/heads/stop", &id(b'2'), ZERO_ID, &[]),
        moved("refs/heads/main", &id(b'1'), &id(b'3'), b"3"),
    ]);
    assert_eq!(body["toCommit"]["id"], id(b'3'));
}

#[test]
fn a_tag_lists_the_commit_it_names() {
    let mut tag = moved("refs/tags/v1", ZERO_ID, &id(b'9'), &[]);
    tag.head_commit = Some(commit(b'3'));
    let body = pushed(vec![tag]);
    assert_eq!(each(&body["commits"], "id"), [json!(id(b'3'))]);
    assert_eq!((&body["changes"][0]["toHash"], &body["toCommit"]["id"]), (&json!(id(b'9')), &json!(id(b'3'))));
}

#[test]
fn a_ref_whose_commit_is_unknown_is_told_without() {
    let body = pushed(vec![moved("refs/heads/new", ZERO_ID, &id(b'3'), &[])]);
    assert_eq!((body.get("commits"), body.get("toCommit")), (None, None));
    assert!(World::new().tell(&push(|push| push.refs.clear())).is_empty(), "nothing moved");
}

#[test]
fn dates_of_commits_are_moments_whatever_their_offset() {
    let happening = push(|push| push.refs = vec![moved("refs/heads/main", &id(b'1'), &id(b'2'), b"2")]);
    let world = World::new();
    let (epoch, iso) = (tree(&world.tell(&happening)[0]), tree(&world.tell_iso(&happening)[0]));
    assert_eq!(epoch["toCommit"]["authorTimestamp"], 1_767_323_045_000_i64);
    assert_eq!(iso["toCommit"]["committerTimestamp"], "2026-01-02T03:04:05.000Z");
    assert_eq!(epoch["date"], iso["date"]);
}

#[test]
fn authors_are_users_if_the_address_is_theirs() {
    let mut update = moved("refs/heads/main", &id(b'1'), &id(b'2'), b"2");
    update.commits[0].committer.email = "RAVI@acme.test".to_owned();
    let tip = &pushed(vec![update])["toCommit"];
    assert_eq!(tip["author"], json!({"name": "Zoë Quill", "emailAddress": "zoe@elsewhere.test"}));
    assert_eq!((&tip["committer"]["name"], &tip["committer"]["id"]), (&json!("ravi"), &json!(3)));
}
