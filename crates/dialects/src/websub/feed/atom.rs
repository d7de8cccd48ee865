//! Atom (RFC 4287).

use domain::feed::{Entry, Feed};

/// What a page of it is served as.
pub(crate) const CONTENT_TYPE: &str = "application/atom+xml; charset=utf-8";

/// Writes a feed. The same feed always makes the same bytes.
pub(crate) fn render(feed: &Feed<'_>) -> Vec<u8> {
    let content: usize = feed.entries.iter().filter_map(|entry| entry.content).map(str::len).sum();
    let mut xml = Xml(String::with_capacity(1_024 * (1 + feed.entries.len()) + content));
    xml.0.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    xml.element("title", &feed.title);
    xml.element("id", &format!("urn:uuid:{}", feed.id));
    xml.element("updated", &feed.updated.rfc3339_millis());
    xml.link("self", Some("application/atom+xml"), &feed.self_url);
    xml.link("hub", None, &feed.hub_url);
    xml.link("alternate", Some("text/html"), &feed.home_page_url);
    xml.author(&feed.author);
    xml.0.push_str("<generator>Postrider</generator>\n");
    for entry in &feed.entries {
        xml.entry(entry);
    }
    xml.0.push_str("</feed>\n");
    xml.0.into_bytes()
}

/// The text so far.
struct Xml(String);

impl Xml {
    fn entry(&mut self, entry: &Entry<'_>) {
        self.0.push_str("<entry>\n");
        self.element("title", &entry.title);
        self.element("id", &format!("urn:uuid:{}", entry.id));
        self.element("published", &entry.published.rfc3339_millis());
        self.element("updated", &entry.updated.rfc3339_millis());
        self.link("alternate", Some("application/json"), &entry.url);
        if let Some(author) = &entry.author {
            self.author(author);
        }
        self.0.push_str("<category term=\"");
        self.attribute(entry.kind);
        self.0.push_str("\"/>\n");
        if let Some(text) = &entry.text {
            self.texts("summary", text);
        }
        if let Some(content) = entry.content {
            self.texts("content", content);
        }
        self.0.push_str("</entry>\n");
    }

    fn element(&mut self, name: &str, text: &str) {
        self.open(name, "", text, name);
    }

    /// An element with a text construct.
    fn texts(&mut self, name: &str, text: &str) {
        self.open(name, " type=\"text\"", text, name);
    }

    fn open(&mut self, name: &str, attributes: &str, text: &str, end: &str) {
        for part in ["<", name, attributes, ">"] {
            self.0.push_str(part);
        }
        self.escape(text);
        for part in ["</", end, ">\n"] {
            self.0.push_str(part);
        }
    }

    fn author(&mut self, name: &str) {
        self.0.push_str("<author><name>");
        self.escape(name);
        self.0.push_str("</name></author>\n");
    }

    fn link(&mut self, rel: &str, media_type: Option<&str>, href: &str) {
        for part in ["<link rel=\"", rel, "\""] {
            self.0.push_str(part);
        }
        if let Some(media_type) = media_type {
            for part in [" type=\"", media_type, "\""] {
                self.0.push_str(part);
            }
        }
        self.0.push_str(" href=\"");
        self.attribute(href);
        self.0.push_str("\"/>\n");
    }

    /// The value of an attribute, between its quotes.
    fn attribute(&mut self, text: &str) {
        for (at, part) in text.split('"').enumerate() {
            if at > 0 {
                self.0.push_str("&quot;");
            }
            self.escape(part);
        }
    }

    /// Text of an element. Characters that XML 1.0 cannot have, in any spelling, are replaced; the one that parsers
    /// would fold is written by number.
    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '\r' => self.0.push_str("&#13;"),
                '\t' | '\n' => self.0.push(c),
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.0.push(char::REPLACEMENT_CHARACTER),
                _ => self.0.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websub::feed::tests::sample;

    #[test]
    fn a_feed_in_atom() {
        let feed = sample();
        insta::assert_snapshot!(String::from_utf8(render(&feed)).expect("UTF-8"), @r#"
        <?xml version="1.0" encoding="utf-8"?>
        <feed xmlns="http://www.w3.org/2005/Atom">
        <title>acme/widgets: all</title>
        <id>urn:uuid:00000000-0000-0000-0000-000000000007</id>
        <updated>2026-01-02T03:04:05.000Z</updated>
        <link rel="self" type="application/atom+xml" href="https://git.acme.test/acme/widgets/events/all"/>
        <link rel="hub" href="https://git.acme.test/websub"/>
        <link rel="alternate" type="text/html" href="https://git.acme.test/acme/widgets"/>
        <author><name>acme</name></author>
        <generator>Postrider</generator>
        <entry>
        <title>alice &amp; "bob" &lt;b&gt;</title>
        <id>urn:uuid:00000000-0000-0000-0000-000000000009</id>
        <published>2026-01-02T03:03:03.999Z</published>
        <updated>2026-01-02T03:04:05.000Z</updated>
        <link rel="alternate" type="application/json" href="https://git.acme.test/api/v1/events/9"/>
        <author><name>alice</name></author>
        <category term="push"/>
        <summary type="text">one
        two</summary>
        <content type="text">{ "a": "&lt;1&gt;", "n":1e5}</content>
        </entry>
        <entry>
        <title>acme.thing.done in acme/widgets</title>
        <id>urn:uuid:00000000-0000-0000-0000-000000000008</id>
        <published>2026-01-02T03:04:05.000Z</published>
        <updated>2026-01-02T03:04:05.000Z</updated>
        <link rel="alternate" type="application/json" href="https://git.acme.test/api/v1/events/8"/>
        <category term="acme.thing.done"/>
        </entry>
        </feed>
        "#);
    }

    #[test]
    fn what_xml_cannot_have_is_replaced() {
        let mut xml = Xml(String::new());
        xml.escape("a\u{0}\u{1b}\u{fffe}\r\n\"<&>'\u{10ffff}");
        assert_eq!(xml.0, "a\u{fffd}\u{fffd}\u{fffd}&#13;\n\"&lt;&amp;&gt;'\u{10ffff}");
        let mut xml = Xml(String::new());
        xml.attribute("\"a\"<");
        assert_eq!(xml.0, "&quot;a&quot;&lt;");
    }
}
