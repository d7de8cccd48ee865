//! Tables of pages, and nonsense.

use proptest::prelude::*;

use super::*;

const URL: &str = "https://pub.test/blog/feed?page=1";
const HUB: &str = "https://hub.test/";
const TOPIC: &str = "https://pub.test/feed";

fn found(hubs: &[&str], selves: &[&str]) -> Advertised {
    let owned = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect();
    Advertised { hubs: owned(hubs), selves: owned(selves) }
}

fn by_headers(values: &[&str]) -> Advertised {
    let headers = values.iter().map(|value| ("link", *value));
    discover([("Date", "<https://x.test/>; rel=hub")].into_iter().chain(headers), None, b"", URL)
}

fn by_body(content_type: &str, body: &str) -> Advertised {
    discover([], Some(content_type), body.as_bytes(), URL)
}

#[test]
fn link_headers_are_read_in_every_spelling() {
    let both = found(&[HUB], &[TOPIC]);
    let cases: &[&[&str]] = &[
        &["<https://pub.test/feed>; rel=\"self\", <https://hub.test/>; rel=\"hub\""],
        &["<https://hub.test/>; rel=hub", "<https://pub.test/feed>; rel=self"],
        &["<https://hub.test/>;rel=hub,<https://pub.test/feed>;rel=self"],
        &["< https://hub.test/ > ; REL = \"next HUB\" ; title=\"a, b; c\", , </feed> ; rel=SELF"],
        &["<https://hub.test/>; title=\"\\\"<https://x.test/>; rel=hub\"; rel=hub,<../feed>; rel=\"  self alternate\""],
        &["<https://hub.test/>; rel=hub; rel=self", "<//pub.test/feed>; rel=self; rel=hub"],
        &["nonsense, <https://hub.test/>; rel=hub; crossorigin, \"<https://x.test/>; rel=hub\", </feed>; rel=\"self"],
        &["<https://x.test/>; rel=hub; anchor=\"/other\", <https://hub.test/>; rel=hub, </feed>; rel=self"],
        &["<https://x.test/?a=1,2;b>; rel=next, <https://hub.test/>; rel=hub, </feed>; rel=self; x"],
        &["<https://hub.test/> rel=hub, <https://hub.test/>; rel=hub, </feed>; rel=self, <https://never.test/"],
        &["<https://hub.test/>; rel=\"self hub\"; x, </feed>; rel=self"],
    ];
    for values in &cases[..10] {
        assert_eq!(by_headers(values), both, "{values:?}");
    }
    assert_eq!(by_headers(cases[10]), found(&[HUB], &[HUB, TOPIC]));
}

#[test]
fn all_hubs_are_kept_in_order_each_once_and_as_written() {
    let hubs = ["<https://b.test>; rel=hub, <HTTPS://A.test/%7e>; rel=hub, <https://b.test>; rel=hub"];
    assert_eq!(by_headers(&hubs), found(&["https://b.test", "HTTPS://A.test/%7e"], &[]));
    let many: Vec<String> = (0..99).map(|at| format!("<https://h.test/{at}>; rel=hub")).collect();
    assert_eq!(by_headers(&[&many.join(",")]).hubs.len(), MAX_LINKS);
}

#[test]
fn other_schemes_and_oversize_urls_are_left_out() {
    let long = format!("<https://h.test/{}>; rel=hub", "a".repeat(MAX_URL));
    let odd = ["<mailto:a@b.test>; rel=hub", "<ftp://h.test/>; rel=hub", "<javascript:a>; rel=hub", &long];
    assert_eq!(by_headers(&odd), Advertised::default());
    assert_eq!(by_headers(&["<https://h .test/>; rel=hub", "<http://>; rel=hub"]), Advertised::default());
    assert_eq!(
        by_headers(&["<>; rel=self", "<?page=2>; rel=hub"]),
        found(&["https://pub.test/blog/feed?page=2"], &[URL])
    );
}

