//! What a push says: every row of GitHub's push table (contracts, GitHub 4.2) as the canonical event tells it.

use std::fmt::Write as _;

use domain::canonical::{Actor, RefKind, ZERO_ID};

use crate::git::{Scene, ids, text};

#[test]
fn the_first_push_of_an_empty_repository_lists_all_commits_oldest_first() {
    let scene = Scene::attached();
    let first = scene.commit(&[("a.txt", "1"), ("b.txt", "1")], "First\n\nWith a body.");
    let second = scene.commit(&[("a.txt", "2")], "Second");
    let update = scene.pushed_ref(&["main"]);
    assert_eq!((update.name.as_str(), update.kind), ("refs/heads/main", RefKind::Branch));
    assert_eq!((update.before.as_str(), update.after.as_str()), (ZERO_ID, second.as_str()));
    assert!(update.created() && !update.forced && !update.truncated);
    assert_eq!((update.base_ref.as_deref(), update.total_commits), (None, Some(2)));
    assert_eq!(ids(&update), [&first, &second]);
    let commit = &update.commits[0];
    assert_eq!(commit.message, "First\n\nWith a body.");
    assert_eq!((commit.timestamp.as_str(), commit.authored_at.as_deref()), ("2026-01-02T12:04:05+09:00", None));
    assert_eq!((commit.author.name.as_str(), commit.author.email.as_str()), ("Ann", "ann@x.test"));
    assert_eq!((commit.committer.name.as_str(), commit.committer.email.as_str()), ("Cy", "cy@x.test"));
    assert_eq!(commit.tree_id, scene.git(&["rev-parse", &format!("{first}^{{tree}}")]));
    assert_eq!((commit.added.as_slice(), commit.distinct), (["a.txt".to_owned(), "b.txt".to_owned()].as_slice(), true));
    assert_eq!(
        (update.commits[1].modified.as_slice(), &update.commits[1].parents),
        (["a.txt".to_owned()].as_slice(), &vec![first])
    );
    assert_eq!(update.head_commit.as_ref(), update.commits.last());
}

#[test]
fn a_fast_forward_lists_what_the_branch_did_not_have() {
    let scene = Scene::attached();
    let first = scene.commit(&[("a", "1")], "1");
    scene.push(&["main"]);
    let second = scene.commit(&[], "Nothing changed");
    let update = scene.pushed_ref(&["main"]);
    assert_eq!(
        (update.before.as_str(), update.after.as_str(), update.forced),
        (first.as_str(), second.as_str(), false)
    );
    assert_eq!(ids(&update), [&second]);
    assert_eq!(update.previous_commit.as_ref().map(|commit| &commit.id), Some(&first));
    assert!(!update.created() && !update.deleted() && update.base_ref.is_none());
}

#[test]
fn a_forced_push_is_marked_and_may_bring_nothing() {
    let scene = Scene::attached();
    let first = scene.commit(&[("a", "1")], "1");
    let second = scene.commit(&[("a", "2")], "2");
    scene.push(&["main"]);
    scene.git(&["reset", "-q", "--hard", &first]);
    let other = scene.commit(&[("a", "3")], "Instead");
    let replaced = scene.pushed_ref(&["--force", "main"]);
    assert_eq!((replaced.forced, replaced.before.as_str()), (true, second.as_str()));
    assert_eq!(ids(&replaced), [&other]);
    let back = scene.pushed_ref(&["--force", &format!("{first}:refs/heads/main")]);
    assert!(back.forced && back.commits.is_empty() && !back.truncated);
    assert_eq!(back.head_commit.expect("a head").id, first);
}

#[test]
fn a_new_branch_lists_what_no_branch_had_and_names_its_base_if_that_is_nothing() {
    let scene = Scene::attached();
    let first = scene.commit(&[("a", "1")], "1");
    scene.commit(&[("a", "2")], "2");
    scene.push(&["main", "main:a-copy"]);
    let same = scene.pushed_ref(&["main:refs/heads/same"]);
    assert_eq!(
        (same.base_ref.as_deref(), same.commits.len()),
        (Some("refs/heads/main"), 0),
        "the default branch is preferred"
    );
    assert!(same.created() && same.head_commit.is_some() && !same.forced);
    let old = scene.pushed_ref(&[&format!("{first}:refs/heads/old")]);
    assert_eq!((old.base_ref, old.commits.len()), (None, 0), "no branch has its tip there");
    scene.git(&["checkout", "-qb", "topic"]);
    let one = scene.commit(&[("t", "1")], "3");
    let new = scene.pushed_ref(&["topic"]);
    assert_eq!((new.base_ref.as_deref(), ids(&new)), (None, vec![one.as_str()]));
}

