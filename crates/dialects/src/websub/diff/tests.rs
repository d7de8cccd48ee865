//! Feeds before and after.

use proptest::prelude::*;

use super::*;

const ATOM: Option<&str> = Some("application/atom+xml");
const RSS: Option<&str> = Some("application/rss+xml; charset=utf-8");

/// A feed is a head, entries and a tail, with blanks between.
fn atom(updated: &str, entries: &[&str]) -> String {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n";
    format!("{head}<updated>{updated}</updated>\n  {}\n</feed>\n<!-- end -->", entries.join("\n  "))
}

fn rss(built: &str, items: &[&str]) -> String {
    format!("<rss version='2.0'><channel><lastBuildDate>{built}</lastBuildDate>{}</channel></rss>", items.join("\n"))
}

fn entries(content_type: Option<&str>, feed: &str) -> FeedEntries {
    entries_of(content_type, feed.as_bytes()).unwrap_or_else(|| panic!("no feed: {feed}"))
}

fn reduced(content_type: Option<&str>, old: &str, new: &str) -> Reduced {
    reduce(content_type, &Bytes::copy_from_slice(new.as_bytes()), &entries(content_type, old))
}

fn only(text: &str) -> Reduced {
    Reduced::Only(Bytes::copy_from_slice(text.as_bytes()))
}

const ONE: &str = "<entry><id>1</id><title>one</title></entry>";
const TWO: &str = "<entry a='>'><id>2</id><content><![CDATA[</entry><entry>]]></content><!-- <entry> --></entry>";
const THREE: &str = "<entry/>";

#[test]
fn only_new_and_changed_entries_are_left() {
    let old = atom("t1", &[TWO, ONE]);
    let edited = ONE.replace("one", "eins");
    assert_eq!(reduced(ATOM, &old, &atom("t2", &[TWO, ONE])), Reduced::Unchanged, "only the date changed");
    assert_eq!(reduced(ATOM, &old, &atom("t2", &[ONE, TWO])), Reduced::Unchanged, "only the order changed");
    assert_eq!(reduced(ATOM, &old, &atom("t2", &[TWO])), Reduced::Unchanged, "the oldest was dropped");
    assert_eq!(reduced(ATOM, &old, &atom("t2", &[])), Reduced::Unchanged);
    assert_eq!(reduced(ATOM, &old, &atom("t2", &[THREE, TWO, ONE])), only(&atom("t2", &[THREE, "", ""])));
    assert_eq!(reduced(ATOM, &old, &atom("t2", &[TWO, &edited])), only(&atom("t2", &["", &edited])));
    assert_eq!(reduced(ATOM, &old, &atom("t2", &[THREE, &edited])), Reduced::Whole, "nothing to leave out");
}

#[test]
fn items_of_rss_are_entries_wherever_it_keeps_them() {
    let (one, two) = ("<item><guid>1</guid></item>", "<item><link>2</link></item>");
    let new = rss("t2", &[two, one]);
    assert_eq!(reduced(RSS, &rss("t1", &[one]), &new), only(&rss("t2", &[two, ""])));
    assert_eq!(reduced(RSS, &rss("t1", &[one]), &rss("t2", &[one])), Reduced::Unchanged);

    let rdf = |items: &str| {
        format!(
            "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
             <channel><items><r:Seq/></items></channel>{items}</r:RDF>"
        )
    };
    assert_eq!(reduced(RSS, &rdf(one), &rdf(&format!("{two}{one}"))), only(&rdf(two)));

    let foreign = rss("t", &["<x:item xmlns:x='x'/>", "<image><item/></image>", "<item/>"]);
    assert_eq!(entries(RSS, &foreign).0.len(), 1, "namespace and place count");
}

#[test]
fn prefixes_and_byte_order_marks_are_seen_through() {
    let feed = |entries: &str| {
        format!(
            "\u{feff}<a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns='x'><entry/>{entries}<a:id>ü</a:id></a:feed>"
        )
    };
    let (one, two) = ("<a:entry>ü</a:entry>", "<b:entry xmlns:b='http://www.w3.org/2005/Atom'/>");
    assert_eq!(reduced(ATOM, &feed(one), &feed(&format!("{two}{one}"))), only(&feed(two)));
    assert_eq!(entries(ATOM, &feed("")).0.len(), 0, "of another namespace");
}

