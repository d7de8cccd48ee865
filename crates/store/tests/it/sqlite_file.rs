//! What only the SQLite backend has: one file, its lock, its migrations.

use domain::account::TokenHash;
use domain::ci::{BuildFilter, IncomingFilter};
use domain::hook::DialectName;
use domain::ports::StoreError;
use rusqlite::Connection;
use store::{Keyring, Options};
use testkit::{a_hook, an_event};

use crate::bed::Bed;

fn refused(opened: Result<std::sync::Arc<dyn domain::ports::Store>, StoreError>) -> String {
    opened.err().expect("is refused").to_string()
}

#[tokio::test]
async fn d4_a_second_process_is_refused_until_the_first_is_gone() {
    let mut bed = Bed::sqlite();
    assert!(refused(bed.open()).contains("another process"));
    bed.restart().await;
}

#[tokio::test]
async fn d4_the_settings_hold() {
    let bed = Bed::sqlite();
    let conn = Connection::open(bed.path()).expect("opens");
    let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("reads");
    assert_eq!(mode, "wal");
    let strict = "SELECT count(*) FROM pragma_table_list
        WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'";
    let lax: i64 = conn.query_row(strict, [], |row| row.get(0)).expect("reads");
    assert_eq!(lax, 0, "every table is strict");
}

#[tokio::test]
async fn s2_the_wrong_key_and_an_unknown_dialect_are_told_at_the_start() {
    let bed = Bed::sqlite().with_repository().await;
    bed.hook(a_hook().signed_with("hunter2").build()).await;
    bed.store().close().await;
    let open = |key: u8, dialects: &[&'static str]| {
        store::open(Options::new(
            format!("sqlite:{}", bed.path().display()),
            Keyring::single(&[key; 32]),
            dialects.iter().copied().map(DialectName).collect(),
            bed.clock.clone(),
            std::sync::Arc::new(testkit::SeededEntropy::new(1)),
        ))
    };
    assert!(matches!(open(1, &["github"]), Err(StoreError::Corrupt(what)) if what.contains("hooks 1: secret")));
    assert!(matches!(open(42, &["standard"]), Err(StoreError::Corrupt(what)) if what.contains("unknown dialect")));
    assert!(open(42, &["github"]).is_ok());
}

