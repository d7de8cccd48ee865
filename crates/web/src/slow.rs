//! Time limits on what a client takes its time with: a request head, a body, an idle connection (H-1).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::framing::{HeadWatch, LengthsSeen};

/// How long a client may go on sending a body that was refused before the connection is cut.
///
/// Closing with unread bytes resets the connection, and the client would lose the answer that says why.
const LINGER: Duration = Duration::from_secs(2);
/// How much of such a body is thrown away, in bytes.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// Is a request being answered on this connection? Shared by the socket and the service behind it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Busy {
    answering: Arc<AtomicBool>,
    /// A request was answered before its body had been read to the end.
    unread: Arc<AtomicBool>,
    /// See `framing`.
    pub(crate) lengths_seen: LengthsSeen,
}

impl Busy {
    /// A request head is complete.
    pub(crate) fn begin(&self) {
        self.answering.store(true, Ordering::Relaxed);
    }

    /// The answer is ready; the next bytes begin a new request.
    pub(crate) fn end(&self) {
        self.answering.store(false, Ordering::Relaxed);
    }

    fn is(&self) -> bool {
        self.answering.load(Ordering::Relaxed)
    }
}

/// A socket that fails when a request head takes too long, or when nothing comes for too long.
///
/// hyper has one timer for both, which would close idle keep-alive connections as early as slow heads.
pub(crate) struct TimedSocket<S> {
    socket: S,
    busy: Busy,
    head_limit: Duration,
    idle_limit: Duration,
    /// Bytes of an unfinished head have arrived.
    in_head: bool,
    watch: HeadWatch,
    timer: Option<Pin<Box<Sleep>>>,
    /// The end of [`LINGER`], once it has begun, and the bytes thrown away so far.
    linger: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<S> TimedSocket<S> {
    pub(crate) fn new(socket: S, busy: Busy, head_limit: Duration, idle_limit: Duration) -> Self {
        let watch = HeadWatch::new(busy.lengths_seen.clone());
        Self { socket, busy, head_limit, idle_limit, in_head: false, watch, timer: None, linger: None }
    }
}

impl<S: AsyncRead + Unpin> TimedSocket<S> {
    /// Throws away what still comes, until the client closes its side, or for as long and as much as is bearable.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (timer, discarded) = self.linger.get_or_insert_with(|| (Box::pin(tokio::time::sleep(LINGER)), 0));
        let mut space = [0; 16 * 1024];
        while *discarded < MAX_DISCARDED && timer.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => *discarded += buf.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedSocket<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buf);
        if self.busy.is() {
            // The body has its own limit.
            self.in_head = false;
            self.timer = None;
            return read;
        }
        if read.is_ready() {
            if buf.filled().len() > before {
                if !self.in_head {
                    self.in_head = true;
                    self.timer = None;
                    self.watch.restart();
                }
                self.watch.feed(&buf.filled()[before..]);
            }
            return read;
        }
        let limit = if self.in_head { self.head_limit } else { self.idle_limit };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedSocket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
        }
        if self.busy.unread.load(Ordering::Relaxed) {
            ready!(self.poll_discard(cx));
        }
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }
}

/// A request body that must arrive within a limit, counted from the first time it is waited for.
pub(crate) struct TimedBody {
    body: Incoming,
    busy: Busy,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    /// Wraps `body` for axum.
    pub(crate) fn wrap(body: Incoming, busy: Busy, limit: Duration) -> axum::body::Body {
        if body.is_end_stream() {
            return axum::body::Body::empty();
        }
        axum::body::Body::new(Self { body, busy, limit, timer: None }.boxed_unsync())
    }
}

impl Drop for TimedBody {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            self.busy.unread.store(true, Ordering::Relaxed);
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err("the body took too long".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn timed(busy: &Busy) -> (TimedSocket<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(64);
        (TimedSocket::new(ours, busy.clone(), Duration::from_secs(10), Duration::from_secs(60)), theirs)
    }

    #[tokio::test(start_paused = true)]
    async fn h1_a_dripping_head_ends_after_ten_seconds() {
        let (mut socket, mut client) = timed(&Busy::default());
        let drip = async {
            for byte in b"GET / HTTP/1.1\r\n".iter().cycle() {
                if client.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
        };
        let read = async {
            let mut buf = [0; 8];
            let mut seen = 0;
            loop {
                match socket.read(&mut buf).await {
                    Ok(read) => seen += read,
                    Err(error) => break (seen, error.kind()),
                }
            }
        };
        let (seen, kind) = tokio::select! { () = drip => unreachable!("it drips for ever"), end = read => end };
        assert_eq!((seen, kind), (4, io::ErrorKind::TimedOut), "bytes at 0, 3, 6 and 9 s");
    }

    #[tokio::test(start_paused = true)]
    async fn h4_an_answer_to_a_refused_body_is_not_lost_to_a_reset() {
        let busy = Busy::default();
        let (mut socket, mut client) = timed(&busy);
        busy.unread.store(true, Ordering::Relaxed);
        let send = async {
            for _ in 0..100 {
                client.write_all(&[7; 64]).await.expect("the server goes on reading");
            }
            drop(client);
        };
        let (closed, ()) = tokio::join!(socket.shutdown(), send);
        closed.expect("closed");
    }

    #[tokio::test(start_paused = true)]
    async fn h1_a_client_that_sends_for_ever_is_cut_off() {
        let busy = Busy::default();
        let (mut socket, client) = timed(&busy);
        busy.unread.store(true, Ordering::Relaxed);
        assert!(tokio::time::timeout(LINGER / 2, socket.shutdown()).await.is_err(), "still reading");
        tokio::time::timeout(LINGER, socket.shutdown()).await.expect("cut off").expect("closed");
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn h1_an_idle_connection_may_wait_a_minute_and_a_busy_one_as_long_as_it_likes() {
        let busy = Busy::default();
        let (mut socket, client) = timed(&busy);
        let mut buf = [0; 8];
        let waited = tokio::time::timeout(Duration::from_secs(59), socket.read(&mut buf)).await;
        assert!(waited.is_err(), "still open");
        busy.begin();
        let waited = tokio::time::timeout(Duration::from_secs(600), socket.read(&mut buf)).await;
        assert!(waited.is_err(), "still open");
        busy.end();
        let ended = socket.read(&mut buf).await.map_err(|error| error.kind());
        assert_eq!(ended, Err(io::ErrorKind::TimedOut));
        drop(client);
    }
}
