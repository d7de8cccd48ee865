//! `git`: repositories that publish their pushes.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use domain::ports::Clock as _;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::cli::{Attach, GitCommand, Global};
use crate::client::{self, Client, ClientError};
use crate::git::{self, Attachment, Flushed, Git, KeepError, Received, Repository, Sent, Settings, Spool};
use crate::machine::{SystemClock, SystemEntropy};
use crate::output::Output;

/// Most bytes of ref lines read from git.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// Attaches a repository, publishes a push, sends the spool.
pub(crate) fn run(command: GitCommand, global: &Global) -> anyhow::Result<()> {
    match command {
        GitCommand::Attach(args) => attach(&args, global),
        GitCommand::Detach(args) => detach(&args.path, global),
        GitCommand::PostReceive(args) => {
            post_receive(args.path.as_deref());
            Ok(())
        }
        GitCommand::Flush(args) => flush(&args.paths, global),
    }
}

/// An opened repository and its settings.
struct Attached {
    repository: Repository,
    settings: Settings,
    spool: Spool,
}

impl Attached {
    fn open(path: Option<&Path>, clock: &SystemClock) -> anyhow::Result<Self> {
        let repository = Repository::open(path)?;
        let settings = Settings::read(&Git::new(repository.dir(), clock, git::COMPUTE_TIME))?;
        let spool = Spool::new(repository.folder(), settings.shared);
        Ok(Self { repository, settings, spool })
    }

    fn client(&self) -> anyhow::Result<Client> {
        let server = self.settings.server.as_deref().context("postrider.server is not set")?;
        Client::new(server, Some(self.settings.token(&self.repository)?))
    }

    /// Sends what waits, for at most `limit`.
    fn send(&self, limit: Duration, clock: &SystemClock) -> anyhow::Result<Flushed> {
        let client = self.client()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let flushed = runtime.block_on(async {
            let work = git::flush(&self.spool, clock.now(), async |event| publish(&client, event).await);
            tokio::time::timeout(limit, work).await
        });
        // A name server that does not answer must not hold the process.
        runtime.shutdown_background();
        let slow = |_| anyhow::anyhow!("the server took longer than {} s", limit.as_secs());
        Ok(flushed.map_err(slow)??)
    }
}

/// Publishes one event and judges the answer: what may become right later keeps the event.
async fn publish(client: &Client, event: Vec<u8>) -> Sent {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(git::CONTENT_TYPE))]);
    match client.post_raw("/api/v1/events", headers, Bytes::from(event)).await {
        Ok(_) => Sent::Accepted,
        Err(ClientError::Refused { status, message })
            if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
                && !(ClientError::Refused { status, message: String::new() }).is_temporary() =>
        {
            Sent::Refused(format!("{}: {message}", status.as_u16()))
        }
        // Also an answer that is not Postrider's: a proxy's error page says nothing about the event.
        Err(error) => Sent::Later(error.to_string()),
    }
}

/// `git attach`
fn attach(args: &Attach, global: &Global) -> anyhow::Result<()> {
    let clock = SystemClock::default();
    let repository = Repository::open(Some(&args.path))?;
    let program = std::env::current_exe().context("cannot find this program")?;
    let token = client::find_token(global)?;
    // Before anything is written: is the server's URL one?
    Client::new(&global.server, None)?;
    let attachment = Attachment {
        source: format!("/repos/{}", args.repository),
        server: &global.server,
        token: token.as_ref(),
        program: &program,
    };
    let git = Git::new(repository.dir(), &clock, git::COMPUTE_TIME);
    let hook = git::attach(&repository, &git, &attachment)?;
    Output::from_global(global).done(&format!(
        "{} publishes its pushes as {} to {}",
        hook.display(),
        attachment.source,
        global.server
    ))
}

/// `git detach`
fn detach(path: &Path, global: &Global) -> anyhow::Result<()> {
    let clock = SystemClock::default();
    let attached = Attached::open(Some(path), &clock)?;
    git::detach(&attached.repository, &Git::new(attached.repository.dir(), &clock, git::COMPUTE_TIME))?;
    let waiting = attached.spool.waiting()?.len();
    if waiting > 0 {
        tell(&format!("{waiting} events were not sent and stay in {}", attached.repository.folder().display()));
    }
    Output::from_global(global).done("detached")
}