#[test]
fn other_databases_are_refused_honestly() {
    for url in ["postgres://localhost/postrider", "mysql://x", "sqlite:", "postrider.db"] {
        let bed = Options::new(
            url,
            Keyring::single(&[1; 32]),
            Vec::new(),
            std::sync::Arc::new(testkit::FakeClock::default()),
            std::sync::Arc::new(testkit::SeededEntropy::new(1)),
        );
        assert!(matches!(store::open(bed), Err(StoreError::Unavailable(_))), "{url}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_or_of_a_newer_server_is_refused() {
    let bed = Bed::sqlite();
    bed.store().close().await;
    let conn = Connection::open(bed.path()).expect("opens");
    conn.execute("INSERT INTO migrations VALUES (99, 'future', x'00', 0)", []).expect("writes");
    assert!(refused(bed.open()).contains("too old"));
    conn.execute("DELETE FROM migrations WHERE number = 99", []).expect("writes");
    conn.execute("UPDATE migrations SET checksum = x'00' WHERE number = 1", []).expect("writes");
    assert!(refused(bed.open()).contains("migration 1"));
    let text = bed.path().with_extension("txt");
    std::fs::write(&text, "This is no database at all, but a text. ".repeat(99)).expect("writes");
    assert!(matches!(bed.open_at(&text), Err(StoreError::Corrupt(_))));
}

/// A hash of the samples.
fn hash(first: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = first;
    bytes
}

/// Makes a database as the first release did, with a row in each table, and lets this server migrate it. Later
/// migrations add rows of their own tables.
#[tokio::test]
async fn a_sample_row_of_each_table_is_still_understood() {
    let mut bed = Bed::sqlite();
    bed.store().close().await;
    std::fs::remove_file(bed.path()).expect("closed");
    let conn = Connection::open(bed.path()).expect("opens");
    let initial = include_str!("../../migrations/sqlite/0001_initial.sql");
    conn.execute_batch(initial).expect("migrates");
    conn.execute_batch(include_str!("samples/0001.sql")).expect("inserts");
    let ledger = "CREATE TABLE migrations (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL, applied_at INTEGER NOT NULL) STRICT";
    conn.execute(ledger, []).expect("creates");
    let checksum = domain::event::payload_hash(initial.as_bytes());
    conn.execute("INSERT INTO migrations VALUES (1, 'initial', ?1, 10)", [checksum]).expect("notes");
    drop(conn);
    bed.restart().await;
    let conn = Connection::open(bed.path()).expect("opens");
    conn.execute_batch(include_str!("samples/0002.sql")).expect("inserts");
    conn.execute_batch(include_str!("samples/0004.sql")).expect("inserts");
    conn.execute_batch(include_str!("samples/0005.sql")).expect("inserts");
    bed.store().create_ci_app(testkit::an_app().build()).await.expect("made");
    conn.execute_batch(include_str!("samples/0006.sql")).expect("inserts");
    conn.execute_batch(include_str!("samples/0007.sql")).expect("inserts");
    drop(conn);
    bed.restart().await;
    let store = bed.store();
    let topic = store.directory().topic("http://pub.test/topic").expect("exists");
    assert_eq!((topic.latest, topic.page.as_ref()), (Some(domain::id::EventId(160_000)), None));
    assert_eq!(store.topic_state(topic.id).await.expect("reads").etag.as_deref(), Some("\"1\""));
    let page = store.directory().topic("http://postrider.test/acme/gears/events/push").expect("exists").page.clone();
    assert_eq!(page.map(|page| page.name).as_deref(), Some("push"));
    let subscription = store.directory().subscription(topic.id, "http://sub.test/cb").expect("exists");
    assert_eq!(subscription.expires_at, Some(domain::time::Timestamp::from_micros(90)));
    let tasks = store.claim_tasks(testkit::START, 9).await.expect("claims");
    assert_eq!(tasks[0].job, domain::task::Job::FetchTopic(topic.id));
    assert_eq!(store.task_notes(Some(&topic.url), None, 9).await.expect("reads").len(), 1);
    let hook = store.directory().hook(domain::id::HookId(7)).expect("exists");
    assert_eq!((hook.url.as_str(), hook.events.as_slice()), ("http://receiver.test/", &["push".to_owned()][..]));
    let log = store.attempts_of(hook.id, domain::ports::AttemptFilter::default(), 9).await.expect("lists");
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].kind.as_str(), log[0].attempt.exchange.as_ref().and_then(|e| e.status)), ("push", Some(200)));
    assert_eq!(store.directory().account_by_key("air").expect("exists").login, "acme");
    let tallies = store.tallies(hook.id, testkit::START).await.expect("reads");
    assert!(tallies.is_empty(), "that was long before");
    let tallies = store.tallies(hook.id, domain::time::Timestamp::from_micros(0)).await.expect("reads");
    assert_eq!((tallies[0].kind.as_str(), tallies[0].successes), ("push", 1));
    let breakers = store.breakers_of(&[hook.id]).await.expect("reads");
    assert_eq!((breakers[0].1.failures, breakers[0].1.healed), (6, None));
    let app = store.directory().application("00112233445566778899").expect("exists");
    assert_eq!((app.name.as_str(), hook.app), ("Ferry", Some(app.id)));
    let device = store.device(TokenHash(hash(2))).await.expect("reads").expect("exists");
    assert!(matches!(device.answer, Some(domain::grant::DeviceAnswer::Approved { .. })));
    assert!(store.session(TokenHash(hash(3))).await.expect("reads").is_some());
    let app = store.directory().ci_apps().remove(0);
    let build = store.builds(app.id, BuildFilter { limit: 9, ..BuildFilter::default() }).await.expect("reads");
    assert_eq!((build.total, build.builds[0].target.workflow()), (1, Some("primary")));
    assert_eq!(store.read_log(build.builds[0].id, 0, 9).await.expect("reads")[0].text, "hi!");
    assert_eq!(store.build_requests(app.id, 9).await.expect("reads").len(), 1);
    assert_eq!(store.incoming(app.id, IncomingFilter::default(), 9).await.expect("reads").len(), 1);
    let connected = store.git_account(domain::id::AccountId(1), domain::ci::GitHost::GitHub).await;
    assert!(matches!(connected, Err(StoreError::Corrupt(what)) if what.contains("git_accounts 1")), "no such key");
    let works = bed.claim(hook.id, 9).await;
    assert_eq!(works.len(), 1);
    assert_eq!(works[0].message().body, "{}");
    assert!(store.conservation().await.expect("counts").holds());
    store.accept(an_event("new").for_hooks(&[hook.id]).build()).await.expect("accepted beside them");
}

