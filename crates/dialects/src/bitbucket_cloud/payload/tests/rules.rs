//! What is told, and of whom.

use domain::canonical::{Actor, Change, RepositoryName, Verdict};
use domain::dialect::Scene;

use super::*;

#[test]
fn nothing_is_rendered_that_nobody_wants() {
    let world = world();
    world.assert_silent_for_nobody();
    let drafts = world.tell_if(&example("pull_request.source_updated"), &|key| key == "pullrequest:push");
    assert_eq!(keys(&drafts), ["pullrequest:push"]);
}

#[test]
fn each_type_becomes_the_events_of_design_section_4() {
    let world = world();
    let cases: &[(&str, &[&str])] = &[
        ("push", &["repo:push"]),
        ("repository.created", &["repo:created"]),
        ("repository.deleted", &["repo:deleted"]),
        ("repository.renamed", &["repo:updated"]),
        ("repository.updated", &["repo:updated"]),
        ("repository.transferred", &["repo:transfer"]),
        ("repository.forked", &["repo:fork"]),
        ("repository.privatized", &[]),
        ("repository.archived", &[]),
        ("commit_comment.created", &["repo:commit_comment_created"]),
        ("commit_comment.edited", &[]),
        ("commit_status.created", &["repo:commit_status_created"]),
        ("commit_status.updated", &["repo:commit_status_updated"]),
        ("build.triggered", &["repo:commit_status_created"]),
        ("build.finished", &["repo:commit_status_updated"]),
        ("pull_request.opened", &["pullrequest:created"]),
        ("pull_request.reopened", &["pullrequest:updated"]),
        ("pull_request.edited", &["pullrequest:updated"]),
        ("pull_request.source_updated", &["pullrequest:updated", "pullrequest:push"]),
        ("pull_request.target_updated", &["pullrequest:updated"]),
        ("pull_request.reviewers_updated", &["pullrequest:updated"]),
        ("pull_request.approved", &["pullrequest:approved"]),
        ("pull_request.unapproved", &["pullrequest:unapproved"]),
        ("pull_request.changes_requested", &["pullrequest:changes_request_created"]),
        ("pull_request.merged", &["pullrequest:fulfilled"]),
        ("pull_request.declined", &["pullrequest:rejected"]),
        ("pull_request.deleted", &["pullrequest:rejected"]),
        ("pull_request_comment.created", &["pullrequest:comment_created"]),
        ("pull_request_comment.edited", &["pullrequest:comment_updated"]),
        ("pull_request_comment.deleted", &["pullrequest:comment_deleted"]),
        ("issue.opened", &["issue:created"]),
        ("issue.updated", &["issue:updated"]),
        ("issue_comment.created", &["issue:comment_created"]),
        ("issue_comment.edited", &[]),
        ("release.published", &[]),
        ("mirror.synchronized", &[]),
    ];
    for (kind, expected) in cases {
        assert_eq!(keys(&world.tell(&example(kind))), *expected, "{kind}");
    }
}

/// Ravi takes back a request for changes.
pub(super) fn changes_accepted() -> Happening {
    let Happening::PullRequest(action, mut event) = example("pull_request.unapproved") else {
        panic!("a pull request")
    };
    event.review.as_mut().expect("a review").previous = Verdict::ChangesRequested;
    Happening::PullRequest(action, event)
}

#[test]
fn taking_back_a_request_for_changes_is_not_taking_back_an_approval() {
    let Happening::PullRequest(action, mut event) = example("pull_request.unapproved") else {
        panic!("a pull request")
    };
    event.review.as_mut().expect("a review").previous = Verdict::ChangesRequested;
    let drafts = world().tell(&Happening::PullRequest(action, event));
    assert_eq!(keys(&drafts), ["pullrequest:changes_request_removed"]);
    let body = tree(&drafts[0]);
    assert_eq!((&body["changes_request"]["user"]["nickname"], body.get("approval")), (&"ravi".into(), None));
}