#[test]
fn what_is_no_well_formed_feed_is_sent_whole() {
    let known = entries(ATOM, &atom("t", &[ONE]));
    let good = atom("t", &[ONE]);
    let bodies = [
        "",
        "plain",
        "{}",
        "<html/>",
        "<feed/>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry></feed></entry>",
        "<feed xmlns='http://www.w3.org/2005/Atom'/><feed xmlns='http://www.w3.org/2005/Atom'/>",
        "<?xml version='1.0' encoding='ISO-2022-JP'?><feed xmlns='http://www.w3.org/2005/Atom'/>",
        &good.replace("</feed>", ""),
    ];
    for body in bodies {
        assert_eq!(entries_of(ATOM, body.as_bytes()), None, "{body}");
        assert_eq!(reduce(ATOM, &Bytes::copy_from_slice(body.as_bytes()), &known), Reduced::Whole, "{body}");
    }
    for content_type in [Some("application/json"), Some("text/plain"), Some("application/feed+json")] {
        assert_eq!(entries_of(content_type, good.as_bytes()), None);
    }
    assert_eq!(entries_of(ATOM, b"<feed xmlns='http://www.w3.org/2005/Atom'>\xff</feed>"), None, "not UTF-8");
    assert!(entries_of(Some("text/html"), good.as_bytes()).is_some(), "served wrongly, as many are");
}

#[test]
fn after_nothing_everything_is_whole() {
    for feed in [atom("t", &[ONE, TWO]), atom("t", &[])] {
        assert_eq!(reduce(ATOM, &Bytes::from(feed.clone()), &FeedEntries::default()), Reduced::Whole);
        assert_eq!(reduce(ATOM, &Bytes::from(feed), &entries(ATOM, &atom("t", &[]))), Reduced::Whole);
    }
}

#[test]
fn a_feed_of_more_than_2000_entries_is_always_whole() {
    let feed = |count: usize| {
        let entries: Vec<String> = (0..count).map(|at| format!("<entry>{at}</entry>")).collect();
        atom("t", &entries.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(entries(ATOM, &feed(MAX_ENTRIES)).to_bytes().len(), 32_000);
    assert_eq!(entries_of(ATOM, feed(MAX_ENTRIES + 1).as_bytes()), None);
}

#[test]
fn what_is_stored_is_read_back_or_refused() {
    let kept = entries(ATOM, &atom("t", &[ONE, TWO, TWO]));
    let bytes = kept.to_bytes();
    assert_eq!((bytes.len(), FeedEntries::from_bytes(&bytes)), (2 * HASH, Some(kept)));
    assert_eq!(FeedEntries::from_bytes(b""), Some(FeedEntries::default()));
    let swapped = [&bytes[HASH..], &bytes[..HASH]].concat();
    for bad in [&bytes[1..], &swapped, &[bytes.as_slice(), &bytes].concat(), &[1]] {
        assert_eq!(FeedEntries::from_bytes(bad), None);
    }
}

proptest! {
    /// What is left, and what was there before, make the new feed.
    #[test]
    fn reducing_keeps_everything_but_known_entries(
        old in prop::collection::vec(0..6_u8, 1..6),
        new in prop::collection::vec(0..9_u8, 0..9),
        gap in "[ \n]{0,3}",
    ) {
        let write = |number: &u8| format!("<entry><id>{number}</id>&amp;<![CDATA[<entry>]]></entry>");
        let feed = |entries: Vec<String>| {
            let entries = entries.join(&gap);
            format!("<feed xmlns='http://www.w3.org/2005/Atom'><!--{}-->{entries}</feed>", new.len())
        };
        let body = feed(new.iter().map(write).collect());
        let expected = feed(new.iter().map(|n| if old.contains(n) { String::new() } else { write(n) }).collect());
        let known = entries(ATOM, &feed(old.iter().map(write).collect()));
        match reduce(ATOM, &Bytes::from(body.clone()), &known) {
            Reduced::Unchanged => prop_assert!(new.iter().all(|number| old.contains(number))),
            Reduced::Whole => prop_assert_eq!(expected, body),
            Reduced::Only(left) => {
                prop_assert_eq!(&*left, expected.as_bytes());
                let rest = entries_of(ATOM, &left).expect("still a feed");
                prop_assert!(rest.0.iter().all(|hash| !known.has(hash)));
            }
        }
    }

    #[test]
    fn nonsense_never_panics(body in "(<feed xmlns='http://www.w3.org/2005/Atom'>|<entry|>|/>|</entry>|</feed>|<!--|-->|&|;|ü|'|=|\\PC){0,24}") {
        let body = Bytes::from(body);
        let known = entries(ATOM, &atom("t", &[ONE]));
        drop(reduce(ATOM, &body, &known));
        prop_assert!(entries_of(Some("text/html"), &body).is_none_or(|entries| entries.0.len() < 24));
    }
}
