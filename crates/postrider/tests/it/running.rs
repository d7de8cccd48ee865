//! A server of one's own, and somebody to deliver to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use tempfile::TempDir;

/// The program under test.
const POSTRIDER: &str = env!("CARGO_BIN_EXE_postrider");

/// The program with these arguments, and nothing of the developer's own settings.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(POSTRIDER);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("POSTRIDER_") {
            command.env_remove(name);
        }
    }
    // Where no ./postrider-data lies about.
    command.args(arguments).current_dir(std::env::temp_dir());
    command
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
    dir: TempDir,
}

impl Running {
    /// Starts a server on a free port that may deliver to loopback.
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let data = dir.path().join("data").display().to_string();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--egress-allow", "loopback", "--data-dir", &data];
        let mut child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let Some(url) = url else {
            let mut errors = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut errors);
            let _ = child.kill();
            panic!("the server did not start: {errors}");
        };
        // Nobody reads what it logs, and nobody must be waited for.
        let errors = child.stderr.take().expect("piped");
        std::thread::spawn(move || std::io::copy(&mut BufReader::new(errors), &mut std::io::sink()));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, dir }
    }

    /// A path in a directory that goes with the server.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The client verb `line`, words separated by blanks, with the admin's token.
    pub(crate) fn command(&self, line: &str) -> Command {
        let data = self.path("data").display().to_string();
        let words = ["--server", &self.url, "--data-dir", &data].into_iter().chain(line.split(' '));
        command(&words.collect::<Vec<_>>())
    }

    /// Runs a client verb to its end.
    pub(crate) fn run(&self, line: &str) -> Output {
        self.command(line).stdin(Stdio::null()).output().expect("runs")
    }

    /// The start of a shell line that reaches this server as the admin.
    pub(crate) fn line(&self) -> String {
        format!("'{POSTRIDER}' --server '{}' --data-dir '{}'", self.url, self.path("data").display())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who takes deliveries and answers 200 with this text: a URL, and the bodies as they come.
pub(crate) fn receiver(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (bodies, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let bodies = bodies.clone();
            std::thread::spawn(move || serve(stream, answer, &bodies));
        }
    });
    (url, received)
}

/// Answers requests on one connection until it ends.
fn serve(mut stream: TcpStream, answer: &str, bodies: &Sender<String>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        bodies.send(String::from_utf8(body).ok()?).ok()?;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len()).ok()?;
    }
}
