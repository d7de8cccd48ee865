//! The push table of contract github section 4.2.

use domain::canonical::{Commit, Person, Push, RefKind, RefUpdate, ZERO_ID};
use proptest::prelude::*;

use super::*;
use crate::testing::{any_actor, any_id, commit, moved, push};

const PAGE: &str = "https://git.acme.test:8443/acme/widgets";

/// What a push of one ref says: flags, `base_ref`, compare (without the page), commit count, head.
fn told(moved: RefUpdate) -> (String, Value, String, usize, Value) {
    let drafts = world().tell(&push(vec![moved]));
    let body = tree(drafts.iter().find(|draft| &*draft.kind == "push").expect("a push"));
    let flag = |name: &str| if body[name] == true { "1" } else { "0" };
    let flags = [flag("created"), flag("deleted"), flag("forced")].join("/");
    let compare = body["compare"].as_str().and_then(|url| url.strip_prefix(PAGE)).expect("our page").to_owned();
    let commits = body["commits"].as_array().map_or(0, Vec::len);
    (flags, body["base_ref"].clone(), compare, commits, body["head_commit"]["id"].clone())
}

fn row(moved: RefUpdate, flags: &str, base_ref: Option<&str>, compare: &str, commits: usize, head: Option<&str>) {
    let expected = (flags.to_owned(), base_ref.into(), compare.to_owned(), commits, head.into());
    assert_eq!(told(moved), expected);
}

#[test]
fn each_row_of_the_push_table_holds() {
    use RefKind::{Branch, Tag};
    let on_main = |moved: RefUpdate| RefUpdate { base_ref: Some("refs/heads/main".to_owned()), ..moved };
    let forced = |moved: RefUpdate| RefUpdate { forced: true, ..moved };
    let both = "/compare/111111111111...222222222222";
    row(moved(Branch, "x", OLD, NEW, &[OLD, NEW]), "0/0/0", None, both, 2, Some(NEW));
    row(forced(moved(Branch, "x", OLD, NEW, &[])), "0/0/1", None, both, 0, Some(NEW));
    let one = format!("/commit/{NEW}");
    row(moved(Branch, "x", ZERO_ID, NEW, &[NEW]), "1/0/0", None, &one, 1, Some(NEW));
    let several = "/compare/111111111111^...222222222222";
    row(moved(Branch, "x", ZERO_ID, NEW, &[OLD, NEW]), "1/0/0", None, several, 2, Some(NEW));
    let no_commits = on_main(moved(Branch, "f/x y#", ZERO_ID, NEW, &[]));
    row(no_commits, "1/0/0", Some("refs/heads/main"), "/compare/f/x%20y%23", 0, Some(NEW));
    row(on_main(moved(Tag, "v1", ZERO_ID, NEW, &[])), "1/0/0", Some("refs/heads/main"), "/compare/v1", 0, Some(NEW));
    // Annotated: `after` is the tag object, the head what it names.
    row(moved(Tag, "v2", ZERO_ID, OLD, &[]), "1/0/0", None, "/compare/v2", 0, Some(NEW));
    row(moved(Tag, "v1", OLD, NEW, &[]), "0/0/1", None, both, 0, Some(NEW));
    let gone = "/compare/111111111111...000000000000";
    row(moved(Branch, "x", OLD, ZERO_ID, &[]), "0/1/0", None, gone, 0, None);
    row(moved(Tag, "v1", OLD, ZERO_ID, &[]), "0/1/0", None, gone, 0, None);
}

#[test]
fn refs_that_come_and_go_are_told_twice() {
    let world = world();
    let drafts = world.tell(&push(vec![
        moved(RefKind::Branch, "new", ZERO_ID, NEW, &[]),
        moved(RefKind::Branch, "old", OLD, NEW, &[]),
        moved(RefKind::Tag, "v1", OLD, ZERO_ID, &[]),
    ]));
    assert_eq!(names(&drafts), ["create", "push", "push", "delete", "push"]);
    assert_eq!(tree(&drafts[0])["ref"], "new");
    assert_eq!(tree(&drafts[3])["ref_type"], "tag");
}

