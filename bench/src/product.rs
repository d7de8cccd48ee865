//! A Postrider process on a fresh data directory, and what has to be set up in it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Method;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running server. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Product {
    process: Child,
    /// Where it listens.
    pub address: String,
    /// An admin's token.
    pub token: String,
    /// Kept until the server is gone.
    data: TempDir,
}

/// Starting takes longer only if something is wrong.
const START_LIMIT: Duration = Duration::from_secs(20);

impl Product {
    /// Starts `binary` on a free port, with its data under `folder` (or the system's folder for temporary files).
    pub(crate) async fn start(binary: &Path, folder: Option<&Path>) -> anyhow::Result<Self> {
        let data = folder.map_or_else(TempDir::new, TempDir::new_in)?;
        let (process, address) = launch(binary, data.path()).await?;
        let token = std::fs::read_to_string(data.path().join("admin.token"))?.trim().to_owned();
        Ok(Self { process, address, token, data })
    }

    /// Ends the server as a crash would, and starts it again on the same data.
    pub(crate) async fn restart(&mut self, binary: &Path) -> anyhow::Result<()> {
        self.process.kill().await?;
        (self.process, self.address) = launch(binary, self.data.path()).await?;
        Ok(())
    }

    /// Makes `acme/{name}` with one signed JSON hook for each URL.
    pub(crate) async fn set_up(&self, name: &str, urls: &[String]) -> anyhow::Result<()> {
        // The organization may be there from an earlier run in the same process.
        self.call("/api/v1/orgs", &json!({"login": "acme"})).await?;
        let (status, answer) = self.call("/api/v1/repos", &json!({"owner": "acme", "name": name})).await?;
        ensure!(status == 201, "cannot create the repository: {status} {answer}");
        for url in urls {
            let hook = json!({
                "name": "web", "active": true, "events": ["push"],
                "config": {"url": url, "content_type": "json", "secret": "It's a Secret to Everybody"},
            });
            let (status, answer) = self.call(&format!("/api/v3/repos/acme/{name}/hooks"), &hook).await?;
            ensure!(status == 201, "cannot create the hook: {status} {answer}");
        }
        Ok(())
    }

    /// One JSON POST; returns status and body.
    pub(crate) async fn call(&self, path: &str, body: &Value) -> anyhow::Result<(u16, String)> {
        self.request(Method::POST, path, body.to_string()).await
    }

    /// One GET; returns the body.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<String> {
        let (status, body) = self.request(Method::GET, path, String::new()).await?;
        ensure!(status == 200, "{path}: {status} {body}");
        Ok(body)
    }

    async fn request(&self, method: Method, path: &str, body: String) -> anyhow::Result<(u16, String)> {
        let socket = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        tokio::spawn(connection);
        let request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.address)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// Resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> anyhow::Result<u64> {
        let id = self.process.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }
}

/// Starts `binary` on a free port and waits for its ready line; returns the process and its address.
async fn launch(binary: &Path, data: &Path) -> anyhow::Result<(Child, String)> {
    let mut process = Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--egress-allow", "loopback", "--data-dir"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let output = process.stdout.take().context("the server's output is piped")?;
    let mut lines = BufReader::new(output).lines();
    let ready = async {
        while let Some(line) = lines.next_line().await? {
            if let Some((_, address)) = line.split_once("listening on http://") {
                return Ok(address.trim().to_owned());
            }
        }
        anyhow::bail!("the server ended before it was ready")
    };
    let address = tokio::time::timeout(START_LIMIT, ready).await.context("the server does not get ready")??;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((process, address))
}
