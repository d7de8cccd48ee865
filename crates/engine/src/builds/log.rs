//! Puts a build's log into the store, piece by piece.

use std::time::Duration;

use domain::flow::Ports;
use domain::id::BuildId;
use domain::ports::StoreError;
use tokio::net::unix::pipe;
use tokio::time::sleep;

use super::process::read_left;
use super::transcript::Transcript;

/// A piece is stored when it is so long,
const PIECE: usize = 64 * 1024;
/// or its beginning so old.
const DELAY: Duration = Duration::from_millis(300);
/// Pause before a failing store is offered a piece again. Meanwhile the command waits when its pipe is full.
const RETRY: Duration = Duration::from_secs(1);

/// The log of one build.
#[derive(Debug)]
pub(super) struct Log<'a> {
    ports: &'a Ports,
    build: BuildId,
    transcript: Transcript,
    /// The number of the next piece.
    position: u64,
    /// The piece that is being stored. It keeps its number until it is: a repeat does no harm.
    pending: String,
}

impl<'a> Log<'a> {
    /// The log of a build that starts.
    pub(super) fn new(ports: &'a Ports, build: BuildId, transcript: Transcript) -> Self {
        Self { ports, build, transcript, position: 0, pending: String::new() }
    }

    /// From here on this is masked, too.
    pub(super) fn hide(&mut self, value: &str) {
        self.transcript.hide(value);
    }

    /// A line of our own.
    pub(super) fn note(&mut self, line: &str) {
        self.transcript.note(line);
    }

    /// Listens to a command, for ever. May be dropped at any point: nothing that was heard is lost.
    pub(super) async fn listen(&mut self, output: &pipe::Receiver) {
        let mut buffer = vec![0; 16 * 1024];
        let mut open = true;
        loop {
            let waits = self.transcript.waiting() > 0 || !self.pending.is_empty();
            tokio::select! {
                // The command may go on when it has closed its output.
                readable = output.readable(), if open => open = readable.is_ok() && self.read(output, &mut buffer),
                () = sleep(DELAY), if waits => self.store().await,
                () = std::future::pending(), if !open && !waits => {}
            }
            if self.transcript.waiting() >= PIECE {
                self.store().await;
            }
        }
    }

    /// Reads once. `false`: there is no more to come.
    fn read(&mut self, output: &pipe::Receiver, buffer: &mut [u8]) -> bool {
        match output.try_read(buffer) {
            Ok(0) => false,
            Ok(length) => {
                self.transcript.hear(&buffer[..length]);
                true
            }
            Err(error) => matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted),
        }
    }

    /// The command is over: takes in what it left behind.
    pub(super) fn read_left(&mut self, output: &pipe::Receiver) {
        read_left(output, |bytes| self.transcript.hear(bytes));
    }

    /// Nothing more comes: stores all.
    pub(super) async fn finish(mut self) {
        self.transcript.end();
        self.store().await;
    }

    /// Stores what waits, and insists until it is done or cannot be.
    async fn store(&mut self) {
        loop {
            if self.pending.is_empty() {
                self.pending = self.transcript.take();
            }
            if self.pending.is_empty() {
                return;
            }
            let now = self.ports.clock.now();
            let stored = self.ports.store.append_log(self.build, Some(self.position), self.pending.clone(), now).await;
            match stored {
                Ok(next) => {
                    self.position = next;
                    self.pending.clear();
                }
                Err(error @ (StoreError::Busy | StoreError::Full | StoreError::Unavailable(_))) => {
                    tracing::warn!(%error, build = self.build.0, "a piece of a build's log waits: {error}");
                    sleep(RETRY).await;
                }
                Err(error) => {
                    tracing::warn!(%error, build = self.build.0, "a piece of a build's log is lost: {error}");
                    self.position += 1;
                    self.pending.clear();
                }
            }
        }
    }
}