#[test]
fn check_s104_headers_win_over_the_document() {
    let body = "<link rel=hub href=https://wrong.test/><link rel=self href=/wrong>";
    let ask = |value| discover([("Link", value)], Some("text/html"), body.as_bytes(), URL);
    assert_eq!(ask("<https://hub.test/>; rel=hub, </feed>; rel=self"), found(&[HUB], &[TOPIC]));
    let mixed = ask("<https://hub.test/>; rel=hub");
    assert_eq!(mixed, found(&[HUB], &["https://pub.test/wrong"]), "what headers do not tell");
    assert_eq!(ask("</style.css>; rel=preload").hubs, ["https://wrong.test/"]);
}

#[test]
fn html_links_count_in_the_head_first() {
    let both = found(&[HUB], &[TOPIC]);
    let cases = [
        "<!doctype html><html><head><link rel=\"hub\" href=\"https://hub.test/\"><link href='/feed' rel='self'></head>",
        "<LINK REL=HUB HREF=https://hub.test/ /><link rel=\"x\tself\" href=&#47;feed>",
        "<head><!-- <link rel=hub href=https://x.test/> --><link rel=hub href=https://hub.test/><link rel=self href=/feed>",
        "<head><script>\"<link rel=hub href=https://x.test/>\"</script><title><link rel=hub href=https://x.test/></title>\
         <link rel=hub href=https://hub.test/><link rel=self href=/feed></head>",
        "<head><link rel=hub href=https://hub.test/><link rel=self href=/feed></head><body><link rel=hub href=/x>",
        "<head><link rel=hub href=https://hub.test/><link rel=self href=/feed><p><link rel=hub href=/x>",
        "<head><title>a</title></head><body><p><link rel=hub href=https://hub.test/><link rel=self href=/feed>",
        "<link rel=hub href=https://hub.test/ href=/x><link rel=self href=\" /feed \n\"><a rel=hub href=/x>",
    ];
    for page in cases {
        assert_eq!(by_body("text/html; charset=utf-8", page), both, "{page}");
    }
    assert_eq!(by_body("text/plain", cases[0]), Advertised::default());
}

#[test]
fn feeds_are_read_by_namespace() {
    let both = found(&[HUB], &[TOPIC]);
    let cases = [
        (
            "application/atom+xml",
            "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><link rel=\"self\" href=\"/feed\"/>\
             <link rel=\"hub\" href=\"https://hub.test/\"></link><link href=\"/x\"/>\
             <entry><link rel=\"self\" href=\"/entry\"/></entry><x:link xmlns:x=\"x\" rel=\"hub\" href=\"/x\"/></feed>",
        ),
        (
            "text/xml; charset=utf-8",
            "\u{feff}<a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns='other'><link rel='hub' href='/x'/>\
             <a:link rel='hub' href='https://hub.test/'/><a:link rel='self' href='&#x2F;feed'/></a:feed>",
        ),
        (
            "application/rss+xml",
            "<rss version=\"2.0\" xmlns:b=\"http://www.w3.org/2005/Atom\"><channel><link>https://x.test/</link>\
             <b:link rel=\"self\" href=\"/feed\"/><b:link rel=\"HUB\" href=\"https://hub.test/\"/>\
             <item><b:link rel=\"hub\" href=\"/x\"/></item></channel><b:link rel=\"hub\" href=\"/x\"/></rss>",
        ),
        (
            "application/rdf+xml",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'\
             xmlns:a='http://www.w3.org/2005/Atom'><channel><a:link rel='self' href='/feed'/>\
             <a:link rel='hub' href='https://hub.test/'/></channel><item/></rdf:RDF>",
        ),
        (
            "application/atom+xml",
            "<!DOCTYPE feed [<!ENTITY h \"https://x.test/\">]><feed xmlns='http://www.w3.org/2005/Atom'>\
             <link rel='hub' href='&h;'/><link rel='hub' href='https://hub.test/'/><link rel='self' href='/feed'/>\
             <title>cut off",
        ),
    ];
    for (content_type, feed) in cases {
        assert_eq!(by_body(content_type, feed), both, "{feed}");
    }
    let namespace_missing = "<feed><link rel='hub' href='https://hub.test/'/></feed>";
    assert_eq!(by_body("application/atom+xml", namespace_missing), Advertised::default());
    let html = "<html><link rel='hub' href='https://hub.test/'/></html>";
    assert_eq!(by_body("application/xml", html), Advertised::default());
}

