//! The three modes of the CloudEvents 1.0 HTTP binding: requests in, [`Envelope`]s out.
//!
//! `data` is never parsed here. In binary mode it is the body; in the JSON formats it is the very bytes that stand in
//! the request, so that a passed-through payload reaches its receivers byte for byte.

use std::borrow::Cow;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use domain::flow::publish::Envelope;
use domain::time::Timestamp;
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::errors::Reject;

/// Most events in one batch.
pub(crate) const MAX_BATCH: usize = 1_000;
/// `datacontenttype` unless given.
const JSON: &str = "application/json";

/// How a request carries its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One event: attributes in headers, data as body.
    Binary,
    /// One event: a JSON object.
    Structured,
    /// Events: a JSON array of such objects.
    Batch,
}

impl Mode {
    /// What the content type says.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Reject> {
        let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(Self::Binary) };
        let media = essence(value.to_str().unwrap_or_default());
        if !media.starts_with("application/cloudevents") {
            return Ok(Self::Binary);
        }
        match media.as_str() {
            "application/cloudevents+json" => Ok(Self::Structured),
            "application/cloudevents-batch+json" => Ok(Self::Batch),
            _ => Err(Reject::unsupported_media_type("of the CloudEvents formats only JSON is read here")),
        }
    }
}

/// A media type without its parameters, in lower case.
fn essence(media: &str) -> String {
    media.split(';').next().unwrap_or(media).trim().to_ascii_lowercase()
}

/// Reads a binary event.
pub(crate) fn binary(headers: &HeaderMap, body: Bytes) -> Result<Envelope, Reject> {
    check_version(attribute(headers, "ce-specversion", "specversion")?.as_deref())?;
    let needed = |header, field| {
        attribute(headers, header, field)?
            .ok_or_else(|| Reject::invalid(field, format!("the header {header} is missing")))
    };
    let content_type = match headers.get(CONTENT_TYPE).map(|value| value.to_str()) {
        None => JSON.to_owned(),
        Some(Ok(text)) => text.to_owned(),
        Some(Err(_)) => return Err(Reject::invalid("datacontenttype", "must be plain text")),
    };
    Ok(Envelope {
        id: needed("ce-id", "id")?,
        source: needed("ce-source", "source")?,
        kind: needed("ce-type", "type")?,
        subject: attribute(headers, "ce-subject", "subject")?,
        time: attribute(headers, "ce-time", "time")?.as_deref().map(moment).transpose()?,
        content_type,
        data: body,
        hops: 0,
    })
}

/// The value of an attribute's header: a quoted string is unquoted, then percent-encoding is undone once.
fn attribute(headers: &HeaderMap, header: &str, field: &'static str) -> Result<Option<String>, Reject> {
    let mut values = headers.get_all(header).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Reject::bad_request(format!("the header {header} is there twice")).at(field));
    }
    let unquoted = unquote(value.as_bytes());
    let decoded = percent_decode(&unquoted).decode_utf8();
    let text = decoded.map_err(|_| Reject::bad_request(format!("the header {header} is not UTF-8")).at(field))?;
    Ok(Some(text.into_owned()))
}

/// Undoes the double quotes and backslashes of a header's quoted string.
fn unquote(value: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', inner @ .., b'"'] = value else { return Cow::Borrowed(value) };
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        plain.push(if *byte == b'\\' { *bytes.next().unwrap_or(byte) } else { *byte });
    }
    Cow::Owned(plain)
}

/// An event in the JSON format. Members not listed are extensions: accepted and ignored.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    specversion: Option<Cow<'a, str>>,
    id: Option<String>,
    source: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    subject: Option<String>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    datacontenttype: Option<String>,
    /// Not an `Option` in serde's sense: `null` is data, too.
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data_base64: Option<Cow<'a, str>>,
}

fn present<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(source).map(Some)
}

/// Reads a structured event.
pub(crate) fn structured(body: &Bytes) -> Result<Envelope, Reject> {
    one(body, std::str::from_utf8(body).map_err(|_| Reject::bad_request("the body is not UTF-8"))?)
}

/// Reads a batch. The outer error concerns the whole, an inner one a single event.
pub(crate) fn batch(body: &Bytes) -> Result<Vec<Result<Envelope, Reject>>, Reject> {
    let events: Vec<&RawValue> = serde_json::from_slice(body)
        .map_err(|error| Reject::bad_request(format!("the body is not a JSON array of events: {error}")))?;
    if events.len() > MAX_BATCH {
        return Err(Reject::too_large("a batch holds at most 1000 events"));
    }
    Ok(events.into_iter().map(|event| one(body, event.get())).collect())
}

/// Reads one event in the JSON format, a part of `body`.
fn one(body: &Bytes, text: &str) -> Result<Envelope, Reject> {
    let wire: Wire<'_> = serde_json::from_str(text)
        .map_err(|error| Reject::bad_request(format!("this is not a CloudEvent in JSON: {error}")))?;
    check_version(wire.specversion.as_deref())?;
    let needed = |field, value: Option<String>| value.ok_or_else(|| Reject::invalid(field, "is missing"));
    let content_type = wire.datacontenttype.unwrap_or_else(|| JSON.to_owned());
    let data = match (wire.data, wire.data_base64) {
        (Some(_), Some(_)) => return Err(Reject::invalid("data", "stands beside data_base64; only one may be there")),
        (Some(data), None) => plain_data(body, data, &content_type)?,
        (None, Some(encoded)) => BASE64_STANDARD
            .decode(encoded.as_bytes())
            .map(Bytes::from)
            .map_err(|_| Reject::invalid("data_base64", "is not Base64"))?,
        (None, None) => Bytes::new(),
    };
    Ok(Envelope {
        id: needed("id", wire.id)?,
        source: needed("source", wire.source)?,
        kind: needed("type", wire.kind)?,
        subject: wire.subject,
        time: wire.time.as_deref().map(moment).transpose()?,
        content_type,
        data,
        hops: 0,
    })
}

/// `data` as it stands in the body. Of another content type than JSON, a JSON string stands for its text.
fn plain_data(body: &Bytes, data: &RawValue, content_type: &str) -> Result<Bytes, Reject> {
    let media = essence(content_type);
    let is_json = media == JSON || media.ends_with("+json") || media.ends_with("/json");
    if !is_json && data.get().starts_with('"') {
        let text: String = serde_json::from_str(data.get())
            .map_err(|error| Reject::invalid("data", format!("is not a JSON string: {error}")))?;
        return Ok(text.into());
    }
    Ok(body.slice_ref(data.get().as_bytes()))
}

fn check_version(version: Option<&str>) -> Result<(), Reject> {
    match version {
        Some("1.0") => Ok(()),
        Some(other) => {
            let message = format!("CloudEvents {other:?} is not spoken here, only \"1.0\"");
            Err(Reject::bad_request(message).at("specversion"))
        }
        None => Err(Reject::bad_request("this is not a CloudEvent: specversion is missing").at("specversion")),
    }
}

fn moment(text: &str) -> Result<Timestamp, Reject> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| Reject::invalid("time", "must look like 2026-01-02T03:04:05Z"))
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