#[test]
fn more_than_three_tags_or_5000_branches_are_not_told() {
    let world = world();
    let tag = |n: usize| moved(RefKind::Tag, &format!("v{n}"), ZERO_ID, NEW, &[]);
    let mut refs: Vec<_> = (0..3).map(tag).collect();
    assert_eq!(world.tell(&push(refs.clone())).len(), 6);
    refs.extend([tag(3), moved(RefKind::Branch, "x", OLD, NEW, &[])]);
    assert_eq!(names(&world.tell(&push(refs))), ["push"], "the branch alone");
    let branches = |count: usize| (0..count).map(|n| moved(RefKind::Branch, &format!("b{n}"), OLD, NEW, &[])).collect();
    let only_pushes = |count| world.tell(&push(branches(count))).len();
    assert_eq!((only_pushes(5_000), only_pushes(5_001)), (5_000, 0));
}

#[test]
fn long_lists_keep_the_newest_commits_and_the_first_files() {
    let mut long = moved(RefKind::Branch, "x", OLD, NEW, &[]);
    long.commits = (0..2_100).map(|n| commit(&format!("{n:040x}"))).collect();
    long.commits[2_099].added = (0..2_000).map(|n| format!("a{n}")).collect();
    long.commits[2_099].modified = (0..2_000).map(|n| format!("m{n}")).collect();
    let drafts = world().tell(&push(vec![long]));
    let body = tree(&drafts[0]);
    let commits = body["commits"].as_array().expect("an array");
    assert_eq!((commits.len(), &commits[0]["id"]), (2_048, &Value::from(format!("{:040x}", 52))));
    let count = |list: &str| commits[2_047][list].as_array().map(Vec::len);
    assert_eq!((count("added"), count("modified")), (Some(2_000), Some(1_000)));
}

#[test]
fn the_pushed_repository_has_its_special_form() {
    let drafts = world().tell(&push(vec![moved(RefKind::Branch, "x", OLD, NEW, &[NEW])]));
    let body = tree(&drafts[0]);
    let repository = &body["repository"];
    assert_eq!((&repository["created_at"], &repository["pushed_at"]), (&1_700_000_000.into(), &START.as_secs().into()));
    assert_eq!(repository["url"], PAGE);
    assert_eq!((&repository["owner"]["name"], &repository["organization"]), (&"acme".into(), &"acme".into()));
    assert_eq!((&repository["master_branch"], &repository["stargazers"]), (&"main".into(), &0.into()));
    assert_eq!(body["pusher"], serde_json::json!({"name": "mona", "email": "mona@acme.test"}));
    assert_eq!(body["commits"][0]["author"]["username"], "mona", "found by address, in any case");
    assert_eq!(body["commits"][0]["timestamp"], "2026-01-02T10:00:00+09:00", "the committer's own offset");
}

#[test]
fn the_commits_of_strangers_have_no_username() {
    let mut update = moved(RefKind::Branch, "x", OLD, NEW, &[NEW]);
    update.commits[0].author.email = "nobody@elsewhere.test".to_owned();
    let drafts = world().tell(&push(vec![update]));
    assert_eq!(tree(&drafts[0])["commits"][0]["author"].get("username"), None);
}

fn any_commit() -> impl Strategy<Value = Commit> {
    let paths = || prop::collection::vec(".{0,20}", 0..4);
    (any_id(), ".{0,40}", ".{0,10}", ".{0,10}", paths(), paths(), any::<bool>()).prop_map(
        |(id, message, name, email, added, modified, distinct)| {
            let author = Person { name, email };
            Commit { message, author, added, modified, distinct, ..commit(&id) }
        },
    )
}

fn any_update() -> impl Strategy<Value = RefUpdate> {
    let kind = prop_oneof![Just(RefKind::Branch), Just(RefKind::Tag)];
    let commits = prop::collection::vec(any_commit(), 0..4);
    let flags = (any::<bool>(), any::<bool>());
    (kind, "[a-z/é#%]{1,12}", any_id(), any_id(), commits, prop::option::of(any_commit()), flags).prop_map(
        |(kind, short, before, after, commits, head_commit, (forced, truncated))| RefUpdate {
            forced,
            truncated,
            commits,
            head_commit,
            ..moved(kind, &short, &before, &after, &[])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_push_becomes_json_that_tells_its_refs(refs in prop::collection::vec(any_update(), 0..5), pusher in any_actor()) {
        let drafts = world().tell(&Happening::Push(Push { pusher, refs: refs.clone() }));
        for draft in &drafts {
            let body = tree(draft);
            prop_assert!(body["repository"]["id"] == 10 && body["sender"]["login"].is_string());
            if &*draft.kind == "push" {
                prop_assert!(refs.iter().any(|update| body["ref"] == update.name && body["after"] == update.after));
                prop_assert_eq!(body["created"].as_bool(), Some(body["before"].as_str().is_some_and(|id| id.bytes().all(|b| b == b'0'))));
            }
        }
    }
}
