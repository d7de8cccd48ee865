//! Attaching a repository, again, and taking it back.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::git::{Scene, stderr, text};

fn write_hook(path: &Path, script: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    std::fs::write(path, script).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("executable");
}

#[test]
fn a_hook_that_was_there_first_still_runs_first_and_comes_back_on_detach() {
    let scene = Scene::with_format("sha1");
    let hook = scene.bare().join("hooks/post-receive");
    write_hook(&hook, "#!/bin/sh\ncat > seen-by-earlier\nexit 3\n");
    scene.attach();
    scene.attach();
    let first = scene.commit(&[], "1");
    scene.pushed(&["main"]);
    let seen = std::fs::read_to_string(scene.bare().join("seen-by-earlier")).expect("it ran");
    assert_eq!(seen, format!("{} {first} refs/heads/main\n", "0".repeat(40)));
    let detached = scene.postrider(&["git", "detach", "--path", text(&scene.bare())]);
    assert!(detached.status.success(), "{}", stderr(&detached));
    assert!(std::fs::read_to_string(&hook).expect("it is back").contains("exit 3"));
    assert!(!scene.bare().join("hooks/post-receive.before-postrider").exists());
    assert!(!scene.bare().join("postrider/token").exists());
    scene.push(&["main:two"]);
    assert_eq!(scene.server.events().len(), 1);
}

#[test]
fn attaching_again_changes_what_differs() {
    let scene = Scene::attached();
    let moved = scene.postrider(&["git", "attach", "acme/gadgets", "--path", text(&scene.bare())]);
    assert!(moved.status.success(), "the token from before is kept: {}", stderr(&moved));
    assert_eq!(scene.git_in(&scene.bare(), &["config", "--get-all", "postrider.source"]), "/repos/acme/gadgets");
    scene.commit(&[], "1");
    scene.pushed(&["main"]);
    assert_eq!(scene.server.events()[0]["source"], "/repos/acme/gadgets");
}

#[test]
fn the_token_is_for_the_owner_only() {
    let scene = Scene::attached();
    let token = scene.bare().join("postrider/token");
    assert_eq!(std::fs::metadata(&token).expect("written").permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(token).expect("readable"), "tok\n");
}

#[test]
fn a_host_that_runs_a_folder_of_hooks_gets_ours_put_there() {
    let scene = Scene::with_format("sha1");
    let hook = scene.bare().join("hooks/post-receive");
    let delegate = "#!/bin/sh\ndata=$(cat)\nfor hook in hooks/post-receive.d/*; do echo \"$data\" | \"$hook\"; done\n";
    write_hook(&hook, delegate);
    std::fs::create_dir(scene.bare().join("hooks/post-receive.d")).expect("created");
    scene.attach();
    assert_eq!(std::fs::read_to_string(hook).expect("there"), delegate, "the host's own hook is left alone");
    scene.commit(&[], "1");
    scene.pushed(&["main"]);
}

#[test]
fn a_repository_with_a_working_tree_can_be_attached() {
    let scene = Scene::with_format("sha1");
    let attached = scene.postrider(&["git", "attach", "acme/widgets", "--path", text(&scene.work()), "--token", "tok"]);
    assert!(attached.status.success(), "{}", stderr(&attached));
    let first = scene.commit(&[], "1");
    scene.git(&["push", "-q", text(&scene.work()), "main:other"]);
    assert_eq!(scene.server.events()[0]["data"]["refs"][0]["after"], first.as_str());
}

#[test]
fn what_cannot_be_attached_is_refused_before_anything_is_written() {
    let scene = Scene::with_format("sha1");
    let nowhere = scene.dir.path().join("nowhere");
    let outside = scene.dir.path().join("shared-hooks");
    let attach = |path: &Path, more: &[&str]| {
        let refused = scene.postrider(&[&["git", "attach", "acme/widgets", "--path", text(path)], more].concat());
        assert_eq!(refused.status.code(), Some(1));
        stderr(&refused)
    };
    assert!(attach(&nowhere, &["--token", "t"]).contains("is no git repository"));
    assert!(attach(scene.dir.path(), &["--token", "t"]).contains("is no git repository"));
    assert!(attach(&scene.bare(), &[]).contains("give a token"));
    scene.git_in(&scene.bare(), &["config", "core.hooksPath", text(&outside)]);
    assert!(attach(&scene.bare(), &["--token", "t"]).contains("core.hooksPath"));
    assert!(!scene.bare().join("hooks/post-receive").exists() && !scene.bare().join("postrider").exists());
}

#[test]
fn a_push_succeeds_also_when_the_program_is_gone_or_the_repository_is_not_attached() {
    let scene = Scene::attached();
    let hook = scene.bare().join("hooks/post-receive");
    let script = std::fs::read_to_string(&hook).expect("there");
    scene.git_in(&scene.bare(), &["config", "--unset", "postrider.source"]);
    scene.commit(&[], "1");
    assert!(!scene.push(&["main"]).contains("postrider:"));
    write_hook(&hook, &script.replace(env!("CARGO_BIN_EXE_postrider"), "/nowhere/postrider"));
    scene.push(&["main:two"]);
    assert!(scene.server.events().is_empty());
}
