//! Runs the postrider binary for a test.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use octocrab::Octocrab;
use serde_json::{Value, json};

use crate::receiver::PATIENCE;

/// A server with its own data directory; ends with the test. alice owns acme with widgets.
pub struct Server {
    url: String,
    process: Child,
    /// Outlives the process.
    data: tempfile::TempDir,
}

impl Server {
    /// Starts one and waits for its ready line.
    pub fn start() -> Self {
        let data = tempfile::tempdir().expect("a scratch directory");
        let mut command = Command::new(binary());
        command.args(["serve", "--listen", "127.0.0.1:0", "--egress-allow", "loopback", "--data-dir"]).arg(data.path());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("POSTRIDER_")) {
            command.env_remove(name);
        }
        // Receivers are slow where the machine is.
        command.env("POSTRIDER_DELIVERY__TIMEOUT", "30");
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let (found, address) = mpsc::channel();
        follow(process.stdout.take().expect("piped"), found.clone());
        follow(process.stderr.take().expect("piped"), found);
        let mut server = Self { url: String::new(), process, data };
        server.url = address.recv_timeout(PATIENCE).expect("the server says where it listens");
        server
    }

    /// Makes the accounts; a client for alice.
    pub async fn alice(&self) -> Octocrab {
        let admin = std::fs::read_to_string(self.data.path().join("admin.token")).expect("made at the first start");
        let admin = client(&self.url, admin.trim());
        must(&admin, "users", json!({"login": "alice", "name": "Alice Doe", "email": "alice@acme.test"})).await;
        must(&admin, "orgs", json!({"login": "acme", "owner": "alice"})).await;
        must(&admin, "repos", json!({"owner": "acme", "name": "widgets"})).await;
        let token = must(
            &admin,
            "tokens",
            json!({"user": "alice", "scopes": ["repo", "admin:repo_hook", "admin:org_hook", "admin:org"]}),
        )
        .await;
        client(&format!("{}/api/v3", self.url), token["token"].as_str().expect("a token"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Reads on to the end, as a full pipe would stop the server; what it says is shown if the test fails.
fn follow(output: impl Read + Send + 'static, found: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some((_, url)) = line.split_once("listening on ") {
                drop(found.send(url.split_whitespace().next().unwrap_or_default().to_owned()));
            }
            eprintln!("{line}");
        }
    });
}

/// A call of /api/v1 that must succeed.
async fn must(admin: &Octocrab, path: &str, body: Value) -> Value {
    let answer = admin.post(format!("/api/v1/{path}"), Some(&body)).await;
    answer.unwrap_or_else(|error| panic!("{path}: {error:?}"))
}

/// octocrab with nothing but a base URL and a token.
fn client(base: &str, token: &str) -> Octocrab {
    let builder = Octocrab::builder().base_uri(base).expect("a URL");
    builder.personal_token(token.to_owned()).build().expect("a client")
}

/// `POSTRIDER_BIN`, or a debug build made now.
fn binary() -> PathBuf {
    if let Some(given) = std::env::var_os("POSTRIDER_BIN") {
        return given.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let build = Command::new("cargo")
        .args(["build", "--quiet", "-p", "postrider", "--message-format=json"])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    let messages = String::from_utf8(build.stdout).expect("JSON is UTF-8");
    let executable = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        (message["target"]["name"] == "postrider").then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    });
    executable.expect("the binary builds")
}