#[test]
fn tags_carry_no_commits_but_the_tagged_one() {
    let scene = Scene::attached();
    let first = scene.commit(&[("a", "1")], "1");
    let second = scene.commit(&[("a", "2")], "2");
    scene.push(&["main"]);
    scene.git(&["tag", "light"]);
    scene.git(&["tag", "-a", "v1", "-m", "One"]);
    let light = scene.pushed_ref(&["light"]);
    assert_eq!(
        (light.kind, light.after.as_str(), light.base_ref.as_deref()),
        (RefKind::Tag, second.as_str(), Some("refs/heads/main"))
    );
    assert_eq!(light.annotation, None);
    assert_eq!(
        (light.commits.len(), light.truncated, light.head_commit.expect("a head").id),
        (0, false, second.clone())
    );
    let annotated = scene.pushed_ref(&["v1"]);
    assert_eq!(annotated.after, scene.git(&["rev-parse", "v1"]), "the tag object");
    assert_ne!(annotated.after, second);
    assert_eq!(annotated.head_commit.expect("a head").id, second, "peeled");
    assert_eq!(annotated.annotation.expect("an annotation").message, "One");
    scene.git(&["tag", "-f", "light", &first]);
    let moved = scene.pushed_ref(&["--force", "light"]);
    assert!(moved.forced && moved.base_ref.is_none() && !moved.created());
    assert_eq!(
        (moved.before.as_str(), moved.head_commit.expect("a head").id.as_str()),
        (second.as_str(), first.as_str())
    );
    scene.git(&["tag", "tree", "HEAD^{tree}"]);
    let tree = scene.pushed_ref(&["tree"]);
    assert!(tree.head_commit.is_none() && tree.base_ref.is_none() && !tree.truncated);
}

#[test]
fn deleted_refs_end_in_zeros_and_have_no_head() {
    let scene = Scene::attached();
    let first = scene.commit(&[("a", "1")], "1");
    scene.git(&["tag", "-a", "v1", "-m", "One"]);
    scene.push(&["main", "main:topic", "v1"]);
    let branch = scene.pushed_ref(&["--delete", "topic"]);
    assert_eq!((branch.before.as_str(), branch.after.as_str()), (first.as_str(), ZERO_ID));
    assert!(branch.deleted() && branch.head_commit.is_none() && branch.commits.is_empty() && !branch.truncated);
    assert_eq!(branch.previous_commit.map(|commit| commit.id), Some(first));
    let tag = scene.pushed_ref(&["--delete", "v1"]);
    assert_eq!((tag.kind, tag.before), (RefKind::Tag, scene.git(&["rev-parse", "v1"])));
}

#[test]
fn a_merge_shows_what_it_changed_in_the_branch_and_which_commits_were_known() {
    let scene = Scene::attached();
    scene.commit(&[("a", "1")], "1");
    scene.git(&["checkout", "-qb", "topic"]);
    let known = scene.commit(&[("t", "1")], "On topic");
    scene.push(&["main", "topic"]);
    scene.git(&["checkout", "-q", "main"]);
    let new = scene.commit(&[("m", "1")], "On main");
    scene.git(&["merge", "-q", "--no-ff", "-m", "Merge topic", "topic"]);
    let update = scene.pushed_ref(&["main"]);
    let distinct: Vec<_> = update.commits.iter().map(|commit| (commit.message.as_str(), commit.distinct)).collect();
    assert_eq!(distinct.last(), Some(&("Merge topic", true)));
    assert!(distinct.contains(&("On topic", false)) && distinct.contains(&("On main", true)), "{distinct:?}");
    let merge = update.commits.last().expect("the merge");
    assert_eq!((&merge.added, &merge.parents), (&vec!["t".to_owned()], &vec![new, known]));
}

