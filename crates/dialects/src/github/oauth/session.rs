//! Who sits at the browser: sessions (contract delivery-and-security U-3), and what keeps other sites from acting through
//! them (U-4).

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HOST, ORIGIN};
use domain::account::{Account, TokenHash};
use domain::grant::{SESSION_LIFE, Session};
use domain::ports::StoreError;
use domain::secret::constant_time_eq;

use super::ask::Ask;
use crate::hmac;

/// A session's last use is written down when it is this much older than the present one.
const TOUCH: Duration = Duration::from_secs(300);
/// Digits of a cookie's value: 256 bits in hex.
const DIGITS: usize = 64;

/// Our cookies.
#[derive(Clone, Copy)]
pub(super) enum Cookie {
    /// Says who is signed in.
    Session,
    /// Ties the sign-in form to the browser that was given it, before there is a session.
    SignIn,
}

impl Cookie {
    /// Its name. Browsers take a `__Host-` cookie from this very host alone, over TLS alone; without TLS it has another
    /// name, so that one cannot be passed off as the other.
    fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-postrider_session",
            (Self::Session, false) => "postrider_session",
            (Self::SignIn, true) => "__Host-postrider_sign_in",
            (Self::SignIn, false) => "postrider_sign_in",
        }
    }

    /// `Set-Cookie` for a value; an empty one takes the cookie away. `Lax`: applications send people here by links.
    pub(super) fn set(self, ask: &Ask, value: &str) -> String {
        let name = self.name(ask.is_secure());
        let secure = if ask.is_secure() { "; Secure" } else { "" };
        let life = match self {
            _ if value.is_empty() => 0,
            Self::Session => SESSION_LIFE.as_secs(),
            Self::SignIn => 3_600,
        };
        format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}")
    }

    /// The value a browser sent, if it can be one of ours.
    pub(super) fn read(self, ask: &Ask) -> Option<String> {
        let name = self.name(ask.is_secure());
        let lines = ask.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(known, _)| *known == name)?;
        let plain = value.len() == DIGITS && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then(|| value.to_owned())
    }
}

/// A browser with a live session.
#[derive(Debug)]
pub(super) struct SignedIn {
    /// The session.
    pub(super) session: Session,
    /// Who signed in.
    pub(super) user: Arc<Account>,
    /// What each form carries (U-4).
    pub(super) csrf: String,
}

impl SignedIn {
    /// The session of a request.
    pub(super) async fn of(ask: &Ask) -> Result<Option<Self>, StoreError> {
        let Some(value) = Cookie::Session.read(ask) else { return Ok(None) };
        let (ports, hash) = (&ask.oauth.ports, TokenHash::of(&value));
        let now = ports.clock.now();
        let session = ports.store.session(hash).await?.filter(|session| session.is_live(now));
        let user = session.as_ref().and_then(|session| ports.directory().account_by_id(session.user));
        let (Some(session), Some(user)) = (session, user) else { return Ok(None) };
        if session.seen_at.plus(TOUCH) <= now {
            ports.store.touch_session(hash, now).await?;
        }
        Ok(Some(Self { session, user, csrf: csrf(&value) }))
    }
}

/// What a form must carry, made from the cookie beside it: another site can read neither.
pub(super) fn csrf(cookie: &str) -> String {
    hmac::sha256_hex("", cookie, b"form")
}

/// Does a form come from a page of ours (U-4)? Its token must fit, and the browser must not say that another site sent
/// it. Browsers without `Sec-Fetch-Site`, and all browsers without TLS, still send `Origin`.
pub(super) fn is_own_form(ask: &Ask, csrf: &str) -> bool {
    let header = |name: &str| ask.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let same_site = match (header("sec-fetch-site"), header(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => is_own_origin(&ask.headers, origin, ask.oauth.settings.public_url.as_deref()),
        (None, None) => true,
    };
    same_site && ask.params.get("csrf").is_some_and(|given| constant_time_eq(given.as_bytes(), csrf.as_bytes()))
}

/// Is it this server's origin? Without a public URL the scheme is unknown, and the host must do.
fn is_own_origin(headers: &HeaderMap, origin: &str, public_url: Option<&str>) -> bool {
    let Some((_, host)) = origin.split_once("://") else { return false };
    match public_url.and_then(|url| url::Url::parse(url).ok()) {
        Some(public) => public.origin().ascii_serialization() == origin,
        None => headers.get(HOST).is_some_and(|named| named.as_bytes().eq_ignore_ascii_case(host.as_bytes())),
    }
}
