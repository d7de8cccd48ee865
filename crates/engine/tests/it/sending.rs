//! The sender against a receiver that misbehaves.

use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{MAX_RESPONSE_BODY, Outcome};
use domain::ports::{SendMethod, SendRequest, Sender as _};
use domain::secret::Secret;
use testkit::{Behaviour, Receiver};

use crate::world::{loopback, post, sender};

/// An exchange that is given up soon, though not so soon that a busy machine has not connected by then.
fn quick(url: &str) -> SendRequest {
    SendRequest { timeout: Duration::from_secs(1), ..post(url) }
}

#[tokio::test]
async fn a_request_arrives_as_it_was_asked_for_and_the_connection_is_kept() {
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::Answer(201, vec![("X-Id".to_owned(), "7".to_owned())], Bytes::from_static(b"thanks")));
    let sender = sender(loopback());
    for _ in 0..3 {
        let exchange = sender.send(post(&receiver.url("/hook?a=b"))).await;
        assert_eq!((exchange.outcome, exchange.status, exchange.error), (Outcome::Answered, Some(201), None));
        assert_eq!(exchange.response_head, "X-Id: 7\r\nContent-Length: 6\r\n");
        assert_eq!(exchange.response_body, "thanks");
    }
    let received = receiver.received();
    assert_eq!(receiver.connections(), 1, "keep-alive");
    let first = &received[0];
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/hook?a=b"));
    assert_eq!(first.header("Host"), Some(receiver.address().to_string().as_str()));
    assert_eq!(first.header("Content-Length"), Some("2"));
    assert_eq!(first.header("Content-Type"), Some("application/json"));
    assert_eq!(first.header("Accept-Encoding"), None, "E-14");
    assert_eq!(first.body, "{}");
}

#[tokio::test]
async fn the_method_is_the_one_asked_for() {
    let receiver = Receiver::start().await;
    let sender = sender(loopback());
    for (method, word) in [(SendMethod::Post, "POST"), (SendMethod::Put, "PUT"), (SendMethod::Patch, "PATCH")] {
        let exchange = sender.send(SendRequest { method, ..post(&receiver.url("/")) }).await;
        assert_eq!(exchange.status, Some(200));
        let last = receiver.received().pop().expect("a request");
        assert_eq!((last.method.as_str(), last.header("Content-Length"), &*last.body), (word, Some("2"), &b"{}"[..]));
    }
}

