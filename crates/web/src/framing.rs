//! Ambiguous framing (H-2): a request that states its length in two ways is refused, not interpreted.
//!
//! hyper refuses most of it while parsing. It folds equal `Content-Length` lines into one, and drops them beside a
//! `Transfer-Encoding`, as RFC 9112 allows, so that nothing behind it can tell. This watches the bytes before hyper.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;

/// The header line looked for, in lower case.
const NAME: &[u8] = b"content-length";

/// How many `Content-Length` lines the head being read had. Shared by the socket and the service behind it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LengthsSeen(Arc<AtomicU32>);

impl LengthsSeen {
    /// Answers, and forgets.
    pub(crate) fn take(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Reads a request head byte by byte, wherever the reads cut it.
#[derive(Debug, Default)]
pub(crate) struct HeadWatch {
    seen: LengthsSeen,
    /// Bytes of [`NAME`] matched on this line; `None` once the line cannot match any more.
    matched: Option<usize>,
    line_is_empty: bool,
    ended: bool,
}

impl HeadWatch {
    pub(crate) fn new(seen: LengthsSeen) -> Self {
        Self { seen, matched: None, line_is_empty: false, ended: false }
    }

    /// A new head begins.
    pub(crate) fn restart(&mut self) {
        (self.matched, self.line_is_empty, self.ended) = (None, false, false);
    }

    /// The next bytes. What follows the head is not looked at.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.ended {
                return;
            }
            match byte {
                b'\n' => {
                    self.ended = self.line_is_empty;
                    self.line_is_empty = true;
                    self.matched = Some(0);
                }
                b'\r' => {}
                _ => {
                    self.line_is_empty = false;
                    self.matched = self.matched.filter(|at| byte.to_ascii_lowercase() == NAME[*at]).map(|at| at + 1);
                    if self.matched == Some(NAME.len()) {
                        self.seen.0.fetch_add(1, Ordering::Relaxed);
                        self.matched = None;
                    }
                }
            }
        }
    }
}

/// Refuses a request with two lengths; `lengths_seen` is what the socket saw.
pub(crate) fn refuse(request: &Request<Body>, lengths_seen: u32) -> Option<Response> {
    let encodings = request.headers().get_all(header::TRANSFER_ENCODING).iter().count();
    let ambiguous = encodings > 1 || lengths_seen > 1 || (encodings == 1 && lengths_seen == 1);
    let answer = || {
        let body = r#"{"message":"Ambiguous message length"}"#;
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CONNECTION, "close")];
        (StatusCode::BAD_REQUEST, headers, body).into_response()
    };
    ambiguous.then(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sees(parts: &[&str]) -> u32 {
        let seen = LengthsSeen::default();
        let mut watch = HeadWatch::new(seen.clone());
        for part in parts {
            watch.feed(part.as_bytes());
        }
        seen.take()
    }

    #[test]
    fn a_length_is_seen_in_any_case_and_however_it_is_cut() {
        assert_eq!(sees(&["POST / HTTP/1.1\r\nContent-Length: 4\r\nconTent-length:4\r\n\r\n"]), 2);
        assert_eq!(sees(&["POST / HTTP/1.1\r\nconte", "nt-leng", "th: 4\r\n\r\n"]), 1);
        assert_eq!(sees(&["POST / HTTP/1.1\ncontent-length: 4\n\n"]), 1);
        assert_eq!(sees(&["POST / HTTP/1.1\r\nx-content-length: 4\r\n\r\n"]), 0);
        assert_eq!(sees(&["POST / HTTP/1.1\r\nhost: x\r\n\r\n", "\r\ncontent-length: 4\r\n"]), 0, "that is the body");
    }
}
