//! Who has sent a request: checked on the bytes as they came, in constant time, before anything reads them (H-4, S-7).

use std::time::Duration;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, verify as mac_is_valid};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ci::Verdict;
use domain::secret::{Secret, constant_time_eq};
use domain::time::Timestamp;

use super::provider::HookProvider;
use super::request::Request;
use crate::hmac;

/// How far the time in a signature may be from ours, either way (S-7).
const TOLERANCE: Duration = Duration::from_secs(300);
/// What begins a secret that is base64 of the key's bytes.
const ENCODED_SECRET: &str = "whsec_";

/// What the request shows of the secret. Where an app has one, hosts that can show nothing are not believed; where it has
/// none, the URL's token is all there is.
pub(super) fn verify(
    provider: HookProvider,
    secret: Option<&Secret>,
    request: &Request<'_>,
    now: Timestamp,
) -> Verdict {
    let Some(secret) = secret.map(Secret::expose).filter(|secret| !secret.is_empty()) else {
        return Verdict::Unattempted;
    };
    let judged = |proven: bool, verdict| if proven { verdict } else { Verdict::Failed };
    match provider {
        HookProvider::GitHub => judged(github(secret, request), Verdict::Verified),
        HookProvider::BitbucketV2 | HookProvider::BitbucketServer => {
            judged(hex(request, "x-hub-signature", "sha256=", secret), Verdict::Verified)
        }
        HookProvider::Gogs => judged(gogs(secret, request), Verdict::Verified),
        HookProvider::GitLab if gitlab(secret, request, now) => Verdict::Verified,
        HookProvider::GitLab => judged(shows(request.header("x-gitlab-token"), secret), Verdict::Authenticated),
        HookProvider::VisualStudio => judged(shows(basic_password(request).as_deref(), secret), Verdict::Authenticated),
        HookProvider::Slack if request.header("x-slack-signature").is_some() => {
            judged(slack(secret, request, now), Verdict::Verified)
        }
        HookProvider::Slack => judged(shows(request.field("token").as_deref(), secret), Verdict::Authenticated),
        // The same token opens these doors; if they needed no secret, it would protect nothing.
        HookProvider::Deveo | HookProvider::Assembla | HookProvider::Passthrough => Verdict::Failed,
    }
}

/// Is it the secret itself?
fn shows(presented: Option<&str>, secret: &str) -> bool {
    presented.is_some_and(|presented| constant_time_eq(presented.as_bytes(), secret.as_bytes()))
}

/// Does a header hold the HMAC-SHA256 of the body, in hex after `prefix`?
fn hex(request: &Request<'_>, header: &str, prefix: &str, secret: &str) -> bool {
    matches(request.header(header), &hmac::sha256_hex(prefix, secret, request.body))
}

/// Is it that signature? Capitals are as good as small letters.
fn matches(presented: Option<&str>, expected: &str) -> bool {
    presented.is_some_and(|given| constant_time_eq(given.to_ascii_lowercase().as_bytes(), expected.as_bytes()))
}

/// The older header counts only where the newer is absent.
fn github(secret: &str, request: &Request<'_>) -> bool {
    if request.header("x-hub-signature-256").is_some() {
        return hex(request, "x-hub-signature-256", "sha256=", secret);
    }
    let given = request.header("x-hub-signature");
    given.is_some() && matches(given, &hmac::sha1_hex("sha1=", secret, request.body))
}

fn gogs(secret: &str, request: &Request<'_>) -> bool {
    let headers = ["x-gogs-signature", "x-gitea-signature", "x-forgejo-signature"];
    headers.into_iter().find(|name| request.header(name).is_some()).is_some_and(|name| hex(request, name, "", secret))
}

/// GitLab's signing token: the form of Standard Webhooks, `v1,` and base64, over id, time and body.
fn gitlab(secret: &str, request: &Request<'_>, now: Timestamp) -> bool {
    let header = |name| request.header(name);
    let (Some(id), Some(time), Some(signatures)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return false;
    };
    if !is_recent(time, now) {
        return false;
    }
    let decoded = secret.strip_prefix(ENCODED_SECRET).and_then(|text| STANDARD.decode(text).ok());
    let key = Key::new(HMAC_SHA256, decoded.as_deref().unwrap_or(secret.as_bytes()));
    let mut message = format!("{id}.{time}.").into_bytes();
    message.extend_from_slice(request.body);
    let ours = |signature: &str| signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
    signatures.split(' ').filter_map(ours).any(|tag| mac_is_valid(&key, &message, &tag).is_ok())
}

fn slack(secret: &str, request: &Request<'_>, now: Timestamp) -> bool {
    let Some(time) = request.header("x-slack-request-timestamp").filter(|time| is_recent(time, now)) else {
        return false;
    };
    let mut message = format!("v0:{time}:").into_bytes();
    message.extend_from_slice(request.body);
    matches(request.header("x-slack-signature"), &hmac::sha256_hex("v0=", secret, &message))
}

/// Is a time in seconds near ours?
fn is_recent(time: &str, now: Timestamp) -> bool {
    let seconds: Option<i64> = time.parse().ok();
    seconds.is_some_and(|seconds| now.as_secs().abs_diff(seconds) <= TOLERANCE.as_secs())
}

/// The password of basic authorization; the user's name is the hook's own affair.
fn basic_password(request: &Request<'_>) -> Option<String> {
    let (scheme, encoded) = request.header("authorization")?.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}
