//! What happens while the server is away, slow or does not want an event.

use std::collections::BTreeSet;
use std::process::Stdio;

use crate::git::{Mood, Scene, refs_of, stderr, text};

#[test]
fn pushes_while_the_server_is_away_are_kept_and_sent_in_order_with_the_next_one() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    scene.server.turn(Mood::Refuse(500));
    for branch in ["one", "two"] {
        let said = scene.push(&[&format!("main:{branch}")]);
        assert!(said.contains("remote: postrider: ") && said.contains("waiting in the spool"), "{said}");
    }
    assert_eq!(scene.spooled("json").len(), 2);
    scene.server.turn(Mood::Accept);
    scene.push(&["main:three"]);
    assert_eq!(scene.spooled("json").len(), 0);
    let events = scene.server.events();
    let sent: Vec<_> = events.iter().map(|event| refs_of(event).concat()).collect();
    let (one, two, three) = ("refs/heads/one", "refs/heads/two", "refs/heads/three");
    assert_eq!(sent, [one, one, one, two, three], "the first was tried with each push and held the second back");
    assert_eq!(events[0]["id"], events[2]["id"], "a retry is recognized by its id");
    assert_eq!(events[0], events[2]);
    assert!(scene.server.heads().iter().all(|head| head.starts_with("post /api/v1/events ")
        && head.contains("authorization: bearer tok\r\n")
        && head.contains("content-type: application/cloudevents+json\r\n")));
    assert_eq!((&events[0]["source"], &events[0]["type"]), (&"/repos/acme/widgets".into(), &"push".into()));
}

#[test]
fn flush_sends_what_waits_and_fails_while_something_stays() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    scene.server.turn(Mood::Page(502));
    scene.push(&["main"]);
    scene.push(&["main:two"]);
    let bare = scene.bare();
    let flush = || scene.postrider(&["git", "flush", "--path", text(&bare)]);
    let failed = flush();
    assert_eq!(failed.status.code(), Some(1));
    assert!(stderr(&failed).contains("2 waiting events could not be sent"), "{}", stderr(&failed));
    scene.server.turn(Mood::Accept);
    let sent = flush();
    assert!(sent.status.success(), "{}", stderr(&sent));
    assert_eq!(refs_of(scene.server.events().last().expect("sent")), ["refs/heads/two"]);
    assert!(flush().status.success(), "an empty spool is fine");
    let nowhere = scene.dir.path().join("nowhere");
    scene.server.turn(Mood::Page(502));
    scene.push(&["main:three"]);
    scene.server.turn(Mood::Accept);
    let several = scene.postrider(&["git", "flush", "--path", text(&nowhere), text(&scene.bare())]);
    assert_eq!(
        (several.status.code(), scene.spooled("json").len()),
        (Some(1), 0),
        "one bad path does not stop the others"
    );
}

#[test]
fn an_event_the_server_refuses_for_good_steps_aside_with_the_answer() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    scene.server.turn(Mood::Refuse(422));
    let said = scene.push(&["main"]);
    assert!(said.contains(".refused: 422: data.refs: no such thing"), "{said}");
    let aside = scene.spooled("refused");
    assert_eq!((aside.len(), scene.spooled("answer"), scene.spooled("json").len()), (1, aside, 0));
    scene.server.turn(Mood::Accept);
    scene.pushed(&["main:two"]);
}

#[test]
fn a_wrong_token_or_an_answer_that_is_not_postriders_keeps_the_event() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    for (number, mood) in
        [Mood::Refuse(401), Mood::Refuse(403), Mood::Refuse(429), Mood::Page(404)].into_iter().enumerate()
    {
        scene.server.turn(mood);
        scene.push(&[&format!("main:b{number}")]);
        assert_eq!(scene.spooled("json").len(), number + 1, "{mood:?}");
    }
}

#[test]
fn a_server_that_hangs_delays_a_push_by_seconds_only() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    scene.server.turn(Mood::Hang);
    // The server never answers: that the push ends, and says so, is what shows the limit.
    let said = scene.push(&["main"]);
    assert!(said.contains("took longer than 3 s; 1 waiting"), "{said}");
    assert_eq!(scene.spooled("json").len(), 1);
}

#[test]
fn pushes_at_the_same_time_are_each_sent_once() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    let pushes: Vec<_> = (0..6)
        .map(|number| {
            let mut push = scene.command("git", &scene.work());
            push.args(["push", "-q", "origin", &format!("main:b{number}")]).stderr(Stdio::null());
            push.spawn().expect("git runs")
        })
        .collect();
    for mut push in pushes {
        assert!(push.wait().expect("git ends").success());
    }
    assert!(scene.spooled("json").is_empty());
    let events = scene.server.events();
    let ids: BTreeSet<_> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!((events.len(), ids.len()), (6, 6));
}

#[test]
fn a_full_spool_loses_the_new_event_aloud_and_the_push_succeeds() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    scene.server.turn(Mood::Refuse(503));
    for number in 0..1_000 {
        let file = scene.bare().join(format!("postrider/spool/{number:020}.json"));
        std::fs::write(file, r#"{"id":"i","source":"s","type":"t"}"#).expect("written");
    }
    let said = scene.push(&["main"]);
    assert!(said.contains("this push was not published: refs/heads/main: the spool is full"), "{said}");
    let log = std::fs::read_to_string(scene.bare().join("postrider/dropped.log")).expect("a log");
    assert!(log.ends_with("Z refs/heads/main: the spool is full (1000 events or 64 MiB)\n"), "{log}");
    scene.server.turn(Mood::Accept);
    // How much is sent in the seconds that a push may take depends on the machine; room for one event is made on any.
    let said = scene.push(&["main:two"]);
    assert!(!said.contains("not published"), "a server that is back makes room for the push at hand: {said}");
    let sent = scene.postrider(&["git", "flush", "--path", text(&scene.bare())]);
    assert!(sent.status.success(), "{}", stderr(&sent));
    assert_eq!((scene.spooled("json").len(), refs_of_last(&scene)), (0, vec!["refs/heads/two".to_owned()]));
}

fn refs_of_last(scene: &Scene) -> Vec<String> {
    refs_of(scene.server.events().last().expect("sent"))
}

#[test]
fn a_broken_file_in_the_spool_steps_aside() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    std::fs::write(scene.bare().join(format!("postrider/spool/{:020}.json", 7)), "{\"id\":").expect("written");
    let said = scene.push(&["main"]);
    assert!(said.contains(".bad: not an event"), "{said}");
    assert_eq!((scene.spooled("bad").len(), scene.spooled("json").len()), (1, 0));
    assert_eq!(refs_of_last(&scene), ["refs/heads/main"]);
}

#[test]
fn a_lost_token_keeps_the_event_and_says_so() {
    let scene = Scene::attached();
    scene.commit(&[], "1");
    std::fs::remove_file(scene.bare().join("postrider/token")).expect("removed");
    let said = scene.push(&["main"]);
    assert!(said.contains("cannot read") && said.contains("1 waiting"), "{said}");
    assert_eq!(scene.spooled("json").len(), 1);
}
