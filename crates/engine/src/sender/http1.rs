//! An HTTP/1 connection that runs in the task of whoever uses it.
//!
//! hyper's usual way is a task for each connection, which costs two hand-overs between tasks for each exchange. Here the
//! courier polls the connection beside its own work, and an idle connection is not polled at all: it is looked at once
//! when it is taken from the pool, which is when it matters whether the receiver has closed it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};

/// The client side of one connection, and the connection itself.
pub(super) struct Http1 {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
}

/// What moves bytes; `None` once the connection has ended.
struct Driver(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if self.0.as_mut().is_some_and(|connection| connection.as_mut().poll(cx).is_ready()) {
            self.0 = None;
        }
    }
}

impl Http1 {
    /// A connection after its handshake.
    pub(super) fn new(
        sender: http1::SendRequest<Full<Bytes>>,
        connection: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self { sender, driver: Driver(Some(Box::pin(connection))) }
    }

    /// Can it take a request now? Notices when the receiver has closed it.
    pub(super) fn is_ready(&mut self) -> bool {
        self.driver.poll(&mut Context::from_waker(Waker::noop()));
        self.driver.0.is_some() && self.sender.is_ready()
    }

    /// Sends a request and waits for the response head.
    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>> {
        let response = self.sender.try_send_request(request);
        beside(&mut self.driver, response).await
    }

    /// Runs `work`, which reads the response's body, and the connection beside it.
    pub(super) async fn run<T>(&mut self, work: impl Future<Output = T>) -> T {
        beside(&mut self.driver, work).await
    }
}

async fn beside<T>(driver: &mut Driver, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|cx| {
        driver.poll(cx);
        work.as_mut().poll(cx)
    })
    .await
}
