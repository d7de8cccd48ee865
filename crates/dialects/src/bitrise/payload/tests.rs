//! The five payloads of section 8, byte for byte, and what is told to whom.

use domain::account::AccountKind;
use domain::canonical::{Actor, BuildEvent};
use domain::ci::CiApp;
use domain::id::{CiAppId, Uid};
use std::sync::Arc;
use testkit::an_app;

use super::*;
use crate::testing::{Files, World, account, assert_compact, assert_goldens, example, keys, repository, tree};

const APP: &str = "0190f3a1-7c00-7000-8000-0000000000a1";

fn world() -> World {
    let acme = Arc::new(account(1, AccountKind::Organization, "acme"));
    let rocket = Arc::new(repository(1, "rocket", &acme));
    World::of(translate, (&acme, &rocket), [])
}

fn app() -> Arc<CiApp> {
    let app = an_app().build().numbered(CiAppId(1));
    Arc::new(CiApp { uid: Uid::parse(APP).expect("a UUID"), ..app })
}

fn tell(happening: &Happening, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    let (world, app) = (world(), app());
    translate(happening, &Scene { app: Some(&app), ..world.scene() }, wanted)
}

/// A build on `main`, of this workflow, as it stands.
fn build(state: BuildState, workflow: &str) -> Build {
    let Happening::Build(_, event) = example("build.finished") else { panic!("a build") };
    Build {
        id: "b1".to_owned(),
        number: 3,
        state,
        workflow: Some(workflow.to_owned()),
        pipeline: None,
        branch: Some("main".to_owned()),
        target_branch: None,
        tag: None,
        pull_request: None,
        provider: Some("github".to_owned()),
        ..event.build
    }
}

fn happening(build: Build) -> Happening {
    let running = build.state == BuildState::Running;
    let action = if running { BuildAction::Triggered } else { BuildAction::Finished };
    Happening::Build(action, Box::new(BuildEvent { actor: Actor::default(), build }))
}

/// File name to body.
fn rendered() -> Files {
    let of_pull_request = Build {
        branch: Some("feature/x".to_owned()),
        target_branch: Some("main".to_owned()),
        pull_request: Some(32),
        ..build(BuildState::Running, "deploy")
    };
    let of_tag = Build { tag: Some("v1.0".to_owned()), ..build(BuildState::Failed, "deploy") };
    let cases = [
        ("triggered.pull_request", of_pull_request),
        ("finished.success", build(BuildState::Succeeded, "deploy")),
        ("finished.error.tag", of_tag),
        ("finished.aborted", build(BuildState::Aborted, "primary")),
        ("finished.aborted_with_success", build(BuildState::AbortedAsSuccess, "primary")),
    ];
    let mut files = Files::new();
    for (name, build) in cases {
        let [draft] = tell(&happening(build), &|_| true).try_into().expect("one message");
        files.insert(format!("{name}.{}.json", draft.kind.replace('/', "_")), draft.body);
    }
    files
}

#[test]
fn builds_become_their_goldens() {
    assert_goldens("bitrise", &rendered());
    assert_compact(&rendered());
}

#[test]
fn a_build_without_branch_and_workflow_is_told_with_empty_words() {
    let bare = Build {
        branch: None,
        workflow: None,
        tag: Some("v1".to_owned()),
        provider: None,
        ..build(BuildState::Running, "")
    };
    let [draft] = tell(&happening(bare), &|_| true).try_into().expect("one message");
    let body = tree(&draft);
    let git = serde_json::json!({"provider": "github", "src_branch": "", "dst_branch": "", "pull_request_id": 0, "tag": "v1"});
    assert_eq!((&body["build_triggered_workflow"], &body["git"]), (&"".into(), &git));
    assert_eq!(body["app_slug"], APP);
}

#[test]
fn builds_of_pipelines_are_told_twice_to_who_wants_both() {
    let of_pipeline =
        Build { workflow: None, pipeline: Some("release".to_owned()), ..build(BuildState::Succeeded, "") };
    let of_pipeline = happening(of_pipeline);
    let both = tell(&of_pipeline, &|_| true);
    assert_eq!(keys(&both), [BUILD_FINISHED, PIPELINE_FINISHED]);
    assert_eq!((both[0].body == both[1].body, &tree(&both[0])["build_triggered_workflow"]), (true, &"release".into()));
    assert_eq!(keys(&tell(&of_pipeline, &|kind| kind == PIPELINE_FINISHED)), [PIPELINE_FINISHED]);
    assert!(tell(&of_pipeline, &|_| false).is_empty());
    assert_eq!(keys(&tell(&happening(build(BuildState::Running, "primary")), &|_| true)), [BUILD_TRIGGERED]);
}

#[test]
fn nothing_is_told_of_anything_but_builds_of_apps() {
    for kind in Happening::types() {
        assert!(world().tell(&example(&kind)).is_empty(), "{kind}: no app");
        let told = tell(&example(&kind), &|_| true);
        assert_eq!(told.len(), usize::from(kind.starts_with("build.")), "{kind}");
    }
    world().assert_silent_for_nobody();
}
