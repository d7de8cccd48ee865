//! Very many pushes at once, some of them sent twice, to a real server on loopback.

use std::collections::HashMap;
use std::sync::Arc;

use domain::ci::BuildFilter;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use web::Limits;

use super::site::{Site, a_push};

/// Pushes with an id of their own.
const PUSHES: usize = 10_000;
/// Every so many of them is sent a second time, at about the same moment.
const REPEATED: usize = 4;
/// Connections at once.
const CONNECTIONS: usize = 32;

/// One connection that sends its share, one after the other, and remembers the answers by delivery id.
async fn send(address: std::net::SocketAddr, path: Arc<str>, share: Vec<usize>) -> Vec<(usize, u16, String)> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let mut stream = BufReader::new(stream);
    let mut answers = Vec::with_capacity(share.len());
    for delivery in share {
        let body = a_push(&format!("b{}", delivery % 7)).to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: postrider.test\r\ncontent-type: application/json\r\nx-github-event: push\r\n\
             x-github-delivery: d-{delivery}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.expect("written");
        let (status, text) = read(&mut stream).await;
        answers.push((delivery, status, text));
    }
    answers
}

/// Reads one answer.
async fn read(stream: &mut BufReader<TcpStream>) -> (u16, String) {
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("a status line");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await.expect("a header");
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a body");
    (status, String::from_utf8(body).expect("UTF-8"))
}

#[tokio::test]
async fn ten_thousand_pushes_with_duplicates_build_once_each_and_are_numbered_without_gaps() {
    let site = Site::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(web::serve(listener, site.world.service(), Limits::default(), shutdown.clone()));

    let path: Arc<str> = site.path("github").into();
    let (mut shares, mut sent) = (vec![Vec::new(); CONNECTIONS], 0);
    for delivery in 0..PUSHES {
        shares[delivery % CONNECTIONS].push(delivery);
        sent += 1;
        if delivery % REPEATED == 0 {
            // The neighbour has reached the same place in its share.
            shares[(delivery + 1) % CONNECTIONS].push(delivery);
            sent += 1;
        }
    }
    let mut senders: JoinSet<_> = shares.into_iter().map(|share| send(address, path.clone(), share)).collect();
    let mut told: HashMap<usize, String> = HashMap::new();
    let mut answers = 0;
    while let Some(share) = senders.join_next().await {
        for (delivery, status, text) in share.expect("no panic") {
            assert_eq!(status, 201, "{delivery}: {text}");
            answers += 1;
            let first = told.entry(delivery).or_insert_with(|| text.clone());
            assert_eq!(*first, text, "{delivery}: a repetition gets the first answer");
        }
    }
    assert_eq!((answers, told.len()), (sent, PUSHES));

    let filter = BuildFilter { limit: 2 * PUSHES, ..BuildFilter::default() };
    let page = site.world.ports.store.builds(site.app.id, filter).await.expect("builds");
    let mut numbers: Vec<_> = page.builds.iter().map(|build| build.number).collect();
    numbers.sort_unstable();
    let expected: Vec<_> = (1..=u64::try_from(PUSHES).expect("small")).collect();
    assert_eq!(numbers, expected, "each delivery builds once, and the numbers have no gaps");

    shutdown.cancel();
    serving.await.expect("no panic");
}
