//! Sends what waits in the spool, in order.

use std::io;

use domain::time::Timestamp;
use serde_json::Value;

use super::spool::Spool;

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The server has it.
    Accepted,
    /// The server will never take it; its status and reason.
    Refused(String),
    /// Not now: the reason. It keeps its place, and those behind it wait.
    Later(String),
}

/// What a flush did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flushed {
    /// Events the server took.
    pub(crate) sent: usize,
    /// Events set aside for good, each with the reason.
    pub(crate) aside: Vec<String>,
    /// Why the rest still waits.
    pub(crate) stopped: Option<String>,
    /// Another process is sending; it will see what waits.
    pub(crate) busy: bool,
}

/// Sends everything that waits through `send` until one cannot be sent now. Only one process does this at a time.
pub(crate) async fn flush(spool: &Spool, now: Timestamp, send: impl AsyncFn(Vec<u8>) -> Sent) -> io::Result<Flushed> {
    let mut flushed = Flushed::default();
    // After letting go of the lock, look again: a push that came while it was held has left its event to us.
    while !spool.waiting()?.is_empty() && flushed.stopped.is_none() {
        let Some(_lock) = spool.lock()? else {
            flushed.busy = true;
            break;
        };
        spool.tidy(now)?;
        send_all(spool, &send, &mut flushed).await?;
    }
    Ok(flushed)
}

async fn send_all(spool: &Spool, send: &impl AsyncFn(Vec<u8>) -> Sent, flushed: &mut Flushed) -> io::Result<()> {
    for event in spool.waiting()? {
        let bytes = event.read()?;
        if !is_event(&bytes) {
            spool.reject(&event)?;
            flushed.aside.push(format!("{}.bad: not an event", event.name()));
            continue;
        }
        match send(bytes).await {
            Sent::Accepted => {
                event.remove()?;
                flushed.sent += 1;
            }
            Sent::Refused(reason) => {
                spool.refuse(&event, &reason)?;
                flushed.aside.push(format!("{}.refused: {reason}", event.name()));
            }
            Sent::Later(reason) => {
                flushed.stopped = Some(reason);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Is this a `CloudEvent`, as far as can be told here? A disk can lose what it promised to keep.
fn is_event(bytes: &[u8]) -> bool {
    let Ok(Value::Object(event)) = serde_json::from_slice(bytes) else { return false };
    ["id", "source", "type"].iter().all(|name| event.get(*name).is_some_and(Value::is_string))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

    fn spool_of(events: &[&str]) -> (tempfile::TempDir, Spool) {
        let dir = tempfile::tempdir().expect("a folder");
        let spool = Spool::new(dir.path().join("postrider"), false);
        for event in events {
            keep(&spool, event);
        }
        (dir, spool)
    }

    fn keep(spool: &Spool, id: &str) {
        let event = if id == "broken" { "{".to_owned() } else { format!(r#"{{"id":"{id}","source":"s","type":"t"}}"#) };
        spool.keep(event.as_bytes(), NOW).expect("kept");
    }

    fn id_of(event: &[u8]) -> String {
        let event: Value = serde_json::from_slice(event).expect("an event");
        event["id"].as_str().unwrap_or_default().to_owned()
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
    }

    #[test]
    fn events_go_out_in_order_and_leave_the_spool() {
        let (_dir, spool) = spool_of(&["1", "2", "3"]);
        let seen = RefCell::new(Vec::new());
        let flushed = run(flush(&spool, NOW, async |event| {
            seen.borrow_mut().push(id_of(&event));
            Sent::Accepted
        }));
        assert_eq!(flushed.expect("flushes").sent, 3);
        assert_eq!(seen.into_inner(), ["1", "2", "3"]);
        assert!(spool.waiting().expect("lists").is_empty());
    }

    #[test]
    fn an_event_that_cannot_go_now_holds_those_behind_it_back() {
        let (_dir, spool) = spool_of(&["1", "2", "3"]);
        let flushed = run(flush(&spool, NOW, async |event| match id_of(&event).as_str() {
            "1" => Sent::Accepted,
            _ => Sent::Later("away".to_owned()),
        }));
        let flushed = flushed.expect("flushes");
        assert_eq!((flushed.sent, flushed.stopped.as_deref()), (1, Some("away")));
        assert_eq!(spool.waiting().expect("lists").len(), 2);
    }

    #[test]
    fn a_refused_or_broken_event_steps_aside_and_the_line_moves_on() {
        let (_dir, spool) = spool_of(&["1", "broken", "3"]);
        let flushed = run(flush(&spool, NOW, async |event| match id_of(&event).as_str() {
            "1" => Sent::Refused("404: unknown".to_owned()),
            _ => Sent::Accepted,
        }));
        let flushed = flushed.expect("flushes");
        assert_eq!(flushed.sent, 1);
        assert!(flushed.aside[0].ends_with(".refused: 404: unknown"), "{:?}", flushed.aside);
        assert!(flushed.aside[1].ends_with(".bad: not an event"), "{:?}", flushed.aside);
    }

    #[test]
    fn an_event_kept_while_another_process_sends_is_sent_by_that_process() {
        let (_dir, spool) = spool_of(&["1"]);
        let seen = RefCell::new(Vec::new());
        let flushed = run(flush(&spool, NOW, async |event| {
            let id = id_of(&event);
            if id == "1" {
                keep(&spool, "2");
                let other = flush(&spool, NOW, async |_| Sent::Later("never asked".to_owned())).await;
                assert_eq!(other.expect("looks"), Flushed { busy: true, ..Flushed::default() });
            }
            seen.borrow_mut().push(id);
            Sent::Accepted
        }));
        assert_eq!(flushed.expect("flushes").sent, 2);
        assert_eq!(seen.into_inner(), ["1", "2"]);
    }
}