#[test]
fn closing_names_who_did_it_and_how() {
    let world = world();
    for (kind, state) in
        [("pull_request.merged", "MERGED"), ("pull_request.declined", "DECLINED"), ("pull_request.deleted", "DECLINED")]
    {
        let pull = tree(&world.tell(&example(kind))[0])["pullrequest"].take();
        assert_eq!((&pull["state"], &pull["closed_by"]["type"]), (&state.into(), &"user".into()), "{kind}");
        assert_eq!(pull["merge_commit"].is_object(), state == "MERGED", "{kind}");
    }
    let open = tree(&world.tell(&example("pull_request.opened"))[0])["pullrequest"].take();
    assert_eq!(
        (&open["state"], &open["closed_by"], &open["merge_commit"]),
        (&"OPEN".into(), &Value::Null, &Value::Null)
    );
}

#[test]
fn a_pull_request_from_a_fork_names_the_fork() {
    let pull = tree(&world().tell(&example("pull_request.source_updated"))[0])["pullrequest"].take();
    let name = |side: &str| pull[side]["repository"]["full_name"].as_str().expect("a name").to_owned();
    assert_eq!((name("source"), name("destination")), ("ravi/widgets".to_owned(), "acme/widgets".to_owned()));
    let commit = pull["source"]["commit"]["links"]["self"]["href"].as_str().expect("a link");
    assert!(commit.ends_with("/2.0/repositories/ravi/widgets/commit/3b7f5a9d1c2e"), "{commit}");
}

#[test]
fn workspaces_are_owners_in_lower_case_and_projects_have_a_uuid_of_their_own() {
    let told = |world: &World| tree(&world.tell(&example("repository.created"))[0])["repository"].take();
    let of_team = told(&world());
    assert_eq!((&of_team["full_name"], &of_team["workspace"]["slug"]), (&"acme/widgets".into(), &"acme".into()));
    assert_eq!((&of_team["owner"]["type"], &of_team["owner"]["username"]), (&"team".into(), &"acme".into()));
    assert_eq!((&of_team["project"]["key"], &of_team["parent"]), (&"AIR".into(), &Value::Null));
    let of_user = told(&in_fork());
    assert_eq!((&of_user["owner"]["type"], of_user["owner"].get("username")), (&"user".into(), None));
    assert_eq!((&of_user["workspace"]["slug"], &of_user["project"]["key"]), (&"ravi".into(), &"RAVI".into()));
    assert_eq!(
        (&of_user["parent"]["full_name"], &of_user["parent"]["type"]),
        (&"acme/widgets".into(), &"repository".into())
    );
    for repository in [&of_team, &of_user] {
        assert_eq!(repository["owner"]["uuid"], repository["workspace"]["uuid"]);
        assert_ne!(repository["project"]["uuid"], repository["workspace"]["uuid"]);
    }
    assert_ne!(of_team["project"]["uuid"], of_user["project"]["uuid"]);
    assert_eq!(of_team, told(&world()), "always the same");
}

#[test]
fn only_what_changed_is_among_the_changes() {
    let world = world();
    let renamed = tree(&world.tell(&example("repository.renamed"))[0])["changes"].take();
    assert_eq!(renamed["full_name"], serde_json::json!({"old": "acme/gadgets", "new": "acme/widgets"}));
    assert_eq!(renamed.as_object().map(|changes| changes.keys().count()), Some(3), "{renamed}");
    let updated = tree(&world.tell(&example("repository.updated"))[0])["changes"].take();
    assert_eq!(updated["description"], serde_json::json!({"old": "", "new": "Parts that move"}));
    assert_eq!(updated.as_object().map(|changes| changes.keys().count()), Some(2), "{updated}");
    let Happening::Repository(action, mut event) = example("repository.updated") else { panic!("a repository") };
    let changes = event.changes.as_mut().expect("changes");
    (changes.description, changes.homepage) = (None, None);
    assert!(world.tell(&Happening::Repository(action, event.clone())).is_empty(), "no word for the default branch");
    event.changes.as_mut().expect("changes").language = Some(Change { from: None, to: Some("rust".to_owned()) });
    let updated = tree(&world.tell(&Happening::Repository(action, event))[0])["changes"].take();
    assert_eq!(updated, serde_json::json!({"language": {"old": "", "new": "rust"}}));
}

