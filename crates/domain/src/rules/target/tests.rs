use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

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

/// E-4, E-5 and the parts of IPv6 outside global unicast, as CIDR.
const REFUSED: [&str; 36] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "2620:4f:8000::/48",
];

fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

/// The address before the first and after the last.
fn beside(net: IpNet) -> Vec<IpAddr> {
    match net {
        IpNet::V4(net) => {
            let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
            let around = [first.checked_sub(1), last.checked_add(1)];
            around.into_iter().flatten().map(|bits| Ipv4Addr::from(bits).into()).collect()
        }
        IpNet::V6(net) => {
            let (first, last) = (u128::from(net.network()), u128::from(net.broadcast()));
            let around = [first.checked_sub(1), last.checked_add(1)];
            around.into_iter().flatten().map(|bits| Ipv6Addr::from(bits).into()).collect()
        }
    }
}

/// Says by the list above, not by the code under test, whether an address is refused.
fn is_refused(address: IpAddr) -> bool {
    let listed = REFUSED.iter().any(|range| net(range).contains(&address));
    match address {
        IpAddr::V4(_) => listed,
        IpAddr::V6(address) => listed || !net("2000::/3").contains(&IpAddr::V6(address)),
    }
}

#[test]
fn t11_the_first_last_before_and_after_of_every_range() {
    let policy = EgressPolicy::default();
    let mut cases = 0;
    for range in REFUSED {
        let net = net(range);
        let mut addresses = vec![net.network(), net.broadcast()];
        addresses.extend(beside(net));
        for address in addresses {
            for port in [80, 443, 8_080] {
                let refused = policy.check_address(address, port, None).is_err();
                assert_eq!(refused, is_refused(address), "{address}:{port} at {range}");
                // The mapped form is the same address.
                if let IpAddr::V4(v4) = address {
                    let mapped = IpAddr::V6(v4.to_ipv6_mapped());
                    assert_eq!(policy.check_address(mapped, port, None).is_err(), refused, "{mapped}");
                    cases += 1;
                }
                cases += 1;
            }
        }
    }
    assert!(cases >= 400, "{cases}");
}

#[test]
fn e4_public_addresses_may_be_called() {
    let policy = EgressPolicy::default();
    for text in ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "223.255.255.255", "2606:4700::1111", "2a00::1"]
    {
        assert_eq!(policy.check_address(text.parse().expect("an address"), 443, None), Ok(()), "{text}");
    }
}

#[test]
fn t11_every_spelling_of_loopback_is_seen_through() {
    let policy = EgressPolicy::default();
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7F.0x0.0x0.0x1",
        "017700000001",
        "0177.0.0.1",
        "0177.1",
        "127.0.0.1.",
        "127.00.0.01",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "0",
        "0.0.0.0",
        "[::]",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "１２７.0.0.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "ｌocalhost",
        "a.localhost",
        "printer",
        "printer.local",
        "metadata.google.internal",
        "internal",
        "local.",
    ] {
        let url = TargetUrl::parse(&format!("http://{host}/"));
        let refused = url.as_ref().map(|url| policy.check_url(url).is_err());
        assert_ne!(refused, Ok(false), "{host}");
    }
    for host in ["example.com", "EXAMPLE.com.", "internal.example.com", "mylocal", "xn--bcher-kva.example"] {
        let url = TargetUrl::parse(&format!("http://{host}/")).expect("valid");
        assert_eq!(policy.check_url(&url).is_ok(), host.contains('.'), "{host}");
    }
}

