//! `POST /hub`: hooks of a repository, asked for as PubSubHubbub subscriptions (contract github section 5).
//!
//! A subscription is an event of an ordinary hook that calls the callback. Nothing asks the callback whether it wants
//! that, so only those who may create hooks subscribe; and nothing ends but by `unsubscribe`.

mod topic;
mod wish;

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use domain::account::Principal;
use domain::hook::{Candidate, Hook, HookConflict, NewHook, SiblingRule};
use domain::id::Uid;
use domain::ports::StoreError;
use domain::rules::access::HookAccess;

use super::app::App;
use super::call::{Call, RawBody};
use super::create::greet;
use super::errors::ApiError;
use super::subject::Subject;
use super::validate::ALIAS_KEY;
use crate::github::dialect::NAME;
use crate::http::anything_goes;
use topic::Topic;
use wish::{Mode, Wish};

/// How often a request starts again because another one changed the same subscription meanwhile.
const MAX_ROUNDS: usize = 8;

/// Subscribes a callback to an event, or ends that. Both may be repeated.
pub(super) async fn hub(call: Call, headers: HeaderMap, body: RawBody) -> Result<StatusCode, ApiError> {
    let me = call.myself()?;
    let wish = Wish::read(&body.form(&headers)?, &headers)?;
    let subject = subject(&call, &wish.topic)?;
    match wish.mode {
        Mode::Subscribe => {
            wish.check_callback(&call.app.settings.url_policy)?;
            subscribe(&call.app, &subject, me, &wish).await?;
        }
        Mode::Unsubscribe => unsubscribe(&call.app, &subject, &wish).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The topic's repository, if the caller may make hooks there. One that the caller may not see reads like none.
fn subject(call: &Call, topic: &Topic) -> Result<Subject, ApiError> {
    let unknown = || ApiError::Unacceptable(format!("No repository found for hub.topic: \"{}\"", topic.text));
    let found = call.app.ports.directory().locate(&topic.owner, &topic.repository).ok_or_else(unknown)?;
    let seen = call.permission(&found).is_some();
    match call.admitted(Subject::Repository(found), HookAccess::Write) {
        Err(ApiError::NotFound) if !seen => Err(unknown()),
        admitted => admitted,
    }
}

async fn subscribe(app: &App, subject: &Subject, me: &Principal, wish: &Wish) -> Result<(), ApiError> {
    for _ in 0..MAX_ROUNDS {
        let done = match best_hook(app, subject, wish) {
            Some(hook) => change(app, subject, &hook, wish).await,
            None => create(app, subject, me, wish).await,
        };
        if done? {
            return Ok(());
        }
    }
    Err(StoreError::Busy.into())
}

/// Creates and pings the callback's first hook. `false`: somebody else did meanwhile.
async fn create(app: &App, subject: &Subject, me: &Principal, wish: &Wish) -> Result<bool, ApiError> {
    match app.ports.store.create_hook(new_hook(app, subject, me, wish), alone_at_callback(app, subject)).await {
        Ok(hook) => greet(app, subject, &hook, &me.user).await,
        Err(StoreError::Conflict(HookConflict::Duplicate)) => return Ok(false),
        Err(error) => return Err(refused(error)),
    }
    Ok(true)
}

/// Makes the subscription part of a hook. `false`: it has become another one's meanwhile, or is gone.
async fn change(app: &App, subject: &Subject, hook: &Hook, wish: &Wish) -> Result<bool, ApiError> {
    let rule = subject.sibling_rule(app, hook.events.clone());
    let wished = wish.clone();
    let edit = Box::new(move |hook| with_subscription(hook, &wished));
    match app.ports.store.update_hook(hook.id, app.ports.clock.now(), edit, rule).await {
        Ok(hook) => Ok(serves(&hook, wish)),
        Err(StoreError::NotFound) => Ok(false),
        Err(error) => Err(refused(error)),
    }
}

/// Takes the event from every hook that calls the callback. A hook without events is deleted; until it is, nobody adds
/// to it (see [`serves`]), so a subscription made meanwhile is not lost with it.
async fn unsubscribe(app: &App, subject: &Subject, wish: &Wish) -> Result<(), ApiError> {
    for hook in hooks_calling(app, subject, wish).filter(|hook| hook.events.contains(&wish.topic.event)) {
        let event = wish.topic.event.clone();
        let edit = Box::new(move |mut hook: Hook| {
            hook.events.retain(|listened| *listened != event);
            hook
        });
        let left = app.ports.store.update_hook(hook.id, app.ports.clock.now(), edit, anything_goes()).await;
        let gone = match left {
            Ok(hook) if hook.events.is_empty() => app.ports.store.delete_hook(hook.id).await,
            left => left.map(drop),
        };
        // Somebody else may have deleted it: then it is as it should be.
        gone.or_else(|error| if matches!(error, StoreError::NotFound) { Ok(()) } else { Err(error) })?;
    }
    Ok(())
}

/// Hooks of the repository that call the callback, oldest first.
fn hooks_calling<'a>(app: &App, subject: &Subject, wish: &'a Wish) -> impl DoubleEndedIterator<Item = Arc<Hook>> + 'a {
    app.ports.directory().hooks_of(subject.scope(), NAME).into_iter().filter(|hook| hook.url == wish.callback)
}

