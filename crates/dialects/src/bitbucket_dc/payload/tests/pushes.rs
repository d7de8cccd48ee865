//! `repo:refs_changed`: what is told of refs and commits.

use domain::canonical::{Commit, Person, RefKind, RefUpdate, ZERO_ID};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{any_actor, any_id};

/// An object id of one digit repeated.
fn id(digit: u8) -> String {
    char::from(digit).to_string().repeat(40)
}

/// Commit `digit`, child of the one before.
fn commit(digit: u8) -> Commit {
    let someone = Person { name: "Zoë Quill".to_owned(), email: "zoe@elsewhere.test".to_owned() };
    Commit {
        id: id(digit),
        parents: vec![id(digit - 1)],
        message: format!("Step {}", char::from(digit)),
        timestamp: "2026-01-02T05:04:05+02:00".to_owned(),
        author: someone.clone(),
        committer: someone,
        ..testing::commit("")
    }
}

fn moved(name: &str, before: &str, after: &str, commits: &[u8]) -> RefUpdate {
    let kind = if name.starts_with("refs/tags/") { RefKind::Tag } else { RefKind::Branch };
    RefUpdate {
        name: name.to_owned(),
        commits: commits.iter().map(|digit| commit(*digit)).collect(),
        head_commit: None,
        previous_commit: None,
        ..testing::moved(kind, "", before, after, &[])
    }
}

/// The body for a push of these refs.
fn pushed(refs: Vec<RefUpdate>) -> Value {
    world().body(&push(|push| push.refs = refs))
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
    assert!(world().tell(&push(|push| push.refs.clear())).is_empty(), "nothing moved");
}

#[test]
fn dates_of_commits_are_moments_whatever_their_offset() {
    let happening = push(|push| push.refs = vec![moved("refs/heads/main", &id(b'1'), &id(b'2'), b"2")]);
    let (epoch, iso) = (world().body(&happening), iso_world().body(&happening));
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

fn any_update() -> impl Strategy<Value = RefUpdate> {
    let name = prop_oneof!["refs/heads/[a-z/é#%]{1,12}", "refs/tags/[a-z.]{1,8}"];
    let commits = prop::collection::vec(b'2'..=b'9', 0..9);
    let head = prop::option::of(b'2'..=b'9');
    (name, any_id(), any_id(), commits, head).prop_map(|(name, before, after, commits, head)| RefUpdate {
        head_commit: head.map(commit),
        ..moved(&name, &before, &after, &commits)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_push_is_one_message_with_every_ref(refs in prop::collection::vec(any_update(), 1..6), pusher in any_actor()) {
        let told = push(|push| (push.refs, push.pusher) = (refs.clone(), pusher));
        let body = world().body(&told);
        let names: Vec<_> = refs.iter().map(|moved| json!(moved.name)).collect();
        prop_assert_eq!(each(&body["changes"], "refId"), names);
        let slug = body["actor"]["slug"].as_str().expect("a text");
        prop_assert!(slug.is_ascii() && !slug.contains(['/', '%', ' ']), "{slug}");
        prop_assert_eq!(body.get("commits").is_some(), body.get("toCommit").is_some());
        if let Some(commits) = body.get("commits") {
            prop_assert!((1..=5).contains(&commits.as_array().expect("a list").len()), "{commits}");
        }
        for change in body["changes"].as_array().expect("a list") {
            let (zero, kind) = (json!(ZERO_ID), change["type"].as_str().expect("a text"));
            prop_assert_eq!(change["fromHash"] == zero, kind == "ADD", "{}", change);
        }
    }
}
