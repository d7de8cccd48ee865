//! The stage for the stories about git: a bare repository, a checkout that pushes to it, and a server that listens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use domain::canonical::{Push, RefUpdate};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The program under test.
const POSTRIDER: &str = env!("CARGO_BIN_EXE_postrider");

/// Environment of the pusher that a test run under a git host, or on a developer's machine, must not inherit, besides all
/// of git's and Postrider's own.
const FOREIGN: [&str; 5] = ["REMOTE_USER", "GL_USERNAME", "GL_USER", "GITEA_PUSHER_NAME", "SSH_ORIGINAL_COMMAND"];

/// How the server answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    /// 202
    Accept,
    /// This status with an error of Postrider's shape.
    Refuse(u16),
    /// This status with a page that Postrider did not write.
    Page(u16),
    /// Never.
    Hang,
}

/// A server that notes what it is sent.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    mood: Arc<Mutex<Mood>>,
    /// Heads and bodies of all requests.
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = Self { url, mood: Arc::new(Mutex::new(Mood::Accept)), seen: Arc::default() };
        let (mood, seen) = (Arc::clone(&server.mood), Arc::clone(&server.seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (mood, seen) = (*mood.lock().expect("no panic"), Arc::clone(&seen));
                std::thread::spawn(move || answer(&stream, mood, &seen));
            }
        });
        server
    }

    pub(crate) fn turn(&self, mood: Mood) {
        *self.mood.lock().expect("no panic") = mood;
    }

    /// Bodies of the requests so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.seen.lock().expect("no panic").iter().map(|(_, body)| body.clone()).collect()
    }

    /// Heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").iter().map(|(head, _)| head.to_lowercase()).collect()
    }
}

fn answer(mut stream: &TcpStream, mood: Mood, seen: &Mutex<Vec<(String, Value)>>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).expect("a head") == 0 {
            return;
        }
    }
    let lower = head.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.trim().parse().expect("a number")];
    reader.read_exact(&mut body).expect("a body");
    seen.lock().expect("no panic").push((head, serde_json::from_slice(&body).expect("JSON")));
    let error = json!({"error": {"code": "x", "message": "no such thing", "field": "data.refs"}}).to_string();
    let (status, text) = match mood {
        Mood::Accept => (202, json!({"id": 1, "uid": "u", "deliveries": 0, "duplicate": false}).to_string()),
        Mood::Refuse(status) => (status, error),
        Mood::Page(status) => (status, "<html>".to_owned()),
        Mood::Hang => {
            // Until the client gives up.
            let _ = reader.read(&mut [0]);
            return;
        }
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
    let _ = stream.write_all((head + &text).as_bytes());
}

/// A bare repository and a checkout.
pub(crate) struct Scene {
    pub(crate) dir: TempDir,
    pub(crate) server: Server,
}

impl Scene {
    /// An attached bare repository, `--object-format` as given, and an empty checkout of it.
    pub(crate) fn with_format(format: &str) -> Self {
        let scene = Self { dir: tempfile::tempdir().expect("a folder"), server: Server::start() };
        let (format, bare, work) = (format!("--object-format={format}"), scene.bare(), scene.work());
        scene.git_in(scene.dir.path(), &["init", "-q", "--bare", "-b", "main", &format, text(&bare)]);
        scene.git_in(scene.dir.path(), &["init", "-q", "-b", "main", &format, text(&work)]);
        scene.git(&["remote", "add", "origin", text(&bare)]);
        scene
    }

    /// An attached bare repository and an empty checkout of it.
    pub(crate) fn attached() -> Self {
        let scene = Self::with_format("sha1");
        scene.attach();
        scene
    }

    pub(crate) fn attach(&self) {
        let attached =
            self.postrider(&["git", "attach", "acme/widgets", "--path", text(&self.bare()), "--token", "tok"]);
        assert!(attached.status.success(), "{}", stderr(&attached));
    }

    pub(crate) fn bare(&self) -> PathBuf {
        self.dir.path().join("widgets.git")
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// Names of files in the spool with this extension, without it.
    pub(crate) fn spooled(&self, extension: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.bare().join("postrider/spool")).expect("a spool");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let wanted = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
        let mut names: Vec<_> =
            wanted.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }

    /// Runs the program.
    pub(crate) fn postrider(&self, args: &[&str]) -> Output {
        let mut command = self.command(POSTRIDER, self.dir.path());
        command.args(["--server", &self.server.url]).args(args).output().expect("postrider runs")
    }

    /// Runs git in the checkout and returns what it printed.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.work(), args)
    }

    pub(crate) fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let output = self.command("git", dir).args(args).output().expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", stderr(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs git in the checkout with text on standard input.
    pub(crate) fn git_with(&self, args: &[&str], input: &[u8]) {
        let mut command = self.command("git", &self.work());
        let mut child = command.args(args).stdin(Stdio::piped()).spawn().expect("git runs");
        child.stdin.take().expect("a pipe").write_all(input).expect("git listens");
        assert!(child.wait().expect("git ends").success(), "git {args:?}");
    }

    /// A command that sees nothing of the machine's git configuration, at a fixed time in Tokyo.
    pub(crate) fn command(&self, program: &str, dir: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if FOREIGN.contains(&&*text) || text.starts_with("GIT_") || text.starts_with("POSTRIDER_") {
                command.env_remove(name);
            }
        }
        let people = [("AUTHOR", "Ann", "ann@x.test"), ("COMMITTER", "Cy", "cy@x.test")];
        for (role, name, email) in people {
            command.env(format!("GIT_{role}_NAME"), name).env(format!("GIT_{role}_EMAIL"), email);
            command.env(format!("GIT_{role}_DATE"), "1767323045 +0900");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", self.dir.path());
        command.env("LC_ALL", "C");
        command.current_dir(dir);
        command
    }

    /// Writes files, commits them all, and returns the commit.
    pub(crate) fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        for (path, content) in files {
            std::fs::write(self.work().join(path), content).expect("written");
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Pushes and returns what git said; the push must succeed.
    pub(crate) fn push(&self, args: &[&str]) -> String {
        let output = self.command("git", &self.work()).args(["push", "origin"]).args(args).output().expect("git runs");
        assert!(output.status.success(), "push {args:?}: {}", stderr(&output));
        stderr(&output)
    }

    /// Pushes; the last event the server got. The push must cause exactly one and no complaint.
    pub(crate) fn pushed(&self, args: &[&str]) -> Push {
        let before = self.server.events().len();
        let said = self.push(args);
        assert!(!said.contains("postrider"), "{said}");
        let events = self.server.events();
        assert_eq!(events.len(), before + 1, "one event per push");
        push_of(&events[before])
    }

    /// Pushes one ref; what became of it.
    pub(crate) fn pushed_ref(&self, args: &[&str]) -> RefUpdate {
        let mut push = self.pushed(args);
        assert_eq!(push.refs.len(), 1, "{push:?}");
        push.refs.remove(0)
    }
}

/// The push of an event.
pub(crate) fn push_of(event: &Value) -> Push {
    serde_json::from_value(event["data"].clone()).expect("a canonical push")
}

/// Names of the refs of an event.
pub(crate) fn refs_of(event: &Value) -> Vec<String> {
    push_of(event).refs.into_iter().map(|update| update.name).collect()
}

/// Ids of the commits of a ref.
pub(crate) fn ids(update: &RefUpdate) -> Vec<&str> {
    update.commits.iter().map(|commit| commit.id.as_str()).collect()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
