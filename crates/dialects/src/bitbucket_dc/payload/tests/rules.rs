//! What is told, and of whom.

use domain::canonical::{Actor, PullRequestChanges, PullRequestState, RepositoryName, Review, Verdict};
use serde_json::json;

use super::*;

#[test]
fn nothing_is_rendered_that_nobody_wants() {
    let world = world();
    world.assert_silent_for_nobody();
    let scene = Scene { repository: None, ..world.scene() };
    let of_account = crate::bitbucket_dc::payload::translate(&example("push"), &scene, &|_| true);
    assert!(of_account.is_empty(), "events of an account alone have no words");
}

#[test]
fn each_type_becomes_the_events_of_design_section_4() {
    let world = world();
    let cases: &[(&str, &[&str])] = &[
        ("push", &["repo:refs_changed"]),
        ("repository.renamed", &["repo:modified"]),
        ("repository.created", &[]),
        ("repository.deleted", &[]),
        ("repository.forked", &["repo:forked"]),
        ("commit_status.created", &[]),
        ("pull_request.reopened", &[]),
        ("pull_request.target_updated", &["pr:modified", "pr:to_ref_updated"]),
        ("pull_request.changes_requested", &["pr:reviewer:needs_work", "pr:reviewer:changes_requested"]),
        ("pull_request.merged", &["pr:merged"]),
        ("issue.opened", &[]),
        ("build.finished", &[]),
        ("release.published", &[]),
    ];
    for (kind, expected) in cases {
        assert_eq!(keys(&world.tell(&example(kind))), *expected, "{kind}");
    }
}

#[test]
fn a_message_under_a_documented_key_bears_that_key() {
    let drafts = world().tell(&example("pull_request.changes_requested"));
    assert_eq!(tree(&drafts[1])["eventKey"], "pr:reviewer:changes_requested");
    assert_eq!(tree(&drafts[1])["participant"]["status"], "NEEDS_WORK");
    let body = tree(&world().tell(&example("pull_request.target_updated"))[1]);
    assert_eq!(body["previousToHash"], body["previousTarget"]["latestCommit"]);
}

#[test]
fn modified_tells_both_sides_of_what_the_event_is_about() {
    let cases = [
        ("repository.renamed", "/slug", json!("gadgets"), json!("widgets")),
        ("repository.archived", "/archived", json!(false), json!(true)),
        ("repository.unarchived", "/archived", json!(true), json!(false)),
        ("repository.privatized", "/public", json!(true), json!(false)),
        ("repository.publicized", "/public", json!(false), json!(true)),
        ("repository.updated", "/description", Value::Null, json!("Parts that move")),
        ("repository.transferred", "/project/key", json!("~mona"), json!("WHEELS")),
    ];
    for (kind, pointer, old, new) in cases {
        let body = world().body(&example(kind));
        let of = |side: &str| body[side].pointer(pointer).cloned().unwrap_or_default();
        assert_eq!((of("old"), of("new")), (old, new), "{kind}");
    }
}

#[test]
fn a_project_is_told_before_and_after_wherever_its_organization_was_published() {
    let world = world();
    let of_account = Scene { repository: None, ..world.scene() };
    let wants = |key: &str| key == "project:modified";
    let example = example("organization.updated");
    let drafts = crate::bitbucket_dc::payload::translate(&example, &of_account, &wants);
    assert_eq!(keys(&drafts), ["project:modified"]);
    let body = tree(&drafts[0]);
    assert_eq!((&body["old"]["key"], &body["new"]["key"]), (&json!("ACME"), &json!("MOVE")));
    assert_eq!((&body["old"]["name"], &body["new"]["name"]), (&json!("Acme"), &json!("Acme Conveyors")));
    assert_eq!(body["old"].get("description"), None);
    assert_eq!(keys(&world.tell(&example)), ["project:modified", "proj:modified"]);
}

#[test]
fn what_data_center_does_not_show_did_not_change() {
    let homepage_only = of_repository("repository.updated", |event| {
        event.changes.as_mut().expect("changes").description = None;
    });
    assert!(world().tell(&homepage_only).is_empty());
    let nothing = of_pull_request("pull_request.edited", |event| event.changes = Some(PullRequestChanges::default()));
    assert!(world().tell(&nothing).is_empty());
}

