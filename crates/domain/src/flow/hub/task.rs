//! Performing a task: whatever it is, it ends in one commit.

use std::time::Duration;

use super::ask::{callback_hash, callback_host};
use super::{deny, fetch, tell, verify};
use crate::attempt::{Exchange, Outcome};
use crate::flow::Ports;
use crate::hub::Hub;
use crate::ports::Stored;
use crate::task::{Effect, Job, Task, TaskEnd, TaskNext, TaskNote};

/// Pauses before the second, third and fourth try (contract websub sections 4 and 7).
const RETRIES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(240)];

/// How one try went.
#[derive(Debug)]
pub(super) struct Tried {
    /// In a word, for the log.
    pub(super) outcome: &'static str,
    /// The HTTP status answered, if one was.
    pub(super) status: Option<u16>,
    /// Why, in a few words.
    pub(super) reason: Option<String>,
    /// The failure may pass: it is worth another try.
    pub(super) temporary: bool,
    /// What follows, if it is not tried again.
    pub(super) effects: Vec<Effect>,
}

impl Tried {
    /// It is over.
    pub(super) fn done(outcome: &'static str) -> Self {
        Self { outcome, status: None, reason: None, temporary: false, effects: Vec::new() }
    }

    /// It failed in a way that may pass.
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self { temporary: true, reason: Some(reason.into()), ..Self::done("failed") }
    }

    /// An exchange that failed in a way that may pass; `busy` says so of an answer. `None`: whatever it was, it is final.
    pub(super) fn passing(exchange: &Exchange, busy: &str) -> Option<Self> {
        let reason = if exchange.outcome == Outcome::Answered { busy } else { exchange.outcome.as_str() };
        may_pass(exchange).then(|| Self { status: exchange.status, ..Self::failed(reason) })
    }

    /// With what follows.
    pub(super) fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

/// May a failure like this pass? For what is asked of strangers: of theirs, what says that it may; of ours, all but the
/// guard's word, which to the outside is like any other (E-12).
pub(super) fn may_pass(exchange: &Exchange) -> bool {
    match exchange.outcome {
        Outcome::Answered => matches!(exchange.status, Some(408 | 429 | 500..=599)),
        Outcome::Refused => false,
        Outcome::TimedOut
        | Outcome::NameFailed
        | Outcome::ConnectFailed
        | Outcome::TlsFailed
        | Outcome::Broken
        | Outcome::InternalError => true,
    }
}

/// Does one task. Nothing is committed yet: that is for [`commit`], as often as it takes. An error means that the store
/// failed half-way.
pub async fn perform(ports: &Ports, task: &Task) -> Stored<TaskEnd> {
    let tried = match ports.dialects.hub() {
        Some((_, hub)) => try_it(ports, hub, task).await?,
        None => Tried::done("no hub"),
    };
    Ok(end_of(ports, task, tried))
}

/// The end of a try that came to nothing through no fault of the one it was for.
pub fn failed(ports: &Ports, task: &Task, reason: &str) -> TaskEnd {
    end_of(ports, task, Tried::failed(reason))
}

/// Commits what came of a task; returns its note. An error means that nothing was committed: the claim lapses with the
/// process, or the caller tries again.
pub async fn commit(ports: &Ports, end: &TaskEnd) -> Stored<TaskNote> {
    let mut note = end.note.clone();
    if !ports.store.end_task(end.clone()).await? {
        "superseded".clone_into(&mut note.outcome);
    }
    Ok(note)
}

async fn try_it(ports: &Ports, hub: &dyn Hub, task: &Task) -> Stored<Tried> {
    match &task.job {
        Job::VerifyIntent(intent) => verify::verify(ports, hub, intent, is_last(task)).await,
        Job::Deny(denial) => Ok(deny::deny(ports, hub, denial).await),
        Job::FetchTopic(topic) => fetch::fetch(ports, hub, *topic, task).await,
        Job::TellTopic(topic, event) => tell::tell(ports, hub, *topic, *event).await,
    }
}

/// Is there no try after this one?
fn is_last(task: &Task) -> bool {
    usize::try_from(task.attempts).is_ok_and(|attempts| attempts >= RETRIES.len())
}

/// What becomes of a task after such a try.
fn end_of(ports: &Ports, task: &Task, tried: Tried) -> TaskEnd {
    let now = ports.clock.now();
    let pause = usize::try_from(task.attempts).ok().and_then(|attempts| RETRIES.get(attempts));
    let again = pause.filter(|_| tried.temporary);
    let (next, effects) = match again {
        Some(pause) => (TaskNext::RetryAt(now.plus(*pause)), Vec::new()),
        None => (TaskNext::Done, tried.effects),
    };
    let note = TaskNote {
        at: now,
        job: task.job.name().to_owned(),
        topic: topic_of(ports, &task.job),
        mode: match &task.job {
            Job::VerifyIntent(intent) => Some(intent.mode.as_str().to_owned()),
            Job::Deny(_) | Job::FetchTopic(_) | Job::TellTopic(..) => None,
        },
        callback_host: task.job.callback().map(callback_host),
        callback_hash: task.job.callback().map(callback_hash),
        outcome: if again.is_some() { "retried" } else { tried.outcome }.to_owned(),
        status: tried.status,
        reason: tried.reason,
    };
    TaskEnd { task: task.id, epoch: task.epoch, next, effects, note }
}

/// The URL a task is about.
fn topic_of(ports: &Ports, job: &Job) -> String {
    match job {
        Job::VerifyIntent(intent) => intent.topic.clone(),
        Job::Deny(denial) => denial.topic.clone(),
        Job::FetchTopic(topic) | Job::TellTopic(topic, _) => {
            ports.directory().topic_by_id(*topic).map(|topic| topic.url.clone()).unwrap_or_default()
        }
    }
}
