//! The client verbs against a real server: what docs/cli.md promises to scripts.

use std::io::{BufRead as _, Read as _, Write as _};
use std::process::{Output, Stdio};
use std::sync::mpsc::Receiver;

use serde_json::{Value, json};

use crate::running::{Running, command, receiver};

/// Standard output of a success.
fn said(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// Standard error of a failure with this exit code.
fn failed(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The next body that arrives. The runner has a limit for what never does.
fn next(bodies: &Receiver<String>) -> String {
    bodies.recv().expect("a delivery")
}

#[test]
fn the_registry_is_kept_from_a_shell() {
    let server = Running::start();
    let json = |line: &str| -> Value { serde_json::from_str(&said(server.run(line))).expect("JSON into a pipe") };
    assert_eq!(json("user create alice --name Alice --email alice@acme.test")["login"], "alice");
    assert_eq!(json("org create acme --owner alice")["kind"], "organization");
    assert_eq!(json("repo create acme/widgets --private --default-branch trunk")["default_branch"], "trunk");
    said(server.run("user create bob"));
    assert_eq!(said(server.run("org member add acme bob")), "", "nothing to tell");
    said(server.run("repo collaborator add acme/widgets bob --permission admin"));

    let logins = |list: &Value| -> Vec<String> {
        let items = list.as_array().expect("an array").iter();
        items.map(|item| item["login"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(logins(&json("user list")), ["admin", "alice", "bob"]);
    assert_eq!(logins(&json("org list")), ["acme"]);
    assert_eq!(json("repo list --owner acme")[0]["full_name"], "acme/widgets");

    said(server.run("repo collaborator remove acme/widgets bob"));
    said(server.run("org member remove acme bob"));
    said(server.run("repo delete acme/widgets"));
    said(server.run("org delete acme"));
    said(server.run("user delete alice"));
    assert_eq!(logins(&json("user list")), ["admin", "bob"]);
}

#[test]
fn oauth_applications_are_kept_from_a_shell() {
    let server = Running::start();
    let json = |line: &str| -> Value { serde_json::from_str(&said(server.run(line))).expect("JSON into a pipe") };
    said(server.run("user create alice"));
    said(server.run("org create acme --owner alice"));
    let made = json("oauth-app create --owner acme --name Ferry --redirect-uri https://ferry.test/ --device-flow");
    let text = |field: &str| made[field].as_str().expect("text").to_owned();
    assert!(text("client_secret").starts_with("prs_"));
    let renewed = json(&format!("oauth-app secret {}", text("client_id")));
    assert_ne!(renewed["client_secret"], made["client_secret"]);
    let listed = json("oauth-app list --owner acme");
    assert_eq!((&listed[0]["redirect_uris"], listed[0].get("client_secret")), (&json!(["https://ferry.test/"]), None));
    let token = json(&format!("token create --user alice --scopes repo --oauth-app {} --json", text("client_id")));
    assert_eq!(token["oauth_app"], made["client_id"]);
    said(server.run(&format!("oauth-app delete {}", text("client_id"))));
    assert_eq!(json("token list --user alice"), json!([]), "its tokens are gone with it");
    failed(&server.run(&format!("oauth-app delete {}", text("client_id"))), 1);
}

#[test]
fn accounts_at_git_hosts_are_kept_from_a_shell_and_their_tokens_shown_nowhere() {
    let server = Running::start();
    let json = |line: &str| -> Value { serde_json::from_str(&said(server.run(line))).expect("JSON into a pipe") };
    said(server.run("user create alice"));
    let set = "git-account set --owner alice --host bitbucket --user alice@acme.test --token-stdin";
    let mut piped = server.command(set).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("runs");
    piped.stdin.take().expect("piped").write_all(b"canary-1\n").expect("writes");
    let made: Value = serde_json::from_str(&said(piped.wait_with_output().expect("ends"))).expect("JSON");
    assert_eq!((&made["host"], &made["user"]), (&json!("bitbucket"), &json!("alice@acme.test")));
    let listed = json("git-account list --owner alice");
    assert_eq!(listed, json!([made]));
    assert!(!listed.to_string().contains("canary"));
    said(server.run("git-account remove --owner alice --host bitbucket"));
    assert_eq!(json("git-account list --owner alice"), json!([]));
    failed(&server.run("git-account remove --owner alice --host bitbucket"), 1);
    failed(&server.run("git-account set --owner alice --host github"), 2);
    let mine = json("git-account set --host github --git-token canary-2");
    assert_eq!((&mine["owner"], &mine["api"]), (&json!("admin"), &json!("https://api.github.com")));
}

#[test]
fn apps_are_kept_from_a_shell() {
    let server = Running::start();
    let json = |line: &str| -> Value { serde_json::from_str(&said(server.run(line))).expect("JSON into a pipe") };
    said(server.run("org create acme"));
    said(server.run("repo create acme/rocket"));
    let made = json("app create --owner acme --repo acme/rocket --title Rocket --relay --json");
    let text = |app: &Value, field: &str| app[field].as_str().expect("text").to_owned();
    let slug = text(&made, "slug");
    assert!(text(&made, "incoming_url").starts_with(&format!("{}/h/github/{slug}/prh_", server.url)), "{made}");
    assert_eq!((&made["relay"], &made["repository"]), (&json!(true), &json!("acme/rocket")));
    let config = server.path("bitrise.yml");
    std::fs::write(&config, "workflows:\n  primary: {}\n").expect("writes");
    failed(&server.run(&format!("app config {slug}")), 1);
    said(server.run(&format!("app config {slug} --set {}", config.display())));
    assert_eq!(said(server.run(&format!("app config {slug}"))), "workflows:\n  primary: {}\n", "as it is");
    std::fs::write(&config, "trigger_map:\n- push_branch: x\n  workflow: gone\n").expect("writes");
    let refused = server.run(&format!("app config {slug} --set {}", config.display()));
    assert!(failed(&refused, 1).contains("config: trigger item #1: non-existent workflow"));
    let secret = server.path("secret");
    std::fs::write(&secret, "hunter2\n").expect("writes");
    let mut edit = server.command(&format!("app edit {slug} --disabled true --webhook-secret-stdin"));
    let edited = edit.stdin(std::fs::File::open(&secret).expect("opens")).output().expect("runs");
    let edited: Value = serde_json::from_str(&said(edited)).expect("JSON");
    assert_eq!((&edited["is_disabled"], &edited["webhook_secret_set"]), (&json!(true), &json!(true)));
    let rotated = json(&format!("app rotate-token {slug}"));
    assert_ne!(rotated["trigger_token"], made["trigger_token"]);
    assert_eq!(json(&format!("app show {slug}")), rotated);
    assert_eq!(json("app list --owner acme")[0]["slug"], made["slug"]);
    assert!(failed(&server.run(&format!("app edit {slug}")), 1).contains("nothing to change"));
    said(server.run(&format!("app delete {slug}")));
    assert_eq!(json("app list"), json!([]));
}

#[test]
fn token_create_prints_the_token_alone_unless_asked_for_json() {
    let server = Running::start();
    said(server.run("user create alice"));
    let token = said(server.run("token create --user alice --scopes repo,events:write --expires 90d"));
    let token = token.strip_suffix('\n').expect("a line");
    assert!(token.starts_with("prt_") && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{token}");
    let whole: Value =
        serde_json::from_str(&said(server.run("token create --user alice --scopes repo --json"))).expect("JSON");
    assert_eq!(whole["scopes"], json!(["repo"]));
    let listed: Value = serde_json::from_str(&said(server.run("token list --user alice"))).expect("JSON");
    assert_eq!(listed.as_array().expect("an array").len(), 2);
    assert!(!listed.to_string().contains(token), "shown once");
    said(server.run(&format!("token delete {}", whole["id"])));

    // That token in its three places; none of them is the admin's.
    let file = server.path("alice.token");
    std::fs::write(&file, format!("{token}\n")).expect("writes");
    let by_option = command(&["--server", &server.url, "--token", token, "user", "list"]).output();
    let by_file =
        command(&["user", "list", "--server", &server.url, "--token-file", &file.display().to_string()]).output();
    let by_environment =
        command(&["user", "list"]).env("POSTRIDER_SERVER", &server.url).env("POSTRIDER_TOKEN", token).output();
    for output in [by_option, by_file, by_environment] {
        assert!(failed(&output.expect("runs"), 1).contains("lacks the scope site_admin"));
    }
}

#[test]
fn errors_go_to_standard_error_with_exit_codes_1_and_2() {
    let server = Running::start();
    assert_eq!(
        failed(&server.run("user create -x"), 2).lines().next().map(|line| line.starts_with("error:")),
        Some(true)
    );
    assert!(failed(&server.run("repo create widgets"), 2).contains("OWNER/NAME"));
    assert!(failed(&server.run("hook list"), 2).contains("--repo"));
    assert!(failed(&server.run("user create a/b"), 1).starts_with("postrider: login: "));
    assert_eq!(failed(&server.run("user create admin"), 1), "postrider: login: an account of that name exists\n");
    let evil = server.run("event list --source /repos/a/\u{1b}[2J");
    assert!(failed(&evil, 1).contains("/repos/a/\\u{1b}[2J"), "U-1");
    assert!(failed(&server.run("hook show 7"), 1).contains("no such hook"));
    let stranger = command(&["--server", &server.url, "--token", "x", "user", "list"]).output().expect("runs");
    assert!(failed(&stranger, 1).contains("--token-file"));
    drop(server);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let nobody = command(&["--server", &format!("http://{closed}"), "user", "list"]).output().expect("runs");
    let told = failed(&nobody, 1);
    assert!(told.contains("no server answers at http://127.0.0.1") && told.lines().count() == 1, "{told}");
    let odd = command(&["--server", "localhost:8017", "user", "list"]).output().expect("runs");
    assert!(failed(&odd, 1).contains("http://host:8017"));
}

#[test]
fn events_are_published_and_their_deliveries_followed() {
    let server = Running::start();
    let (url, bodies) = receiver("it \u{1b}[31mhurts\u{1b}[0m");
    said(server.run("org create acme"));
    said(server.run("repo create acme/widgets"));
    let secret = server.path("secret");
    std::fs::write(&secret, "hunter2\n").expect("writes");
    let made = server.run(&format!(
        "hook create --repo acme/widgets --url {url} --events push --secret-file {} --retries none",
        secret.display()
    ));
    let made: Value = serde_json::from_str(&said(made)).expect("JSON");
    assert_eq!((&made["secret_set"], &made["retries"]), (&json!(true), &json!("none")));
    let hook = made["id"].clone();

    let mut tail = server.command(&format!("delivery tail {hook} --since 2020-01-01T00:00:00Z"));
    let mut tail = tail.stdout(Stdio::piped()).spawn().expect("runs");
    let mut rows = std::io::BufReader::new(tail.stdout.take().expect("piped")).lines();

    // The three ways to give data.
    let publish = "event publish --source /repos/acme/widgets --type github.push";
    let file = server.path("push.json");
    std::fs::write(&file, "{ \"n\": 1 }\n").expect("writes");
    let first: Value =
        serde_json::from_str(&said(server.run(&format!("{publish} --id one {}", file.display())))).expect("JSON");
    assert_eq!((&first["deliveries"], &first["duplicate"]), (&json!(1), &json!(false)));
    let again: Value =
        serde_json::from_str(&said(server.run(&format!("{publish} --id one --data {{}}")))).expect("JSON");
    assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &json!(true)));
    said(server.run(&format!("{publish} --data {{\"n\":2}}")));
    let mut piped = server.command(publish).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("runs");
    piped.stdin.take().expect("piped").write_all(b"{\"n\":3}").expect("writes");
    assert!(piped.wait().expect("ends").success());

    let mut received: Vec<String> = (0..3).map(|_| next(&bodies)).collect();
    received.sort();
    assert_eq!(received, ["{ \"n\": 1 }\n", "{\"n\":2}", "{\"n\":3}"], "byte for byte");
    let mut shown: Vec<Value> = Vec::new();
    for _ in 0..3 {
        let line = rows.next().expect("goes on").expect("text");
        shown.push(serde_json::from_str(&line).expect("an object on a line of its own"));
    }
    assert!(shown.iter().all(|row| row["status"] == 200 && row["hook"] == hook), "{shown:?}");

    let id = &shown[0]["id"];
    let whole = said(server.run(&format!("delivery show {id}")));
    assert!(!whole.contains('\u{1b}'), "U-1: {whole}");
    let whole: Value = serde_json::from_str(&whole).expect("JSON");
    assert_eq!(whole["response"]["body"], "it \u{1b}[31mhurts\u{1b}[0m");
    assert!(whole["request"]["headers"]["X-Hub-Signature-256"].is_string());

    said(server.run(&format!("delivery redeliver {id}")));
    assert!(received.contains(&next(&bodies)), "the same bytes once more");
    let line: Value = serde_json::from_str(&rows.next().expect("goes on").expect("text")).expect("JSON");
    assert_eq!((&line["redelivery"], &line["guid"]), (&json!(true), &whole["guid"]));
    tail.kill().expect("is there");
    tail.wait().expect("ends");

    let listed: Value =
        serde_json::from_str(&said(server.run(&format!("delivery list {hook} --limit 2")))).expect("JSON");
    assert_eq!(listed.as_array().expect("an array").len(), 2);
    assert_eq!(listed[0]["redelivery"], true, "newest first");
    let events: Value =
        serde_json::from_str(&said(server.run("event list --source /repos/acme/widgets"))).expect("JSON");
    assert_eq!(events[2]["ce_id"], "one");
    let shown: Value = serde_json::from_str(&said(server.run(&format!("hook show {hook}")))).expect("JSON");
    assert_eq!((&shown["breaker"]["state"], &shown["breaker"]["on_open"]), (&json!("closed"), &json!("hold")));
    said(server.run(&format!("hook close-breaker {hook}")));
    said(server.run(&format!("hook ping {hook}")));
    assert!(next(&bodies).contains("\"zen\""));
    said(server.run(&format!("hook delete {hook}")));
}

/// `script` gives the program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn u1_a_terminal_gets_tables_without_control_characters() {
    let server = Running::start();
    said(server.run("user create eve --name ab\u{202e}cd"));
    let line = format!("{} user list", server.line());
    let mut script = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`script` (util-linux) is installed");
    let mut table = String::new();
    script.stdout.take().expect("piped").read_to_string(&mut table).expect("text");
    assert!(script.wait().expect("ends").success(), "{table}");
    let lines: Vec<&str> = table.lines().map(str::trim_end).collect();
    assert!(lines[0].starts_with("ID") && lines[0].contains("LOGIN  NAME"), "{table}");
    assert!(lines[2].contains("eve    ab\\u{202e}cd"), "{table}");
    assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table:?}");
}