#[test]
fn a_former_owner_who_is_gone_was_a_project() {
    let body = world().body(&of_repository("repository.transferred", |event| event.from = Some("gone".to_owned())));
    let project = &body["old"]["project"];
    assert_eq!((&project["key"], &project["id"], &project["type"]), (&json!("GONE"), &json!(0), &json!("NORMAL")));
}

#[test]
fn a_fork_names_its_origin_and_shares_its_hierarchy() {
    let mut unknown = RepositoryName { owner: "ravi".to_owned(), name: "widgets".to_owned() };
    for (name, id) in [("widgets", 11), ("copy", 0)] {
        name.clone_into(&mut unknown.name);
        let happening = of_repository("repository.forked", |event| event.fork = Some(unknown.clone()));
        let repository = &world().body(&happening)["repository"];
        assert_eq!((&repository["id"], &repository["origin"]["id"]), (&json!(id), &json!(10)), "{name}");
        assert_eq!(repository["hierarchyId"], repository["origin"]["hierarchyId"], "{name}");
        assert_eq!(repository["project"]["key"], "~ravi", "{name}");
    }
}

#[test]
fn forks_of_forks_belong_to_the_first_repository() {
    let world = world();
    let owner = world.directory.account("mona").expect("known");
    let again = Repository { fork_of: Some(RepositoryId(11)), ..repository(12, "widgets", &owner) };
    world.directory.apply([Change::Repository(Arc::new(again))]);
    let mona = RepositoryName { owner: "mona".to_owned(), name: "widgets".to_owned() };
    let body = world.body(&of_pull_request("pull_request.opened", |event| {
        event.pull_request.source.repository = Some(mona);
    }));
    let (from, to) = (&body["pullRequest"]["fromRef"]["repository"], &body["pullRequest"]["toRef"]["repository"]);
    assert_eq!(from["hierarchyId"], to["hierarchyId"]);
    assert_eq!((&from["origin"]["id"], from["origin"].get("origin")), (&json!(11), None));
}

#[test]
fn a_personal_project_names_its_owner() {
    let mut world = world();
    world.owner = world.directory.account("ravi").expect("known");
    world.repository = world.directory.locate("ravi", "widgets").expect("known").repository;
    let repository = &world.body(&example("push"))["repository"];
    let project = &repository["project"];
    assert_eq!((&project["key"], &project["type"]), (&json!("~ravi"), &json!("PERSONAL")));
    assert_eq!((&project["owner"]["slug"], project.get("public")), (&json!("ravi"), None));
    assert_eq!(project["links"]["self"][0]["href"], "https://git.acme.test:8443/users/ravi");
    let browse = "https://git.acme.test:8443/users/ravi/repos/widgets/browse";
    assert_eq!(repository["links"]["self"][0]["href"], browse);
}

#[test]
fn strangers_are_users_with_id_zero_and_safe_urls() {
    let actor = Actor { login: Some("A/B é".to_owned()), name: Some("Anna B".to_owned()), email: None };
    let actor = &world().body(&push(|push| push.pusher = actor))["actor"];
    let expected = json!({
        "name": "A/B é", "id": 0, "displayName": "Anna B", "active": true, "slug": "a_b__", "type": "NORMAL",
        "links": {"self": [{"href": "https://git.acme.test:8443/users/a_b__"}]},
    });
    assert_eq!(*actor, expected);
    let by_mail = Actor { email: Some("MONA@acme.test".to_owned()), ..Actor::default() };
    assert_eq!(world().body(&push(|push| push.pusher = by_mail))["actor"]["id"], 2);
}

