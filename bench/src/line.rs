//! One keep-alive connection to the product, with as little HTTP as measuring needs.

use anyhow::ensure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::product::Product;

/// A connection on which requests follow each other.
pub(crate) struct Line {
    socket: TcpStream,
    answer: Vec<u8>,
}

impl Line {
    /// Connects.
    pub(crate) async fn open(product: &Product) -> anyhow::Result<Self> {
        let socket = TcpStream::connect(&product.address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, answer: Vec::new() })
    }

    /// Sends a whole request and waits for its whole answer, which must have this status.
    pub(crate) async fn post(&mut self, request: &[u8], status: u16) -> anyhow::Result<()> {
        self.socket.write_all(request).await?;
        self.answer.clear();
        while message_length(&self.answer).is_none_or(|(_, total)| self.answer.len() < total) {
            ensure!(self.socket.read_buf(&mut self.answer).await? > 0, "the server closed the connection");
        }
        let accepted = self.answer.starts_with(format!("HTTP/1.1 {status}").as_bytes());
        ensure!(accepted, "not accepted: {}", String::from_utf8_lossy(&self.answer));
        Ok(())
    }
}

/// Head and total length of the first message in `buf`, once its head is complete; messages without a length have no body.
pub(crate) fn message_length(buf: &[u8]) -> Option<(usize, usize)> {
    let head = buf.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buf[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some((head, head + length.unwrap_or(0)))
}
