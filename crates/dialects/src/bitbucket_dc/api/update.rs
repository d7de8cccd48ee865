//! `PUT …/webhooks/{id}` (contract bitbucket-datacenter section 1.1): what the body leaves out is back to its default.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::hook::{BasicAuth, Hook};
use domain::rules::target::TargetUrl;
use domain::secret::{MASK, Secret};

use super::call::{Call, RawBody};
use super::errors::ApiError;
use super::fields::{Login, Wanted, read_hook};
use super::history::Detail;
use super::hooks::shown;
use crate::http::anything_goes;

/// Replaces a webhook.
pub(super) async fn update(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let at = call.changeable()?;
    let hook = call.hook(&at)?;
    let fields = read_hook(&call.app, at.scope(), &body.object()?);
    let fields = if call.app.own.lenient_put { fields.or(&hook) } else { fields };
    let wanted = fields.complete()?;
    let edit = Box::new(move |hook| replaced(hook, wanted));
    let now = call.app.ports.clock.now();
    let hook = call.app.ports.store.update_hook(hook.id, now, edit, anything_goes()).await?;
    Ok(Json(shown(&call, &at, &hook, Detail::Outline).await?).into_response())
}

/// The hook with everything as asked for. Runs inside the store's transaction, so that what is kept is what is there.
fn replaced(mut hook: Hook, wanted: Wanted) -> Hook {
    let moved = !same_server(&hook.url, &wanted.url);
    hook.credentials = credentials_after(wanted.login, hook.credentials, moved);
    hook.secret = secret_after(wanted.configuration.secret, hook.secret);
    hook.url = wanted.url;
    hook.events = wanted.events;
    hook.active = wanted.active;
    hook.insecure_tls = wanted.insecure_tls;
    hook.extra = Wanted::extra(wanted.name, wanted.configuration.entries);
    hook
}

/// The credentials after an edit. Without a password the stored one is kept, unless the URL moved to another server,
/// which has no business with it (S-5).
fn credentials_after(sent: Option<Login>, old: Option<BasicAuth>, moved: bool) -> Option<BasicAuth> {
    sent.map(|login| login.over(old.filter(|_| !moved)))
}

/// The secret after an edit: the mask means the old one (S-4), blank or absent means none.
fn secret_after(sent: Option<Secret>, old: Option<Secret>) -> Option<Secret> {
    let sent = sent.filter(|secret| !secret.expose().is_empty())?;
    if sent.expose() == MASK { old } else { Some(sent) }
}

/// Do both URLs have the same scheme, host and port?
fn same_server(left: &TargetUrl, right: &TargetUrl) -> bool {
    match (left.target(), right.target()) {
        (Ok(left), Ok(right)) => (left.tls, &left.host, left.port) == (right.tls, &right.host, right.port),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(user: &str, password: &str) -> BasicAuth {
        BasicAuth { user: user.to_owned(), password: Secret::new(password) }
    }

    fn login(user: &str, password: Option<&str>) -> Login {
        Login { user: user.to_owned(), password: password.map(Secret::new) }
    }

    #[test]
    fn s5_a_stored_password_does_not_move_to_another_server() {
        let stored = || Some(auth("old", "stored"));
        assert_eq!(credentials_after(None, stored(), false), None, "left out is removed");
        assert_eq!(credentials_after(Some(login("new", None)), stored(), false), Some(auth("new", "stored")));
        assert_eq!(credentials_after(Some(login("new", None)), stored(), true), Some(auth("new", "")));
        assert_eq!(credentials_after(Some(login("new", Some("sent"))), stored(), true), Some(auth("new", "sent")));
    }

    #[test]
    fn s5_a_server_is_a_scheme_a_host_and_a_port() {
        let same = |left: &str, right: &str| {
            let url = |text: &str| TargetUrl::parse(text).expect("a target");
            same_server(&url(left), &url(right))
        };
        assert!(same("https://a.test/x", "https://A.test:443/y?z"));
        for other in ["http://a.test/x", "https://b.test/x", "https://a.test:8443/x"] {
            assert!(!same("https://a.test/x", other), "{other}");
        }
    }

    #[test]
    fn s4_the_mask_keeps_the_old_secret() {
        let secret = |text: &str| Some(Secret::new(text));
        assert_eq!(secret_after(secret(MASK), secret("old")), secret("old"));
        assert_eq!(secret_after(secret(MASK), None), None);
        assert_eq!(secret_after(secret("new"), secret("old")), secret("new"));
        assert_eq!(secret_after(secret(""), secret("old")), None);
        assert_eq!(secret_after(None, secret("old")), None);
    }
}