/// The hook to change: the one with that event before the one with that configuration before the oldest.
fn best_hook(app: &App, subject: &Subject, wish: &Wish) -> Option<Arc<Hook>> {
    let hooks = hooks_calling(app, subject, wish).filter(|hook| !hook.events.is_empty());
    let alike = |hook: &Hook| hook.format == wish.format() && hook.secret == wish.secret;
    hooks.rev().max_by_key(|hook| (hook.events.contains(&wish.topic.event), alike(hook)))
}

/// Is the subscription part of that hook?
fn serves(hook: &Hook, wish: &Wish) -> bool {
    hook.url == wish.callback && hook.events.contains(&wish.topic.event)
}

/// The hook with the event added, and the rest as asked for. Left alone if it is no longer the callback's, or has lost
/// its last event and is about to be deleted.
fn with_subscription(mut hook: Hook, wish: &Wish) -> Hook {
    if hook.url != wish.callback || hook.events.is_empty() {
        return hook;
    }
    if !hook.events.contains(&wish.topic.event) {
        hook.events.push(wish.topic.event.clone());
    }
    hook.extra.remove(ALIAS_KEY);
    Hook { active: true, format: wish.format(), secret: wish.secret.clone(), ..hook }
}

fn new_hook(app: &App, subject: &Subject, me: &Principal, wish: &Wish) -> NewHook {
    let now = app.ports.clock.now();
    NewHook {
        uid: Uid::new(now, &*app.ports.entropy),
        dialect: NAME,
        scope: subject.scope(),
        active: true,
        url: wish.callback.clone(),
        events: vec![wish.topic.event.clone()],
        secret: wish.secret.clone(),
        credentials: None,
        headers: Vec::new(),
        format: wish.format(),
        insecure_tls: false,
        timeout: None,
        retries: None,
        extra: serde_json::Map::new(),
        creator: me.user.id,
        app: me.app,
        expires_at: None,
        created_at: now,
    }
}

/// No two requests at once both create a hook for one callback: the second is told [`HookConflict::Duplicate`].
fn alone_at_callback(app: &App, subject: &Subject) -> SiblingRule {
    let limits = subject.sibling_rule(app, Vec::new());
    Arc::new(move |candidate: &Candidate<'_>, siblings| {
        let taken = |sibling: &Arc<Hook>| sibling.url == *candidate.url && !sibling.events.is_empty();
        if siblings.iter().any(taken) { Err(HookConflict::Duplicate) } else { limits(candidate, siblings) }
    })
}

/// Why the store did not save the hook, in this endpoint's form: one line and no list.
fn refused(error: StoreError) -> ApiError {
    match error {
        StoreError::Conflict(HookConflict::Duplicate) => {
            ApiError::Unacceptable("Hook already exists on this repository".to_owned())
        }
        StoreError::Conflict(HookConflict::TooMany { events, limit }) => {
            let events = events.join("\", \"");
            ApiError::Unacceptable(format!("The \"{events}\" event cannot have more than {limit} hooks"))
        }
        error => error.into(),
    }
}