#[tokio::test]
async fn e13_headers_of_the_hooks_maker_go_along_and_win_over_nothing() {
    let receiver = Receiver::start().await;
    let sender = sender(loopback());
    let with = |name: &str, value: &str| {
        let own_headers = vec![(name.to_owned(), Secret::new(value)), ("content-type".to_owned(), Secret::new("x/y"))];
        SendRequest { own_headers, ..post(&receiver.url("/")) }
    };
    assert_eq!(sender.send(with("X-Key", "value")).await.status, Some(200));
    let received = receiver.received();
    assert_eq!(received[0].header("X-Key"), Some("value"));
    assert_eq!(received[0].header("Content-Type"), Some("application/json"), "the dialect's word counts");
    for (name, value) in
        [("Host", "elsewhere"), ("bad name", "x"), ("X-Key", "a\r\nX: y"), ("Proxy-Authorization", "x")]
    {
        assert_eq!(sender.send(with(name, value)).await.outcome, Outcome::InternalError, "{name}");
    }
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn d17_a_connection_closed_while_idle_costs_nothing() {
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::AnswerThenClose);
    let sender = sender(loopback());
    for round in 0..5 {
        let exchange = sender.send(post(&receiver.url("/"))).await;
        assert_eq!(exchange.outcome, Outcome::Answered, "round {round}: {:?}", exchange.error);
        // Gives the close time to arrive, as an idle moment would.
        while receiver.connections() <= round {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(receiver.received().len(), 5, "each sent once");
}

#[tokio::test]
async fn d15_redirects_are_answers_and_never_followed() {
    let receiver = Receiver::start().await;
    let elsewhere = Receiver::start().await;
    for status in [301, 302, 303, 307, 308] {
        let location = vec![("Location".to_owned(), elsewhere.url("/"))];
        receiver.then(Behaviour::Answer(status, location, Bytes::new()));
    }
    let sender = sender(loopback());
    for status in [301, 302, 303, 307, 308] {
        assert_eq!(sender.send(post(&receiver.url("/"))).await.status, Some(status));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn d23_a_receiver_that_stalls_before_the_head_is_a_timeout() {
    let receiver = Receiver::start().await;
    receiver.then(Behaviour::Hang).then(Behaviour::DripHead(Duration::from_millis(100)));
    let sender = sender(loopback());
    for _ in 0..2 {
        let exchange = sender.send(quick(&receiver.url("/"))).await;
        assert_eq!(exchange.outcome, Outcome::TimedOut);
        assert_eq!(exchange.error.as_deref(), Some("waiting for the response: timed out"));
        assert!(exchange.duration >= Duration::from_millis(990), "{:?}", exchange.duration);
    }
    assert_eq!(receiver.connections(), 2, "a connection with an unanswered request is not used again");
}

#[tokio::test]
async fn d23_the_body_may_take_its_own_limit_and_the_status_stands() {
    let receiver = Receiver::start().await;
    receiver.then(Behaviour::DripBody(1_000, Duration::from_millis(50)));
    let mut settings = loopback();
    settings.body_timeout = Duration::from_millis(500);
    let exchange = sender(settings).send(post(&receiver.url("/"))).await;
    assert_eq!((exchange.outcome, exchange.status), (Outcome::Answered, Some(200)));
    assert!((1..1_000).contains(&exchange.response_body.len()), "{}", exchange.response_body.len());
}

#[tokio::test]
async fn e14_bodies_are_kept_to_their_cap_and_the_connection_is_closed() {
    let receiver = Receiver::start().await;
    receiver.then(Behaviour::EndlessBody);
    let exact = Bytes::from(vec![b'x'; MAX_RESPONSE_BODY]);
    receiver.then(Behaviour::Answer(200, Vec::new(), exact.clone()));
    let sender = sender(loopback());
    let endless = sender.send(post(&receiver.url("/"))).await;
    assert_eq!((endless.status, endless.response_body.len()), (Some(200), MAX_RESPONSE_BODY));
    let full = sender.send(post(&receiver.url("/"))).await;
    assert_eq!(full.response_body, exact);
    sender.send(post(&receiver.url("/"))).await;
    let connections: Vec<_> = receiver.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1, 1]);
}

#[tokio::test]
async fn e14_heads_have_a_limit() {
    let receiver = Receiver::start().await;
    let many = (0..101).map(|at| (format!("X-{at}"), "y".to_owned())).collect();
    let large = vec![("X-Large".to_owned(), "y".repeat(33 * 1024))];
    receiver.then(Behaviour::EndlessHead);
    receiver.then(Behaviour::Answer(200, many, Bytes::new()));
    receiver.then(Behaviour::Answer(200, large, Bytes::new()));
    let sender = sender(loopback());
    for _ in 0..3 {
        let exchange = sender.send(post(&receiver.url("/"))).await;
        assert_eq!((exchange.outcome, exchange.status), (Outcome::Broken, None));
        assert_eq!(exchange.error.as_deref(), Some("exchange: the response head is too large"));
    }
}

#[tokio::test]
async fn outcomes_are_told_apart() {
    let receiver = Receiver::start().await;
    let sender = sender(loopback());
    receiver.then(Behaviour::Close);
    let broken = sender.send(post(&receiver.url("/"))).await;
    assert_eq!(broken.outcome, Outcome::Broken);
    assert_eq!(broken.error.as_deref(), Some("exchange: connection closed before the response"));
    receiver.then(Behaviour::Raw(Bytes::from_static(b"SSH-2.0-OpenSSH_9.6\r\n")));
    let rubbish = sender.send(post(&receiver.url("/"))).await;
    assert_eq!(
        (rubbish.outcome, rubbish.error.as_deref()),
        (Outcome::Broken, Some("exchange: the response is not HTTP"))
    );
    receiver.then(Behaviour::Raw(Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Le")));
    assert_eq!(sender.send(post(&receiver.url("/"))).await.outcome, Outcome::Broken);
    let url = receiver.url("/");
    let tls = sender.send(post(&url.replace("http:", "https:"))).await;
    assert_eq!(tls.outcome, Outcome::TlsFailed, "{:?}", tls.error);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("bound");
    let refused = sender.send(post(&format!("http://{closed}/"))).await;
    assert_eq!(refused.outcome, Outcome::ConnectFailed);
    assert_eq!(refused.error.as_deref(), Some("connect: connection refused"));
}