#[test]
fn a_rename_is_a_removed_and_an_added_path() {
    let scene = Scene::attached();
    scene.commit(&[("old.txt", "the same content\n")], "1");
    scene.push(&["main"]);
    scene.git(&["config", "diff.renames", "copies"]);
    scene.git(&["mv", "old.txt", "new.txt"]);
    scene.commit(&[], "Rename");
    let update = scene.pushed_ref(&["main"]);
    let commit = &update.commits[0];
    assert_eq!((&commit.added, &commit.removed), (&vec!["new.txt".to_owned()], &vec!["old.txt".to_owned()]));
    assert!(commit.modified.is_empty());
}

#[test]
fn odd_paths_and_messages_arrive_unquoted() {
    let scene = Scene::attached();
    let odd = ["tab\there", "line\nbreak", "quote\"d", "ünïcode ☂", " space ", "commit", "A"];
    let files: Vec<_> = odd.iter().map(|path| (*path, "x")).collect();
    scene.commit(&files, "Zeichen: ü ☂ 🎉\n\ncommit\tfake");
    let mut update = scene.pushed_ref(&["main:refs/heads/fêature/ünïcode"]);
    assert_eq!(update.name, "refs/heads/fêature/ünïcode");
    let mut expected = odd.map(str::to_owned);
    expected.sort_unstable();
    update.commits[0].added.sort_unstable();
    assert_eq!(update.commits[0].added, expected);
    assert_eq!(update.commits[0].message, "Zeichen: ü ☂ 🎉\n\ncommit\tfake");
    // A message in another encoding that says so, and a path that is no text at all.
    let stream = b"commit refs/heads/main\nauthor J\xfcrgen <j@x.test> 1767323045 -0330\ncommitter C <c@x.test> 1767323046 +0000\nencoding ISO-8859-1\ndata 3\n\xfcx\n\nM 100644 inline \"p\\377\"\ndata 1\nx\n";
    scene.git_with(&["fast-import", "--quiet", "--force"], stream);
    let update = scene.pushed_ref(&["main"]);
    let commit = &update.commits[0];
    assert_eq!((commit.message.as_str(), commit.author.name.as_str()), ("üx", "Jürgen"));
    assert_eq!(commit.added, ["p\u{FFFD}"]);
    assert_eq!(
        (commit.timestamp.as_str(), commit.authored_at.as_deref()),
        ("2026-01-02T03:04:06Z", Some("2026-01-01T23:34:05-03:30"))
    );
}

#[test]
fn all_refs_of_a_push_are_one_event_judged_by_what_was_before_it() {
    let scene = Scene::attached();
    let first = scene.commit(&[("a", "1")], "1");
    scene.push(&["main", "main:gone"]);
    let second = scene.commit(&[("a", "2")], "2");
    scene.git(&["tag", "v2"]);
    let push = scene.pushed(&["--atomic", "main", "main:new", "v2", ":gone"]);
    let mut refs = push.refs;
    refs.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<_> = refs.iter().map(|update| update.name.as_str()).collect();
    assert_eq!(names, ["refs/heads/gone", "refs/heads/main", "refs/heads/new", "refs/tags/v2"]);
    assert!(refs[0].deleted());
    assert_eq!((ids(&refs[1]), refs[1].before.as_str()), (vec![second.as_str()], first.as_str()));
    assert_eq!((ids(&refs[2]), refs[2].base_ref.as_deref()), (vec![second.as_str()], None), "new on both branches");
    assert!(refs[1].commits[0].distinct && refs[2].commits[0].distinct);
    assert_eq!(refs[3].base_ref.as_deref(), Some("refs/heads/main"));
}

#[test]
fn more_than_2048_commits_are_cut_to_the_newest() {
    let scene = Scene::attached();
    let mut stream = String::new();
    for number in 1..=2_100 {
        writeln!(
            stream,
            "commit refs/heads/main\ncommitter C <c@x.test> {} +0000\ndata 4\n{number:04}\nM 100644 inline f\ndata 4\n{number:04}",
            1_767_323_045 + number
        )
        .expect("a string takes it");
    }
    scene.git_with(&["fast-import", "--quiet"], stream.as_bytes());
    let update = scene.pushed_ref(&["main"]);
    assert_eq!((update.commits.len(), update.truncated, update.total_commits), (2_048, true, Some(2_100)));
    assert_eq!((update.commits[0].message.as_str(), update.commits[2_047].message.as_str()), ("0053", "2100"));
}