/// `git flush`: the error says what stays.
fn flush(paths: &[PathBuf], global: &Global) -> anyhow::Result<()> {
    let clock = SystemClock::default();
    let (mut stays, mut unread) = (0, 0);
    let paths = if paths.is_empty() { vec![None] } else { paths.iter().map(|path| Some(path.as_path())).collect() };
    for path in paths {
        let named = path.map_or_else(|| ".".to_owned(), |path| path.display().to_string());
        match flush_one(path, &named, global, &clock) {
            Ok(left) => stays += left,
            Err(error) => {
                tell(&format!("{named}: {error:#}"));
                unread += 1;
            }
        }
    }
    anyhow::ensure!(unread == 0, "{unread} repositories could not be read");
    anyhow::ensure!(stays == 0, "{stays} waiting events could not be sent");
    Ok(())
}

/// Sends what waits in one repository; how many events stay.
fn flush_one(path: Option<&Path>, named: &str, global: &Global, clock: &SystemClock) -> anyhow::Result<usize> {
    /// No pusher waits for this; each request has its own limit.
    const FLUSH_TIME: Duration = Duration::from_secs(3600);
    let attached = Attached::open(path, clock)?;
    if attached.spool.waiting()?.is_empty() {
        return Ok(0);
    }
    match attached.send(FLUSH_TIME, clock) {
        Ok(flushed) => {
            Output::from_global(global).done(&format!("{named}: sent {}", flushed.sent))?;
            report(&flushed, &attached, named);
            if flushed.busy {
                tell(&format!("{named}: another process is sending"));
            }
        }
        Err(error) => tell(&format!("{named}: {error:#}")),
    }
    Ok(attached.spool.waiting()?.len())
}

/// `git post-receive`: whatever happens, the push is done and git must not be told otherwise.
fn post_receive(path: Option<&Path>) {
    if let Err(error) = try_post_receive(path) {
        tell(&format!("this push was not published: {error:#}"));
    }
}

fn try_post_receive(path: Option<&Path>) -> anyhow::Result<()> {
    let clock = SystemClock::default();
    let mut input = Vec::new();
    std::io::stdin().lock().take(MAX_INPUT).read_to_end(&mut input)?;
    let attached = Attached::open(path, &clock)?;
    // Called from a hook that several repositories share: this one is not attached.
    let Some(source) = &attached.settings.source else { return Ok(()) };
    let mut received = git::receive(&attached.repository, &attached.settings, source, &input, &clock, &SystemEntropy);
    received.trouble.iter().for_each(|trouble| tell(trouble));
    let kept = keep(&attached, &mut received, &clock);
    send(&attached, &clock);
    if let Err(error) = kept {
        // Sending may have made room.
        if let Err(error) = keep(&attached, &mut received, &clock).map_err(|_| error) {
            // The log only repeats what is said here.
            let _ = attached.spool.log_dropped(clock.now(), &format!("{}: {error}", received.about));
            anyhow::bail!("{}: {error}", received.about);
        }
        send(&attached, &clock);
    }
    Ok(())
}

/// Moves the events into the spool, one by one.
fn keep(attached: &Attached, received: &mut Received, clock: &SystemClock) -> Result<(), KeepError> {
    while let Some(event) = received.events.first() {
        attached.spool.keep(event, clock.now())?;
        received.events.remove(0);
    }
    Ok(())
}

/// Sends within the time a pusher may be made to wait; what stays is told.
fn send(attached: &Attached, clock: &SystemClock) {
    match attached.send(git::SEND_TIME, clock) {
        Ok(flushed) => report(&flushed, attached, "event"),
        Err(error) => {
            let waiting = attached.spool.waiting().map_or(0, |waiting| waiting.len());
            tell(&format!("{error:#}; {waiting} waiting in the spool, sent with the next push or `git flush`"));
        }
    }
}

/// Tells what did not go well.
fn report(flushed: &Flushed, attached: &Attached, what: &str) {
    for aside in &flushed.aside {
        tell(&format!("{what} set aside as {aside}"));
    }
    if let Some(reason) = &flushed.stopped {
        let waiting = attached.spool.waiting().map_or(0, |waiting| waiting.len());
        tell(&format!("{reason}; {waiting} waiting in the spool, sent with the next push or `git flush`"));
    }
}

/// Says something to whoever pushes. That person may be gone, which is no reason to fail.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "postrider: {text}");
}
