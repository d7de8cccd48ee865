//! Why an exchange brought no answer.

use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Exchange, Outcome};
use domain::rules::target::Refusal;

/// A failure, by the phase it happened in. Texts name the phase and never an address (E-12).
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The guard said no.
    #[error("guard: {}", public_text(.0))]
    Refused(Refusal),
    /// The request cannot be put on the wire as it is (E-13).
    #[error("request: {0}")]
    Request(&'static str),
    /// The hook skips certificate verification, and the operator forbids that (S-9).
    #[error("guard: unverified TLS is not permitted here")]
    InsecureTls,
    /// The name did not resolve.
    #[error("name lookup: {0}")]
    Name(&'static str),
    /// No connection.
    #[error("connect: {0}")]
    Connect(String),
    /// No TLS.
    #[error("tls: {0}")]
    Tls(String),
    /// The connection broke.
    #[error("exchange: {0}")]
    Broken(String),
    /// Time ran out.
    #[error("{0}: timed out")]
    TimedOut(&'static str),
}

/// What a refusal says without telling what the name resolved to.
fn public_text(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Url => "the URL is not valid",
        Refusal::Name => "internal names may not be called",
        Refusal::Port => "the port may not be called",
        Refusal::Address(_) | Refusal::Metadata | Refusal::Own | Refusal::OwnEndpoint => {
            "the target's address may not be called"
        }
    }
}

impl Failure {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Refused(_) | Self::InsecureTls => Outcome::Refused,
            Self::Request(_) => Outcome::InternalError,
            Self::Name(_) => Outcome::NameFailed,
            Self::Connect(_) => Outcome::ConnectFailed,
            Self::Tls(_) => Outcome::TlsFailed,
            Self::Broken(_) => Outcome::Broken,
            Self::TimedOut(_) => Outcome::TimedOut,
        }
    }

    /// The exchange that ended so.
    pub(super) fn into_exchange(self, duration: Duration) -> Exchange {
        Exchange {
            outcome: self.outcome(),
            status: None,
            error: Some(self.to_string()),
            duration,
            response_head: Bytes::new(),
            response_body: Bytes::new(),
            retry_after: None,
        }
    }
}

/// An I/O error in words that hold no address.
pub(super) fn io_text(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let text = match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset => "connection reset",
        ErrorKind::ConnectionAborted => "connection aborted",
        ErrorKind::BrokenPipe => "connection closed",
        ErrorKind::UnexpectedEof => "connection closed early",
        ErrorKind::HostUnreachable => "host unreachable",
        ErrorKind::NetworkUnreachable => "network unreachable",
        ErrorKind::TimedOut => "timed out",
        _ => return error.kind().to_string(),
    };
    text.to_owned()
}
