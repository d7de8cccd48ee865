//! The push table of contract bitbucket-cloud section 3.2.

use domain::canonical::{Annotation, Commit, Person, Push, RefKind, RefUpdate, ZERO_ID};
use proptest::prelude::*;

use super::*;
use crate::testing::{any_actor, any_id, commit, moved, push};

const TAG: &str = "3333333333333333333333333333333333333333";
const API: &str = "https://git.acme.test:8443/2.0/repositories/acme/widgets";
const PAGE: &str = "https://git.acme.test:8443/acme/widgets";

fn annotated() -> RefUpdate {
    let tagger = Person { name: "Ravi Patel".to_owned(), email: "ravi@acme.test".to_owned() };
    let (message, date) = ("First flight\n".to_owned(), "2026-01-02T11:00:00+09:00".to_owned());
    let annotation = Some(Annotation { message, tagger, date });
    RefUpdate { annotation, ..moved(RefKind::Tag, "v1.0", ZERO_ID, TAG, &[]) }
}

/// The rows of the table, by name.
pub(super) fn rows() -> Vec<(&'static str, Happening)> {
    use RefKind::{Branch, Tag};
    let rows = [
        ("branch_created", moved(Branch, "kite/string", ZERO_ID, NEW, &[OLD, NEW])),
        ("branch_updated", moved(Branch, "main", OLD, NEW, &[NEW])),
        ("branch_forced", RefUpdate { forced: true, ..moved(Branch, "main", OLD, NEW, &[NEW]) }),
        ("branch_deleted", moved(Branch, "main", OLD, ZERO_ID, &[])),
        ("tag_created", moved(Tag, "v1.0", ZERO_ID, NEW, &[])),
        ("annotated_tag_created", annotated()),
        ("tag_deleted", moved(Tag, "v1.0", OLD, ZERO_ID, &[])),
    ];
    rows.into_iter().map(|(name, moved)| (name, push(vec![moved]))).collect()
}

/// The only change of a push of one ref.
fn change(moved: RefUpdate) -> Value {
    let [draft] = world().tell(&push(vec![moved])).try_into().expect("one message");
    tree(&draft)["push"]["changes"][0].take()
}

/// A row as told: old and new kind, created, closed and forced, and how many commits.
fn told(row: &str) -> (Value, Value, String, Option<usize>) {
    let push = rows().into_iter().find(|(name, _)| *name == row).expect("a row").1;
    let change = tree(&world().tell(&push)[0])["push"]["changes"][0].take();
    assert!(change.get("old").is_some() && change.get("new").is_some(), "null, but never missing");
    let flag = |name: &str| if change[name] == true { "1" } else { "0" };
    let flags = [flag("created"), flag("closed"), flag("forced"), flag("truncated")].join("/");
    let commits = change.get("commits").map(|commits| commits.as_array().expect("a list").len());
    (change["old"]["type"].clone(), change["new"]["type"].clone(), flags, commits)
}

#[test]
fn check_25_each_row_of_the_push_table_holds() {
    let (branch, tag, null) = (Value::from("branch"), Value::from("tag"), Value::Null);
    let row = |old: &Value, new: &Value, flags: &str, commits| (old.clone(), new.clone(), flags.to_owned(), commits);
    assert_eq!(told("branch_created"), row(&null, &branch, "1/0/0/0", Some(2)));
    assert_eq!(told("branch_updated"), row(&branch, &branch, "0/0/0/0", Some(1)));
    assert_eq!(told("branch_forced"), row(&branch, &branch, "0/0/1/0", Some(1)));
    assert_eq!(told("branch_deleted"), row(&branch, &null, "0/1/0/0", None));
    assert_eq!(told("tag_created"), row(&null, &tag, "1/0/0/0", None));
    assert_eq!(told("annotated_tag_created"), row(&null, &tag, "1/0/0/0", None));
    assert_eq!(told("tag_deleted"), row(&tag, &null, "0/1/0/0", None));
}

#[test]
fn check_25_five_commits_are_listed_newest_first_and_more_are_admitted() {
    let ids: Vec<_> = (1..=6).map(|n| format!("{n:040x}")).collect();
    let listed = |count: usize, total| {
        let ids: Vec<_> = ids[..count].iter().map(String::as_str).collect();
        let change = change(RefUpdate { total_commits: total, ..moved(RefKind::Branch, "x", OLD, NEW, &ids) });
        let commits = change["commits"].as_array().expect("a list").clone();
        let hashes: Vec<_> = commits.iter().map(|commit| commit["hash"].as_str().expect("a hash").to_owned()).collect();
        (hashes, change["truncated"].clone())
    };
    let newest: Vec<_> = ids[1..].iter().rev().cloned().collect();
    assert_eq!(listed(6, None), (newest, true.into()));
    let all: Vec<_> = ids[..5].iter().rev().cloned().collect();
    assert_eq!(listed(5, Some(5)), (all.clone(), false.into()));
    assert_eq!(listed(5, Some(9)), (all, true.into()));
    let said = change(RefUpdate { truncated: true, ..moved(RefKind::Branch, "x", OLD, NEW, &[NEW]) });
    assert_eq!(said["truncated"], true, "the publisher says so");
}

