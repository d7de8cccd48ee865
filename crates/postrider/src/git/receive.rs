//! From git's lines on standard input to events.

use domain::ports::{Clock, Entropy};

use super::program::Git;
use super::{Repository, Settings, env, event, push, pusher, updates};

/// Most refs named in messages.
const MAX_NAMED: usize = 5;

/// What one push gives to publish.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// `CloudEvents` to keep and send, in order; none if no branch or tag moved.
    pub(crate) events: Vec<Vec<u8>>,
    /// The refs, for messages: `refs/heads/main, refs/tags/v1, and 3 more`.
    pub(crate) about: String,
    /// What could not be found out, for people.
    pub(crate) trouble: Vec<String>,
}

/// Works out what `input`, the lines git gives to `post-receive`, means for the repository `source`.
pub(crate) fn receive(
    repository: &Repository,
    settings: &Settings,
    source: &str,
    input: &[u8],
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Received {
    let moved = updates::parse(input);
    if moved.is_empty() {
        return Received::default();
    }
    let pusher = pusher::find(&env::variable, settings.user_name.as_deref(), settings.user_email.as_deref());
    let git = Git::new(repository.dir(), clock, super::COMPUTE_TIME);
    let mut trouble = Vec::new();
    let push = push::compute(&git, &moved, pusher, &mut trouble);
    let mut about: Vec<_> = moved.iter().take(MAX_NAMED).map(updates::Moved::text).collect();
    if moved.len() > MAX_NAMED {
        about.push(format!("and {} more", moved.len() - MAX_NAMED));
    }
    let events = event::wrap(push, source, clock, entropy).unwrap_or_else(|error| {
        trouble.push(format!("the push cannot be written as JSON: {error}"));
        Vec::new()
    });
    Received { events, about: about.join(", "), trouble }
}
