//! The syntax of targets (E-2), and the parts requests are built from.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::{Serialize, Serializer};
use url::{Host, Url};

use crate::secret::Secret;

/// Longest URL accepted, in bytes (E-2).
pub const MAX_URL: usize = 2_048;
/// Longest host name, in bytes without the trailing dot (RFC 1035).
const MAX_NAME: usize = 253;
/// Longest label of a host name, in bytes.
const MAX_LABEL: usize = 63;

/// A hook's URL that passed the syntax rules of E-2. The text is kept as the user gave it; its parts are worked out at
/// most once and shared by all clones.
#[derive(Clone)]
pub struct TargetUrl(Arc<Inner>);

struct Inner {
    text: String,
    parts: OnceLock<Result<Target, TargetError>>,
}

/// Why a text is not a usable target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing there.
    #[error("the URL is blank")]
    Blank,
    /// Not a URL by the rules of E-2.
    #[error("the URL is not valid")]
    Malformed,
    /// Neither http nor https.
    #[error("the URL must be http or https")]
    Scheme,
    /// Over [`MAX_URL`].
    #[error("the URL is longer than 2048 bytes")]
    TooLong,
}

/// A target taken apart. Requests are built from these parts and never from the text.
#[derive(Clone, Debug)]
pub struct Target {
    /// `https`.
    pub tls: bool,
    /// Where to connect.
    pub host: TargetHost,
    /// The port, given or the scheme's.
    pub port: u16,
    /// The `Host` header: the host, and the port unless it is the scheme's.
    pub authority: Bytes,
    /// Path and query, percent-encoded, beginning with `/`.
    pub path: Bytes,
    /// `user:password`, decoded, when the URL carried credentials. Sent as basic authentication, never shown.
    pub credentials: Option<Secret>,
}

/// The host of a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TargetHost {
    /// A name: lower case, IDNA applied, without trailing dot.
    Name(Arc<str>),
    /// An address, however it was spelt.
    Address(IpAddr),
}

impl TargetUrl {
    /// Checks `text` by E-2.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let target = Target::parse(text)?;
        Ok(Self(Arc::new(Inner { text: text.to_owned(), parts: OnceLock::from(Ok(target)) })))
    }

    /// Takes a text that was checked before it was stored.
    pub fn trusted(text: String) -> Self {
        Self(Arc::new(Inner { text, parts: OnceLock::new() }))
    }

    /// The same target with `query` after its own, which stays as it is and first. The result may be longer than
    /// [`MAX_URL`]. `query` must be percent-encoded.
    pub fn appending_query(&self, query: &str) -> Result<Self, TargetError> {
        let mut target = self.target()?.clone();
        let append = |text: &str| match text.as_bytes().last() {
            Some(b'?' | b'&') if text.contains('?') => format!("{text}{query}"),
            _ if text.contains('?') => format!("{text}&{query}"),
            _ => format!("{text}?{query}"),
        };
        let path = String::from_utf8_lossy(&target.path);
        target.path = append(&path).into();
        Ok(Self(Arc::new(Inner { text: append(self.as_str()), parts: OnceLock::from(Ok(target)) })))
    }

    /// The URL as the user gave it.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Its parts. An error is possible only for [`trusted`](Self::trusted) texts that were not checked after all.
    pub fn target(&self) -> Result<&Target, TargetError> {
        self.0.parts.get_or_init(|| Target::parse(&self.0.text)).as_ref().map_err(|error| *error)
    }
}

impl Target {
    fn parse(text: &str) -> Result<Self, TargetError> {
        if text.trim().is_empty() {
            return Err(TargetError::Blank);
        }
        if text.len() > MAX_URL {
            return Err(TargetError::TooLong);
        }
        check_text(text)?;
        let parsed = Url::parse(text).map_err(|_| TargetError::Malformed)?;
        let tls = match parsed.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(TargetError::Scheme),
        };
        check_authority(text)?;
        let host = match parsed.host().ok_or(TargetError::Malformed)? {
            Host::Domain(name) => TargetHost::Name(checked_name(name)?.into()),
            Host::Ipv4(address) => TargetHost::Address(address.into()),
            Host::Ipv6(address) => TargetHost::Address(address.into()),
        };
        let port = parsed.port_or_known_default().ok_or(TargetError::Malformed)?;
        let path = match own_query(text).or(parsed.query()) {
            Some(query) => format!("{}?{query}", parsed.path()),
            None => parsed.path().to_owned(),
        };
        let authority = match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let credentials = credentials(&parsed)?;
        Ok(Self { tls, host, port, authority: authority.into(), path: path.into(), credentials })
    }
}

/// The query as it was given, if it can be sent so: URL parsers rewrite some of it, and receivers compare it.
fn own_query(text: &str) -> Option<&str> {
    let (_, query) = text.split_once('?')?;
    let sendable = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>');
    query.bytes().all(sendable).then_some(query)
}

/// Refuses what URL parsers silently repair: whitespace, control characters, backslashes; and fragments, which are
/// never sent.
fn check_text(text: &str) -> Result<(), TargetError> {
    let refused = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '#');
    if text.contains(refused) { Err(TargetError::Malformed) } else { Ok(()) }
}

/// Refuses authorities that two parsers could read differently: missing slashes, several `@`, percent-encoded hosts
/// (zone ids among them).
fn check_authority(text: &str) -> Result<(), TargetError> {
    let (_, rest) = text.split_once(':').ok_or(TargetError::Malformed)?;
    let rest = rest.strip_prefix("//").ok_or(TargetError::Malformed)?;
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if userinfo.contains('@') || host.is_empty() || host.contains('%') {
        return Err(TargetError::Malformed);
    }
    Ok(())
}

/// The name without its one trailing dot, if its labels are of legal length.
fn checked_name(name: &str) -> Result<&str, TargetError> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let legal = |label: &str| !label.is_empty() && label.len() <= MAX_LABEL;
    if name.len() <= MAX_NAME && name.split('.').all(legal) { Ok(name) } else { Err(TargetError::Malformed) }
}

/// Splits the userinfo off and decodes it.
fn credentials(parsed: &Url) -> Result<Option<Secret>, TargetError> {
    if parsed.username().is_empty() && parsed.password().is_none() {
        return Ok(None);
    }
    let user = percent_decode(parsed.username())?;
    let password = percent_decode(parsed.password().unwrap_or_default())?;
    // The first colon separates (RFC 7617), so a user name cannot hold one.
    if user.contains(':') || user.chars().chain(password.chars()).any(char::is_control) {
        return Err(TargetError::Malformed);
    }
    Ok(Some(Secret::new(format!("{user}:{password}"))))
}

/// Undoes percent-encoding; the result must be UTF-8.
fn percent_decode(text: &str) -> Result<String, TargetError> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = (digit(bytes.get(at + 1)), digit(bytes.get(at + 2)));
        if let (b'%', (Some(high), Some(low))) = (byte, pair) {
            decoded.push(u8::try_from(high * 16 + low).map_err(|_| TargetError::Malformed)?);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).map_err(|_| TargetError::Malformed)
}

impl TargetHost {
    /// The name, if it is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Address(_) => None,
        }
    }
}

impl fmt::Display for TargetHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write_bracketed(f, *address),
        }
    }
}

fn write_bracketed(f: &mut fmt::Formatter<'_>, address: Ipv6Addr) -> fmt::Result {
    write!(f, "[{address}]")
}

impl PartialEq for TargetUrl {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for TargetUrl {}

impl Hash for TargetUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

impl Serialize for TargetUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.text)
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}