#[test]
fn check_25_links_depend_on_which_sides_exist() {
    let links = |moved| change(moved).get("links").cloned();
    let both = links(moved(RefKind::Branch, "x", OLD, NEW, &[])).expect("links");
    assert_eq!(both["commits"]["href"], format!("{API}/commits?include={NEW}&exclude={OLD}"));
    assert_eq!(both["html"]["href"], format!("{PAGE}/branches/compare/{NEW}..{OLD}"));
    assert_eq!(both["diff"]["href"], format!("{API}/diff/{NEW}..{OLD}"));
    let created = links(moved(RefKind::Branch, "f/x y#", ZERO_ID, NEW, &[])).expect("links");
    assert_eq!(created["commits"]["href"], format!("{API}/commits?include={NEW}"));
    assert_eq!((&created["html"]["href"], created.get("diff")), (&format!("{PAGE}/branch/f/x%20y%23").into(), None));
    let tag = links(annotated()).expect("links");
    assert_eq!((&tag["commits"]["href"], tag.get("html")), (&format!("{API}/commits?include={NEW}").into(), None));
    assert_eq!(links(moved(RefKind::Branch, "x", OLD, ZERO_ID, &[])), None);
}

#[test]
fn targets_have_two_links_and_listed_commits_seven() {
    let change = change(moved(RefKind::Branch, "x", OLD, NEW, &[NEW]));
    let names = |object: &Value| object["links"].as_object().expect("links").keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&change["new"]["target"]), ["self", "html"]);
    let seven = ["self", "html", "diff", "approve", "comments", "statuses", "patch"];
    assert_eq!(names(&change["commits"][0]), seven);
    assert_eq!(change["commits"][0]["date"], "2026-01-02T01:00:00+00:00", "in UTC");
    assert_eq!(change["commits"][0]["author"]["user"]["nickname"], "mona", "found by address, in any case");
    assert_eq!(change["commits"][0]["summary"]["html"], "<p>Trim &lt;sails&gt;</p>");
}

#[test]
fn tags_are_lightweight_annotated_or_opaque() {
    let three = |moved: RefUpdate| {
        let tag = change(moved)["new"].take();
        assert_eq!(tag["target"]["hash"], NEW, "the commit, never the tag object");
        (tag["message"].clone(), tag["date"].clone(), tag["tagger"].clone())
    };
    let (null, none) = (Value::Null, serde_json::json!({}));
    assert_eq!(three(moved(RefKind::Tag, "v", ZERO_ID, NEW, &[])), (null.clone(), null.clone(), null.clone()));
    let (message, date, tagger) = three(annotated());
    assert_eq!((message, date), ("First flight\n".into(), "2026-01-02T02:00:00+00:00".into()));
    assert_eq!((&tagger["raw"], &tagger["user"]["nickname"]), (&"Ravi Patel <ravi@acme.test>".into(), &"ravi".into()));
    assert_eq!(three(moved(RefKind::Tag, "v", ZERO_ID, TAG, &[])), ("".into(), null, none));
}

#[test]
fn a_commit_that_only_its_hash_is_known_of_has_no_invented_members() {
    let bare = RefUpdate { previous_commit: None, head_commit: None, ..moved(RefKind::Branch, "x", OLD, NEW, &[]) };
    let change = change(bare);
    for (side, hash) in [("old", OLD), ("new", NEW)] {
        let members: Vec<_> = change[side]["target"].as_object().expect("a commit").keys().collect();
        assert_eq!(members, ["type", "hash", "links"]);
        assert_eq!(change[side]["target"]["hash"], hash);
    }
}

#[test]
fn several_refs_are_one_event_and_none_is_no_event() {
    let refs = vec![moved(RefKind::Branch, "a", OLD, NEW, &[]), annotated()];
    let drafts = world().tell(&push(refs));
    assert_eq!(keys(&drafts), ["repo:push"]);
    assert_eq!(tree(&drafts[0])["push"]["changes"].as_array().map(Vec::len), Some(2));
    assert!(world().tell(&push(Vec::new())).is_empty());
}

#[test]
fn the_commits_of_strangers_have_no_user() {
    let mut update = moved(RefKind::Branch, "x", OLD, NEW, &[NEW]);
    update.commits[0].author.email = "nobody@elsewhere.test".to_owned();
    let author = change(update)["commits"][0]["author"].take();
    assert_eq!(author, serde_json::json!({"type": "author", "raw": "Mona Ito <nobody@elsewhere.test>"}));
}

fn any_commit() -> impl Strategy<Value = Commit> {
    (any_id(), ".{0,40}", ".{0,10}", ".{0,10}").prop_map(|(id, message, name, email)| Commit {
        message,
        author: Person { name, email },
        ..commit(&id)
    })
}

fn any_update() -> impl Strategy<Value = RefUpdate> {
    let kind = prop_oneof![Just(RefKind::Branch), Just(RefKind::Tag)];
    let commits = prop::collection::vec(any_commit(), 0..8);
    let ends = (prop::option::of(any_commit()), prop::option::of(any_commit()));
    let flags = (any::<bool>(), any::<bool>());
    (kind, "[a-z/é#%]{1,12}", any_id(), any_id(), commits, ends, flags).prop_map(
        |(kind, short, before, after, commits, (head_commit, previous_commit), (forced, truncated))| RefUpdate {
            forced,
            truncated,
            commits,
            head_commit,
            previous_commit,
            ..moved(kind, &short, &before, &after, &[])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_push_becomes_json_that_tells_its_refs(refs in prop::collection::vec(any_update(), 1..5), pusher in any_actor()) {
        let drafts = world().tell(&Happening::Push(Push { pusher, refs: refs.clone() }));
        let body = tree(&drafts[0]);
        prop_assert!(body["actor"]["nickname"].is_string());
        let changes = body["push"]["changes"].as_array().expect("a list");
        prop_assert_eq!(changes.len(), refs.len());
        for (change, update) in changes.iter().zip(&refs) {
            prop_assert_eq!(change["old"].is_null(), update.created());
            prop_assert_eq!(change["new"].is_null(), update.deleted());
            prop_assert!(change.get("commits").is_none_or(|commits| commits.as_array().is_some_and(|all| all.len() <= 5)));
        }
    }
}