#[test]
fn a_url_that_is_none_leads_nowhere() {
    assert_eq!(discover([("Link", "<https://hub.test/>; rel=hub")], None, b"", "not a URL"), Advertised::default());
}

#[test]
fn hostile_documents_take_linear_time() {
    let atom = "http://www.w3.org/2005/Atom";
    let large = |start: &str, piece: &str| format!("{start}{}", piece.repeat(1_000_000 / piece.len()));
    let bodies = [
        ("text/html", large("", "<link rel=hub href=x ")),
        ("text/html", large("<p ", "a=1 ")),
        ("text/html", large("", "<div>")),
        ("text/html", large("", "&amp")),
        ("text/html", large("", "<!--")),
        ("text/xml", large("<feed>", "<a>")),
        ("text/xml", large(&format!("<feed xmlns='{atom}'>"), "<a xmlns='b'>")),
        ("text/xml", large(&format!("<feed xmlns='{atom}' "), "xmlns:a='b' ")),
        ("text/xml", large(&format!("<feed xmlns='{atom}'><link "), "a='b' ")),
        ("text/xml", large("<!DOCTYPE feed [", "<!ENTITY a \"&a;&a;\">")),
    ];
    for (content_type, body) in bodies {
        assert_eq!(by_body(content_type, &body).selves.len(), 0);
    }
    for piece in ["<", "<a>;", "\"", "<a>; rel=\"\\", ";", ",", "<a>; rel=hub; rel=hub"] {
        by_headers(&[&piece.repeat(100_000)]);
    }
}

/// Pieces that pages are made of, and some that they are not.
fn any_page() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(
            &[
                "<feed xmlns='http://www.w3.org/2005/Atom'>",
                "<rss>",
                "<channel>",
                "</channel>",
                "<link",
                " rel=hub",
                " rel='self'",
                " href=/x",
                " href='http://h.test'",
                ">",
                "/>",
                "<head>",
                "</head>",
                "<body>",
                "<!--",
                "-->",
                "<![CDATA[",
                "]]>",
                "&",
                "&#x0;",
                "\"",
                "'",
                "<",
                "=",
                "<?xml ",
                "?>",
                "<!DOCTYPE",
                "[",
                "]",
                "xmlns:a='http://www.w3.org/2005/Atom'",
                "<a:link",
                "\u{feff}",
                "ü",
                "\0",
            ][..]
        )
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_comes_only_absolute_web_urls_go_out(
        header in "[<>;,=\"\\\\ a-z:/.]{0,64}",
        page in any_page(),
        content_type in prop::sample::select(&["text/html", "text/xml", ""][..]),
    ) {
        let found = discover([("Link", header.as_str())], Some(content_type), &page, URL);
        for url in found.hubs.iter().chain(&found.selves) {
            let parsed = Url::parse(url).expect("absolute");
            prop_assert!(matches!(parsed.scheme(), "http" | "https"));
        }
    }

    #[test]
    fn a_link_header_we_write_is_read_back(path in "[a-z/,;=?%]{0,20}", hub in "[a-z/,;=?%]{0,20}") {
        let (topic, hub) = (format!("https://a.test/{path}"), format!("https://h.test/{hub}"));
        let header = crate::websub::hosted::link_header(&topic, &hub);
        prop_assert_eq!(by_headers(&[&header]), found(&[&hub], &[&topic]));
    }
}