#[test]
fn issues_are_told_in_clouds_words() {
    let Happening::Issue(action, mut event) = example("issue.updated") else { panic!("an issue") };
    event.issue.kind = Some("Epic".to_owned());
    event.issue.priority = Some("Blocker".to_owned());
    let changes = event.changes.as_mut().expect("changes");
    changes.component = Some(Change { from: Some("belt".to_owned()), to: None });
    let body = tree(&world().tell(&Happening::Issue(action, event))[0]);
    let issue = &body["issue"];
    assert_eq!(
        (&issue["state"], &issue["kind"], &issue["priority"]),
        (&"resolved".into(), &"bug".into(), &"blocker".into())
    );
    assert_eq!(body["changes"]["status"], serde_json::json!({"old": "open", "new": "resolved"}));
    assert_eq!(body["changes"]["component"], serde_json::json!({"old": "belt", "new": null}));
    assert_eq!(body["changes"]["assignee"]["new"]["nickname"], "mona");
    let opened = tree(&world().tell(&example("issue.opened"))[0]);
    assert_eq!(opened["issue"]["state"], "new");
}

#[test]
fn comments_on_old_lines_are_from_and_on_new_lines_to() {
    let Happening::PullRequestComment(action, mut event) = example("pull_request_comment.created") else {
        panic!("a comment")
    };
    let inline = |event: &domain::canonical::PullRequestCommentEvent| {
        let drafts = world().tell(&Happening::PullRequestComment(action, Box::new(event.clone())));
        tree(&drafts[0])["comment"]["inline"].take()
    };
    assert_eq!(inline(&event), serde_json::json!({"path": "src/stop.rs", "from": null, "to": 14}));
    event.comment.location.as_mut().expect("a location").side = domain::canonical::Side::Old;
    assert_eq!(inline(&event), serde_json::json!({"path": "src/stop.rs", "from": 14, "to": null}));
}

#[test]
fn strangers_are_users_with_a_uuid_of_their_own() {
    let Happening::Repository(action, mut event) = example("repository.created") else { panic!("a repository") };
    let mut actor = |actor: Actor| {
        event.actor = actor;
        tree(&world().tell(&Happening::Repository(action, event.clone()))[0])["actor"].take()
    };
    let named = |name: &str| Actor { name: Some(name.to_owned()), ..Actor::default() };
    let (zoe, kim) = (actor(named("Zoë <b>")), actor(named("Kim")));
    assert_eq!(
        (&zoe["type"], &zoe["display_name"], &zoe["nickname"]),
        (&"user".into(), &"Zoë <b>".into(), &"Zoë <b>".into())
    );
    assert_ne!(zoe["uuid"], kim["uuid"]);
    assert_eq!(zoe, actor(named("Zoë <b>")), "always the same");
    assert_eq!(actor(Actor::default())["display_name"], "unknown");
}

#[test]
fn a_fork_that_is_not_registered_here_has_a_parent_all_the_same() {
    let Happening::Repository(action, mut event) = example("repository.forked") else { panic!("a repository") };
    event.fork = Some(RepositoryName { owner: "zoe".to_owned(), name: "Copy".to_owned() });
    let fork = tree(&world().tell(&Happening::Repository(action, event))[0])["fork"].take();
    assert_eq!((&fork["full_name"], &fork["parent"]["full_name"]), (&"zoe/copy".into(), &"acme/widgets".into()));
}

#[test]
fn a_transfer_names_the_previous_owner_twice() {
    let body = tree(&world().tell(&example("repository.transferred"))[0]);
    assert_eq!(body["previous_owner"]["nickname"], "mona");
    assert_eq!(
        (&body["previous_workspace"]["slug"], &body["previous_workspace"]["type"]),
        (&"mona".into(), &"workspace".into())
    );
}

#[test]
fn a_build_that_knows_no_commit_has_no_status() {
    let Happening::Build(action, mut event) = example("build.finished") else { panic!("a build") };
    (event.build.commit, event.build.details) = (None, None);
    assert!(world().tell(&Happening::Build(action, event)).is_empty());
}

#[test]
fn events_of_an_account_alone_have_no_words() {
    let world = world();
    let scene = Scene { repository: None, ..world.scene() };
    assert!(super::super::translate(&example("push"), &scene, &|_| true).is_empty());
}
