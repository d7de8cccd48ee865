//! A sender that writes down what it is asked to send, and answers from a script.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::attempt::{Exchange, Outcome};
use domain::ports::{FetchRequest, Fetched, SendRequest, Sender};
use domain::rules::target::{TargetHost, TargetUrl};

/// Calls nobody. Answers with what it was told to, in order, and then with 200.
#[derive(Debug, Default)]
pub struct RecordingSender(Mutex<Script>);

#[derive(Debug, Default)]
struct Script {
    sent: Vec<SendRequest>,
    fetched: Vec<FetchRequest>,
    answers: VecDeque<Exchange>,
}

impl RecordingSender {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request ends like this.
    pub fn answer_next(&self, exchange: Exchange) {
        self.script().answers.push_back(exchange);
    }

    /// Everything sent since the last time this was asked.
    pub fn take_sent(&self) -> Vec<SendRequest> {
        std::mem::take(&mut self.script().sent)
    }

    /// Everything fetched since the last time this was asked.
    pub fn take_fetched(&self) -> Vec<FetchRequest> {
        std::mem::take(&mut self.script().fetched)
    }
}

#[async_trait]
impl Sender for RecordingSender {
    async fn send(&self, request: SendRequest) -> Exchange {
        let mut script = self.script();
        script.sent.push(request);
        script.answers.pop_front().unwrap_or_else(|| answered(200))
    }

    async fn fetch(&self, request: FetchRequest) -> Fetched {
        let mut script = self.script();
        script.fetched.push(request);
        let exchange = script.answers.pop_front().unwrap_or_else(|| answered(200));
        Fetched { exchange, whole: true }
    }

    /// Names that end in `.invalid` do not resolve; everything else is fine.
    async fn vet(&self, url: &TargetUrl) -> Result<(), String> {
        let target = url.target().map_err(|error| error.to_string())?;
        match &target.host {
            TargetHost::Name(name) if name.ends_with(".invalid") => Err("the name does not resolve".to_owned()),
            TargetHost::Name(_) | TargetHost::Address(_) => Ok(()),
        }
    }
}

/// What a receiver answered: this status, one header, the body `ok`, after 271 ms.
pub fn answered(status: u16) -> Exchange {
    Exchange {
        outcome: Outcome::Answered,
        status: Some(status),
        error: None,
        duration: Duration::from_millis(271),
        response_head: Bytes::from_static(b"Content-Type: text/plain\r\n"),
        response_body: Bytes::from_static(b"ok"),
        retry_after: None,
    }
}

/// What nobody answered, and why.
pub fn unanswered(outcome: Outcome, error: &str) -> Exchange {
    Exchange {
        outcome,
        status: None,
        error: Some(error.to_owned()),
        response_head: Bytes::new(),
        response_body: Bytes::new(),
        ..answered(0)
    }
}
