//! Requests to these routes: parameters of a query, a form or a JSON object, each at most once.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use serde_json::Value;

use super::OAuth;
use super::answer::{Answer, Fault, Format};
use crate::http::{MAX_FORM_BODY, Peer, base_for, parse_json, read_body};

/// Most parameters read from one request.
const MAX_PARAMS: usize = 64;

/// Parameters, decoded. Those without a value count as absent (RFC 6749 section 3.1).
#[derive(Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

/// A parameter came twice, which RFC 6749 section 3.1 forbids.
#[derive(Debug)]
pub(super) struct Repeated;

impl Params {
    /// Reads `a=1&b=2`.
    fn encoded(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).into_owned().filter(|(_, value)| !value.is_empty());
        Self(pairs.take(MAX_PARAMS).collect())
    }

    /// Reads a JSON object of texts and numbers; anything else in it counts as absent.
    fn json(bytes: &[u8]) -> Option<Self> {
        let Value::Object(members) = parse_json(bytes)? else { return None };
        let text = |value| match value {
            Value::String(text) if !text.is_empty() => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let pairs = members.into_iter().filter_map(|(name, value)| Some((name, text(value)?)));
        Some(Self(pairs.take(MAX_PARAMS).collect()))
    }

    /// The value of a parameter.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() { Err(Repeated) } else { Ok(first) }
    }

    /// The value of a parameter that has no meaning when it comes twice.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.one(name).ok().flatten()
    }
}

/// A request's head and parameters.
#[derive(Debug)]
pub(super) struct Ask {
    /// What handlers share.
    pub(super) oauth: Arc<OAuth>,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The path and the query.
    pub(super) uri: Uri,
    /// Where the caller thinks this server is, without a trailing slash: also the issuer's name (RFC 9207).
    pub(super) base: String,
    /// Whom the request's address stands for.
    pub(super) source: Option<IpAddr>,
    /// The parameters: of the query for [`Asked`], of the body for [`Posted`].
    pub(super) params: Params,
}

impl Ask {
    fn new(oauth: &Arc<OAuth>, parts: &Parts, params: Params) -> Self {
        let base = base_for(&parts.headers, &parts.uri, &oauth.settings, &oauth.ports);
        let base = base.trim_end_matches('/').to_owned();
        let source = parts.extensions.get::<Peer>().map(|peer| peer.network());
        Self { oauth: oauth.clone(), headers: parts.headers.clone(), uri: parts.uri.clone(), base, source, params }
    }

    /// The same request as if its parameters were those of `query`.
    pub(super) fn about(&self, query: &str) -> Self {
        Self {
            oauth: self.oauth.clone(),
            headers: self.headers.clone(),
            uri: self.uri.clone(),
            base: self.base.clone(),
            source: self.source,
            params: Params::encoded(query.as_bytes()),
        }
    }

    /// Is this server reached through TLS, as far as it knows?
    pub(super) fn is_secure(&self) -> bool {
        self.base.starts_with("https://")
    }
}

/// A request whose parameters are in the query.
#[derive(Debug)]
pub(super) struct Asked(pub(super) Ask);

impl FromRequestParts<Arc<OAuth>> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, oauth: &Arc<OAuth>) -> Result<Self, Self::Rejection> {
        let params = Params::encoded(parts.uri.query().unwrap_or_default().as_bytes());
        Ok(Self(Ask::new(oauth, parts, params)))
    }
}

/// A request whose parameters are in the body; what the query says does not count, for it ends up in logs (RFC 6749
/// section 2.3.1).
#[derive(Debug)]
pub(super) struct Posted(pub(super) Ask);

impl FromRequest<Arc<OAuth>> for Posted {
    type Rejection = Answer;

    async fn from_request(request: Request, oauth: &Arc<OAuth>) -> Result<Self, Answer> {
        let (parts, body) = request.into_parts();
        let refused = || Fault::Unreadable.answer(Format::of(&parts.headers));
        let bytes = read_body(body, MAX_FORM_BODY).await.map_err(|_| refused())?;
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let params = match essence.as_str() {
            _ if bytes.is_empty() => Params::default(),
            "application/x-www-form-urlencoded" => Params::encoded(&bytes),
            "application/json" => Params::json(&bytes).ok_or_else(refused)?,
            _ => return Err(refused()),
        };
        Ok(Self(Ask::new(oauth, &parts, params)))
    }
}
