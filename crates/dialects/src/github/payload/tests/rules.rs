//! What is told, and of whom.

use super::*;

#[test]
fn nothing_is_rendered_that_nobody_wants() {
    let world = world();
    world.assert_silent_for_nobody();
    let pushes = world.tell_if(&example("push"), &|kind| kind == "create");
    assert_eq!(names(&pushes), ["create"]);
}

#[test]
fn each_type_becomes_the_events_of_design_section_4() {
    let world = world();
    let cases: &[(&str, &[&str])] = &[
        ("repository.forked", &["fork"]),
        ("repository.publicized", &["repository.publicized", "public"]),
        ("pull_request.source_updated", &["pull_request.synchronize"]),
        ("pull_request.target_updated", &["pull_request.edited"]),
        ("pull_request.reviewers_updated", &["pull_request.review_requested", "pull_request.review_request_removed"]),
        ("pull_request.approved", &["pull_request_review.submitted"]),
        ("pull_request.unapproved", &["pull_request_review.dismissed"]),
        ("pull_request.deleted", &["pull_request.closed"]),
        ("pull_request_comment.created", &["pull_request_review_comment.created"]),
        ("pull_request_comment.edited", &["issue_comment.edited"]),
        ("issue.updated", &["issues.edited", "issues.closed", "issues.assigned"]),
        ("build.finished", &["status"]),
        ("release.published", &["release.created", "release.published", "release.released"]),
    ];
    for (kind, expected) in cases {
        assert_eq!(names(&world.tell(&example(kind))), *expected, "{kind}");
    }
}

#[test]
fn a_draft_release_was_told_as_created_before() {
    let Happening::Release(action, mut event) = example("release.published") else { panic!("a release") };
    event.was_draft = true;
    event.release.prerelease = true;
    let drafts = world().tell(&Happening::Release(action, event));
    assert_eq!(names(&drafts), ["release.published", "release.prereleased"]);
}

#[test]
fn a_draft_that_is_ready_is_told_apart_from_edits() {
    let Happening::PullRequest(action, mut event) = example("pull_request.edited") else { panic!("a pull request") };
    let changes = event.changes.as_mut().expect("changes");
    (changes.title, changes.body, changes.draft) = (None, None, Some(true));
    let drafts = world().tell(&Happening::PullRequest(action, event));
    assert_eq!(names(&drafts), ["pull_request.ready_for_review"]);
}

#[test]
fn closing_says_whether_it_was_a_merge() {
    let world = world();
    for (kind, merged) in
        [("pull_request.merged", true), ("pull_request.declined", false), ("pull_request.deleted", false)]
    {
        let body = tree(&world.tell(&example(kind))[0]);
        let pull = &body["pull_request"];
        assert_eq!((&pull["state"], &pull["merged"]), (&"closed".into(), &merged.into()), "{kind}");
        assert_eq!((pull["closed_at"].is_string(), pull["merged_at"].is_string()), (true, merged), "{kind}");
    }
}

#[test]
fn people_stand_to_the_repository_as_they_do() {
    let world = world();
    let Happening::IssueComment(action, mut event) = example("issue_comment.created") else { panic!("a comment") };
    let mut association = |login: &str| {
        event.actor.login = Some(login.to_owned());
        event.actor.email = None;
        let body = tree(&world.tell(&Happening::IssueComment(action, event.clone()))[0]);
        body["comment"]["author_association"].as_str().expect("a text").to_owned()
    };
    let found = ["acme", "mona", "ravi", "tess", "nobody"].map(&mut association);
    assert_eq!(found, ["OWNER", "MEMBER", "COLLABORATOR", "NONE", "NONE"]);
}

#[test]
fn strangers_are_users_with_id_zero_and_safe_urls() {
    let Happening::Repository(action, mut event) = example("repository.created") else { panic!("a repository") };
    event.actor.login = Some("A/B é".to_owned());
    event.actor.email = None;
    let body = tree(&world().tell(&Happening::Repository(action, event))[0]);
    assert_eq!((&body["sender"]["login"], &body["sender"]["id"]), (&"A/B é".into(), &0.into()));
    assert_eq!(body["sender"]["url"], "https://git.acme.test:8443/api/v3/users/A%2FB%20%C3%A9");
}

#[test]
fn a_fork_that_is_not_registered_here_is_a_fork_all_the_same() {
    let Happening::Repository(action, mut event) = example("repository.forked") else { panic!("a repository") };
    let name = domain::canonical::RepositoryName { owner: "zoe".to_owned(), name: "copy".to_owned() };
    event.fork = Some(name);
    let body = tree(&world().tell(&Happening::Repository(action, event))[0]);
    let forkee = &body["forkee"];
    assert_eq!((&forkee["full_name"], &forkee["fork"], &forkee["id"]), (&"zoe/copy".into(), &true.into(), &0.into()));
}

#[test]
fn events_of_an_account_alone_have_no_github_words() {
    let world = world();
    let scene = Scene { repository: None, ..world.scene() };
    assert!(crate::github::payload::translate(&example("push"), &scene, &|_| true).is_empty());
}