#[test]
fn many_new_branches_are_told_as_each_one_would_be() {
    let scene = Scene::attached();
    scene.commit(&[("a", "1")], "0");
    scene.push(&["main"]);
    for number in 1..=20 {
        scene.git(&["checkout", "-q", "--detach"]);
        scene.commit(&[], &number.to_string());
        scene.git(&["branch", &format!("b{number:02}")]);
    }
    let mut refs = scene.pushed(&["refs/heads/b*:refs/heads/b*", "main:z-same"]).refs;
    refs.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(refs.len(), 21);
    for (number, update) in refs[..20].iter().enumerate() {
        let messages: Vec<_> = update.commits.iter().map(|commit| commit.message.clone()).collect();
        let expected: Vec<_> = (1..=number + 1).map(|one| one.to_string()).collect();
        assert_eq!(
            (messages, update.truncated, update.base_ref.as_deref()),
            (expected, false, None),
            "{}",
            update.name
        );
        assert_eq!(update.head_commit.as_ref(), update.commits.last());
    }
    assert_eq!((refs[20].base_ref.as_deref(), refs[20].commits.len()), (Some("refs/heads/main"), 0));
}

#[test]
fn at_most_3000_file_names_per_commit() {
    let scene = Scene::attached();
    let mut stream = String::from("commit refs/heads/main\ncommitter C <c@x.test> 1767323045 +0000\ndata 1\n1\n");
    for number in 0..3_100 {
        writeln!(stream, "M 100644 inline f{number}\ndata 1\nx").expect("a string takes it");
    }
    scene.git_with(&["fast-import", "--quiet"], stream.as_bytes());
    let update = scene.pushed_ref(&["main"]);
    assert_eq!(update.commits[0].added.len(), 3_000);
}

#[test]
fn repositories_with_sha256_ids_work() {
    let scene = Scene::with_format("sha256");
    scene.attach();
    let first = scene.commit(&[("a", "1")], "1");
    let update = scene.pushed_ref(&["main"]);
    assert_eq!((update.before.as_str(), update.after.as_str()), ("0".repeat(64).as_str(), first.as_str()));
    assert!(update.created());
    assert_eq!((ids(&update), first.len()), (vec![first.as_str()], 64));
    assert!(scene.pushed_ref(&["main:other"]).base_ref.is_some());
    assert!(scene.pushed_ref(&["--delete", "other"]).deleted());
}

#[test]
fn the_pusher_is_whom_the_transport_names_else_gits_user() {
    let scene = Scene::attached();
    scene.git_in(&scene.bare(), &["config", "user.name", "Config"]);
    scene.git_in(&scene.bare(), &["config", "user.email", "config@x.test"]);
    scene.commit(&[], "1");
    let pusher = scene.pushed(&["main"]).pusher;
    assert_eq!(
        (pusher.login, pusher.name.as_deref(), pusher.email.as_deref()),
        (None, Some("Config"), Some("config@x.test"))
    );
    let mut push = scene.command("git", &scene.work());
    push.env("REMOTE_USER", "alice").env("GL_USERNAME", "bob").args([
        "push",
        "-q",
        text(&scene.bare()),
        "main:by-alice",
    ]);
    assert!(push.status().expect("git runs").success());
    let events = scene.server.events();
    let pusher = crate::git::push_of(&events[1]).pusher;
    assert_eq!(pusher, Actor { login: Some("alice".to_owned()), name: None, email: None });
}

#[test]
fn other_refs_than_branches_and_tags_are_not_published() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    scene.git(&["notes", "add", "-m", "a note"]);
    scene.push(&["refs/notes/commits"]);
    assert!(scene.server.events().is_empty());
    assert_eq!(scene.pushed(&["main", "refs/notes/commits:refs/notes/more"]).refs.len(), 1);
}