fn allowing(entries: &[&str]) -> EgressPolicy {
    let allow = entries.iter().map(|entry| EgressPolicy::parse_allow(entry).expect("a rule")).collect();
    EgressPolicy { allow, ..EgressPolicy::default() }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn e6_metadata_and_our_own_addresses_need_a_literal_entry() {
    let metadata =
        ["169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"];
    let wide = allowing(&["0.0.0.0/0", "::/0", "host:*.example.com"]);
    for text in metadata {
        assert_eq!(wide.check_address(address(text), 80, Some("a.example.com")), Err(Refusal::Metadata), "{text}");
        assert_eq!(allowing(&[text]).check_address(address(text), 80, None), Ok(()), "{text}");
    }
    assert_eq!(wide.check_address(address("::ffff:169.254.169.254"), 80, None), Err(Refusal::Metadata));
    let own = EgressPolicy {
        own_addresses: vec![address("10.1.2.3")],
        own_endpoints: vec![
            "0.0.0.0:8017".parse().expect("an endpoint"),
            "10.9.9.9:5433".parse().expect("an endpoint"),
        ],
        ..allowing(&["10.0.0.0/8", "loopback"])
    };
    let check = |text, port| own.check_address(address(text), port, None);
    assert_eq!(check("10.1.2.3", 80), Err(Refusal::Own));
    assert_eq!(check("10.1.2.4", 80), Ok(()));
    assert_eq!(check("127.0.0.1", 8017), Err(Refusal::OwnEndpoint));
    assert_eq!(check("::1", 8017), Err(Refusal::OwnEndpoint));
    assert_eq!(check("10.1.2.3", 8017), Err(Refusal::OwnEndpoint));
    assert_eq!(check("127.0.0.1", 8018), Ok(()));
    assert_eq!(check("10.9.9.9", 5433), Err(Refusal::OwnEndpoint));
    assert_eq!(check("10.9.9.9", 8080), Ok(()));
    let mut literal = own.clone();
    literal.allow.push(EgressPolicy::parse_allow("127.0.0.1").expect("a rule"));
    assert_eq!(literal.check_address(address("127.0.0.1"), 8017, None), Err(Refusal::OwnEndpoint), "names no port");
    literal.allow.push(EgressPolicy::parse_allow("127.0.0.1:8017").expect("a rule"));
    assert_eq!(literal.check_address(address("127.0.0.1"), 8017, None), Ok(()));
}

#[test]
fn e5_nat64_prefixes_are_decoded() {
    let mut policy = allowing(&[]);
    policy.nat64_prefixes = vec!["64:ff9b::/96".parse().expect("a prefix"), "2a00:64::/32".parse().expect("a prefix")];
    assert_eq!(policy.check_address(address("64:ff9b::808:808"), 443, None), Ok(()));
    assert!(matches!(policy.check_address(address("64:ff9b::a00:1"), 443, None), Err(Refusal::Address(_))));
    assert_eq!(policy.check_address(address("64:ff9b::a9fe:a9fe"), 443, None), Err(Refusal::Metadata));
    assert!(matches!(policy.check_address(address("2a00:64:7f00:1::"), 443, None), Err(Refusal::Address(_))));
    // RFC 6052 section 2.4.
    for (prefix, carrier) in [
        ("2001:db8::/32", "2001:db8:c000:221::"),
        ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
        ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
        ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
        ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
    ] {
        let found = embedded_ipv4(carrier.parse().expect("an address"), prefix.parse().expect("a prefix"));
        assert_eq!(found, Some(Ipv4Addr::new(192, 0, 2, 33)), "{prefix}");
    }
}

#[test]
fn e8_ports() {
    let policy = EgressPolicy::default();
    let public = address("1.1.1.1");
    for port in [80, 443, 1024, 3000, 8080, 8443, 65_535] {
        assert_eq!(policy.check_address(public, port, None), Ok(()), "{port}");
    }
    let bad = [
        0, 1, 22, 25, 79, 81, 442, 444, 1023, 1719, 1720, 1723, 2049, 2375, 2379, 3306, 3659, 4045, 4190, 5060, 5061,
        5432, 6000, 6379, 6566, 6665, 6669, 6679, 6697, 9200, 10_080, 10_250, 11_211, 27_017,
    ];
    for port in bad {
        assert_eq!(policy.check_address(public, port, None), Err(Refusal::Port), "{port}");
        let url = TargetUrl::parse(&format!("http://example.com:{port}/")).expect("valid");
        assert_eq!(policy.check_url(&url), Err(Refusal::Port), "{port}");
    }
    let named = allowing(&["1.1.1.1:22", "10.0.0.0/8:5432", "host:db.example.com:6379", "8.8.8.8"]);
    assert_eq!(named.check_address(public, 22, None), Ok(()));
    assert_eq!(named.check_address(public, 25, None), Err(Refusal::Port));
    assert_eq!(named.check_address(address("10.0.0.1"), 5432, None), Ok(()));
    assert!(matches!(named.check_address(address("10.0.0.1"), 80, None), Err(Refusal::Address(_))), "only that port");
    assert_eq!(named.check_address(address("8.8.8.8"), 22, None), Err(Refusal::Port), "the entry names no port");
    assert_eq!(named.check_address(address("1.2.3.4"), 6379, Some("db.example.com")), Ok(()));
    assert_eq!(named.check_address(address("1.2.3.4"), 6379, Some("example.com")), Err(Refusal::Port));
}

#[test]
fn e7_and_e9_entries_permit_what_they_name() {
    let check = |entry: &str, text: &str, name| allowing(&[entry]).check_address(address(text), 8080, name).is_ok();
    for (entry, text, name, permitted) in [
        ("private", "10.1.1.1", None, true),
        ("private", "172.31.0.1", None, true),
        ("private", "192.168.0.1", None, true),
        ("private", "fd12::1", None, true),
        ("private", "127.0.0.1", None, false),
        ("private", "169.254.1.1", None, false),
        ("loopback", "127.9.9.9", None, true),
        ("loopback", "::1", None, true),
        ("loopback", "::ffff:127.0.0.1", None, true),
        ("loopback", "10.0.0.1", None, false),
        ("10.1.0.0/16", "10.1.2.3", None, true),
        ("10.1.0.0/16:8080", "10.1.2.3", None, true),
        ("10.1.0.0/16:9090", "10.1.2.3", None, false),
        ("10.1.2.3", "10.1.2.3", None, true),
        ("10.1.2.3", "10.1.2.4", None, false),
        ("fd00::/8:8080", "fd00::1", None, true),
        ("[fd00::1]:8080", "fd00::1", None, true),
        ("[fd00::1]:8080", "fd00::2", None, false),
        ("host:ci.corp", "10.0.0.9", Some("ci.corp"), true),
        ("host:ci.corp", "10.0.0.9", Some("a.ci.corp"), false),
        ("host:ci.corp", "10.0.0.9", None, false),
        ("host:*.corp", "10.0.0.9", Some("a.b.corp"), true),
        ("host:*.corp", "10.0.0.9", Some("corp"), false),
        ("host:*.corp", "10.0.0.9", Some("evilcorp"), false),
        ("host:CI.Corp.:8080", "10.0.0.9", Some("ci.corp"), true),
        ("host:ci.corp:9090", "10.0.0.9", Some("ci.corp"), false),
    ] {
        assert_eq!(check(entry, text, name), permitted, "{entry} {text} {name:?}");
    }
    let name = |entry: &str, url: &str| allowing(&[entry]).check_url(&TargetUrl::parse(url).expect("valid")).is_ok();
    assert!(name("loopback", "http://localhost:8080/") && name("loopback", "http://a.localhost/"));
    assert!(name("host:printer", "http://printer/") && name("host:*.internal", "http://ci.internal/"));
    assert!(!name("private", "http://localhost/") && !name("10.0.0.0/8", "http://printer/"));
    assert!(!name("host:printer:81", "http://printer/"));
}

#[test]
fn e9_entries_print_as_they_are_written_and_others_are_refused() {
    for text in [
        "private",
        "loopback",
        "10.0.0.0/8",
        "10.0.0.0/8:8080",
        "fd00::/8",
        "[fd00::1]:8080",
        "host:ci.corp",
        "host:*.corp:8443",
    ] {
        assert_eq!(EgressPolicy::parse_allow(text).expect("a rule").to_string(), text);
    }
    for text in [
        "",
        "any",
        "Private",
        "private:80",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.0.0.1:",
        "10.0.0.1:0",
        "10.0.0.1:+80",
        "10.0.0.1:99999",
        "[10.0.0.1]:80",
        "[fd00::1]80",
        "host:",
        "host:*",
        "host:*.",
        "host:a..b",
        "host:a.*.b",
        "host:10.0.0.1",
        "host:a b",
        "example.com",
    ] {
        assert!(EgressPolicy::parse_allow(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_refusal_names_its_reason_but_never_the_callers_address() {
    let refusal = EgressPolicy::default().check_address(address("10.77.66.55"), 80, None).expect_err("refused");
    assert_eq!(refusal.to_string(), "the address is not public (10.0.0.0/8: private)");
    let names =
        [Refusal::Url, Refusal::Name, Refusal::Port, refusal, Refusal::Metadata, Refusal::Own, Refusal::OwnEndpoint];
    assert_eq!(names.map(Refusal::as_str), Refusal::NAMES);
}

mod random {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn t9_any_text_is_judged_without_a_panic(text in "\\PC{0,80}") {
            let _ = TargetUrl::parse(&text);
            let _ = EgressPolicy::parse_allow(&text);
        }

        #[test]
        fn t9_whatever_parses_keeps_its_host_out_of_the_refused_ranges(
            text in "https?://[a-z0-9.:@%\\[\\]xX_-]{1,40}(/[!-~]{0,20})?"
        ) {
            let Ok(url) = TargetUrl::parse(&text) else { return Ok(()) };
            let target = url.target().expect("parsed");
            if let (TargetHost::Address(address), Ok(())) = (&target.host, EgressPolicy::default().check_url(&url)) {
                prop_assert!(!is_refused(*address), "{text}");
            }
            prop_assert!(target.path.starts_with(b"/"));
        }
    }
}