#[test]
fn edits_tell_what_everything_was_before() {
    let body = world().body(&example("pull_request.edited"));
    assert_eq!((&body["previousTitle"], &body["previousDescription"]), (&json!("Stop it"), &json!("")));
    assert_eq!(body["previousTarget"]["displayId"], body["pullRequest"]["toRef"]["displayId"]);
    let ready = of_pull_request("pull_request.edited", |event| {
        event.changes = Some(PullRequestChanges { draft: Some(true), ..PullRequestChanges::default() });
    });
    let body = world().body(&ready);
    assert_eq!((&body["previousDraft"], &body["pullRequest"]["draft"]), (&json!(true), &json!(false)));
    assert_eq!(body["previousTitle"], body["pullRequest"]["title"]);
    assert_eq!(body["previousDescription"], body["pullRequest"]["description"]);
}

#[test]
fn a_verdict_tells_the_one_before() {
    let cases = [
        ("pull_request.approved", Verdict::ChangesRequested, "NEEDS_WORK"),
        ("pull_request.approved", Verdict::Pending, "UNAPPROVED"),
        ("pull_request.changes_requested", Verdict::Approved, "APPROVED"),
        ("pull_request.unapproved", Verdict::ChangesRequested, "NEEDS_WORK"),
        // Nothing can be taken back from nothing.
        ("pull_request.unapproved", Verdict::Pending, "APPROVED"),
    ];
    for (kind, previous, expected) in cases {
        let happening = of_pull_request(kind, |event| event.review = Some(Review { previous, ..Review::default() }));
        let body = tree(&world().tell(&happening)[0]);
        assert_eq!(body["previousStatus"], expected, "{kind} {previous:?}");
        let participant = &body["participant"];
        assert_eq!(participant["approved"], kind == "pull_request.approved");
        assert_eq!(participant["lastReviewedCommit"], body["pullRequest"]["fromRef"]["latestCommit"]);
    }
}

#[test]
fn a_closed_pull_request_says_when_and_a_merged_one_by_which_commit() {
    let body = world().body(&example("pull_request.merged"));
    let pull = &body["pullRequest"];
    assert_eq!((&pull["state"], &pull["open"], &pull["closed"]), (&json!("MERGED"), &json!(false), &json!(true)));
    assert_eq!(pull["properties"]["mergeCommit"]["displayId"], "3b7f5a9d1c2");
    assert_eq!(pull["closedDate"], 1_767_323_040_000_i64);
    let superseded = of_pull_request("pull_request.declined", |event| {
        event.pull_request.state = PullRequestState::Superseded;
        event.pull_request.closed_at = None;
    });
    let pull = &world().body(&superseded)["pullRequest"];
    assert_eq!((&pull["state"], pull.get("properties")), (&json!("DECLINED"), None));
    assert_eq!(pull["closedDate"], pull["updatedDate"]);
}

#[test]
fn a_pull_request_from_a_tag_says_so() {
    let body = world().body(&of_pull_request("pull_request.opened", |event| {
        "refs/tags/v1".clone_into(&mut event.pull_request.source.name);
    }));
    let from = &body["pullRequest"]["fromRef"];
    assert_eq!((&from["type"], &from["displayId"]), (&json!("TAG"), &json!("v1")));
}

#[test]
fn answers_name_what_they_answer_and_deleted_comments_have_no_properties() {
    let Happening::PullRequestComment(action, mut event) = example("pull_request_comment.created") else {
        panic!("a comment")
    };
    event.comment.parent = Some(62);
    let body = world().body(&Happening::PullRequestComment(action, event));
    assert_eq!((&body["commentParentId"], &body["comment"]["properties"]["repositoryId"]), (&json!(62), &json!(10)));
    let body = world().body(&example("commit_comment.deleted"));
    assert_eq!(body["comment"].get("properties"), None);
    let body = world().body(&example("commit_comment.edited"));
    assert_eq!(
        (&body["previousComment"], &body["comment"]["version"]),
        (&json!("This stops **too** early."), &json!(1))
    );
}

#[test]
fn a_mirror_that_moved_too_much_lists_nothing() {
    let Happening::MirrorSynchronized(mut event) = example("mirror.synchronized") else { panic!("a mirror") };
    event.ref_limit_exceeded = true;
    event.actor = None;
    let body = world().body(&Happening::MirrorSynchronized(event));
    assert_eq!((&body["changes"], &body["refLimitExceeded"], body.get("actor")), (&json!([]), &json!(true), None));
}