/// Migration 5 makes the table of hooks anew.
#[tokio::test]
async fn what_belongs_to_hooks_survives_their_move_and_ids_of_deleted_ones_stay_used() {
    let mut bed = Bed::sqlite();
    bed.store().close().await;
    std::fs::remove_file(bed.path()).expect("closed");
    let conn = Connection::open(bed.path()).expect("opens");
    let ledger = "CREATE TABLE migrations (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL, applied_at INTEGER NOT NULL) STRICT";
    conn.execute(ledger, []).expect("creates");
    let steps = [
        (include_str!("../../migrations/sqlite/0001_initial.sql"), include_str!("samples/0001.sql")),
        (include_str!("../../migrations/sqlite/0002_bitbucket.sql"), include_str!("samples/0002.sql")),
        (include_str!("../../migrations/sqlite/0003_log_in_order.sql"), ""),
        (include_str!("../../migrations/sqlite/0004_oauth.sql"), include_str!("samples/0004.sql")),
    ];
    for (number, (migration, samples)) in (1_i64..).zip(steps) {
        conn.execute_batch(migration).expect("migrates");
        conn.execute_batch(samples).expect("inserts");
        let checksum = domain::event::payload_hash(migration.as_bytes());
        let note = "INSERT INTO migrations VALUES (?1, 'step', ?2, 10)";
        conn.execute(note, rusqlite::params![number, checksum]).expect("notes");
    }
    conn.execute("UPDATE sqlite_sequence SET seq = 50 WHERE name = 'hooks'", []).expect("hook 50 was deleted");
    drop(conn);
    bed.restart().await;
    let store = bed.store();
    let hook = store.directory().hook(domain::id::HookId(7)).expect("moved");
    assert_eq!(hook.app, Some(store.directory().application("00112233445566778899").expect("exists").id));
    let tallies = store.tallies(hook.id, domain::time::Timestamp::from_micros(0)).await.expect("reads");
    assert_eq!(tallies.len(), 1);
    let breakers = store.breakers_of(&[hook.id]).await.expect("reads");
    assert_eq!(breakers[0].1.failures, 6);
    let new = bed.hook(a_hook().on(domain::id::RepositoryId(6)).build()).await;
    assert_eq!(new.id, domain::id::HookId(51));
    store.delete_hook(hook.id).await.expect("deleted");
    assert!(store.breakers_of(&[hook.id]).await.expect("reads").is_empty(), "they still go with their hook");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_told_and_stops_nothing_else() {
    let bed = Bed::sqlite().with_repository().await;
    let event = bed.store().accept(an_event("a").build()).await.expect("accepted");
    bed.store().close().await;
    let conn = Connection::open(bed.path()).expect("opens");
    conn.execute("UPDATE events SET plan = x'09ff'", []).expect("writes");
    drop(conn);
    let mut bed = bed;
    bed.restart().await;
    assert!(matches!(bed.store().outgoing(event.id).await, Err(StoreError::Corrupt(what)) if what.contains("events")));
    bed.store().check().await.expect("goes on");
}

#[tokio::test]
async fn s2_a_token_does_not_open_for_another_place_than_it_was_given_for() {
    let bed = Bed::sqlite().with_repository().await;
    let owner = domain::id::AccountId(1);
    let host = domain::ci::GitHost::GitHub;
    let connected = domain::ci::GitAccount {
        owner,
        host,
        api: "https://git.test/api".to_owned(),
        user: None,
        token: domain::secret::Secret::new("hunter2"),
        created_at: bed.now(),
    };
    bed.store().set_git_account(connected).await.expect("set");
    bed.store().close().await;
    let conn = Connection::open(bed.path()).expect("opens");
    conn.execute("UPDATE git_accounts SET api = 'https://elsewhere.test'", []).expect("writes");
    drop(conn);
    let mut bed = bed;
    bed.restart().await;
    let read = bed.store().git_account(owner, host).await;
    assert!(
        matches!(read, Err(StoreError::Corrupt(what)) if what == "git_accounts 1: token_sealed does not open with its key")
    );
}
