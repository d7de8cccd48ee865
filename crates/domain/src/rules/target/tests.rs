use super::*;

fn parse(text: &str) -> Result<Target, TargetError> {
    TargetUrl::parse(text).and_then(|url| url.target().cloned())
}

#[test]
fn e2_a_url_is_taken_apart_once_for_saving_and_sending() {
    let target = parse("https://Bob%40x:p%20w@BÜCHER.example.:8443/a b".replace(' ', "%20").as_str()).expect("valid");
    assert!(target.tls);
    assert_eq!(target.host, TargetHost::Name("xn--bcher-kva.example".into()));
    assert_eq!(target.port, 8443);
    assert_eq!(target.authority, "xn--bcher-kva.example:8443");
    assert_eq!(target.path, "/a%20b");
    assert_eq!(target.credentials.expect("credentials").expose(), "Bob@x:p w");
    assert_eq!(parse("http://a.test").expect("valid").path, "/");
    assert_eq!(parse("https://a.test:443/?q=1").expect("valid").authority, "a.test");
    assert_eq!(parse("http://[::1]:9000/").expect("valid").authority, "[::1]:9000");
}

#[test]
fn e2_refused_forms() {
    assert_eq!(parse(" ").unwrap_err(), TargetError::Blank);
    assert_eq!(parse("ftp://a.test/").unwrap_err(), TargetError::Scheme);
    assert_eq!(parse("javascript://a.test/").unwrap_err(), TargetError::Scheme);
    assert_eq!(parse(&format!("http://a.test/{}", "x".repeat(MAX_URL))).unwrap_err(), TargetError::TooLong);
    let longest = format!("http://a.test/{}", "x".repeat(MAX_URL - 14));
    assert_eq!(longest.len(), MAX_URL);
    assert!(parse(&longest).is_ok());
    let label = "x".repeat(64);
    for text in [
        "a.test",
        "http:a.test",
        "http:/a.test",
        "http:///a.test",
        "http://",
        "http:///",
        "http://?q",
        "http://:80/",
        " http://a.test/",
        "http://a.test/ ",
        "http://a.test/a b",
        "http://a.test/\u{a0}",
        "http://a.test/\r\nX: y",
        "http://a\t.test/",
        "http://a.test/\0",
        "http://a.test/\u{7f}",
        "http://a.test\\@b.test/",
        "http://a.test/#top",
        "http://a@b@c.test/",
        "http://a%2etest/",
        "http://%31%32%37.0.0.1/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://::1]/",
        "http://a[b].test/",
        "http://a..test/",
        "http://.test/",
        "http://a.test../",
        "http://a.test:99999/",
        "http://a.test:x/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://us%3aer:pw@a.test/",
        "http://u%0d%0a:pw@a.test/",
        "http://u%ff:pw@a.test/",
        &format!("http://{label}.test/"),
        &format!("http://{}test/", "abcdefgh.".repeat(29)),
    ] {
        assert_eq!(parse(text).err(), Some(TargetError::Malformed), "{text:?}");
    }
}

#[test]
fn a_trusted_text_is_still_checked_before_it_is_used() {
    assert_eq!(TargetUrl::trusted("http://a b/".to_owned()).target().err(), Some(TargetError::Malformed));
    assert_eq!(TargetUrl::trusted("http://a.test/x".to_owned()).target().map(|t| t.port), Ok(80));
}
