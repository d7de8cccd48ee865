//! What a fetched document is: its type as told, and its first bytes where types are told wrongly.

use quick_xml::name::{Namespace, ResolveResult};

/// Namespaces of Atom: of RFC 4287, and of the draft that went before.
const ATOM: [&str; 2] = ["http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"];

/// How a document is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As HTML.
    Html,
    /// As XML: it may be a feed.
    Xml,
    /// Not at all.
    Other,
}

/// Tells by `Content-Type`. A feed served as HTML, and a document without a type, is told by its beginning.
pub(crate) fn kind(content_type: Option<&str>, body: &[u8]) -> Kind {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "" | "text/html" | "application/xhtml+xml" => {
            let page = !essence.is_empty() || sniff(body, &["<!doctype html", "<html", "<head", "<link"]);
            match (is_feed(body), page) {
                (true, _) => Kind::Xml,
                (false, true) => Kind::Html,
                (false, false) => Kind::Other,
            }
        }
        "application/xml" | "text/xml" => Kind::Xml,
        xml if xml.ends_with("+xml") => Kind::Xml,
        _ => Kind::Other,
    }
}

/// Does it look like a feed?
fn is_feed(body: &[u8]) -> bool {
    if sniff(body, &["<rss", "<feed", "<rdf:"]) {
        return true;
    }
    // Behind an XML declaration, XHTML is as likely.
    sniff(body, &["<?xml"]) && {
        let head = &body[..body.len().min(1_024)];
        let has = |name: &[u8]| head.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name));
        (has(b"<rss") || has(b"<feed") || has(b"<rdf:") || has(b":feed")) && !has(b"<html")
    }
}

/// Does it begin with one of these, in any case, after blanks and a byte order mark?
fn sniff(body: &[u8], beginnings: &[&str]) -> bool {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let begins = |with: &&str| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with.as_bytes()));
    beginnings.iter().any(begins)
}

/// What a feed is, by its root element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// `feed` of Atom.
    Atom,
    /// `rss`, or `RDF` of RSS 1.0.
    Rss,
}

impl Root {
    /// By namespace and local name; `None` if it is no feed.
    pub(crate) fn of(namespace: &ResolveResult<'_>, name: &str) -> Option<Self> {
        match name {
            "feed" if is_atom(namespace) => Some(Self::Atom),
            "rss" | "RDF" => Some(Self::Rss),
            _ => None,
        }
    }
}

/// Is it a namespace of Atom?
pub(crate) fn is_atom(namespace: &ResolveResult<'_>) -> bool {
    matches!(namespace, ResolveResult::Bound(Namespace(uri)) if ATOM.contains(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_by_type_and_beginning() {
        let cases: &[(Option<&str>, &str, Kind)] = &[
            (Some("text/html"), "<p>", Kind::Html),
            (Some("Text/HTML; charset=utf-8"), "", Kind::Html),
            (Some("text/html"), "\u{feff} <RSS version='2.0'>", Kind::Xml),
            (Some("text/html"), "<?xml version='1.0'?>\n<!-- a --><a:feed>", Kind::Xml),
            (Some("application/xhtml+xml"), "<?xml version='1.0'?><html>", Kind::Html),
            (Some("application/atom+xml;type=feed"), "", Kind::Xml),
            (Some("application/rss+xml"), "", Kind::Xml),
            (Some("text/xml"), "", Kind::Xml),
            (Some("application/json"), "<rss>", Kind::Other),
            (Some("text/plain"), "<html>", Kind::Other),
            (None, "<!DOCTYPE html>", Kind::Html),
            (None, "<feed xmlns='a'>", Kind::Xml),
            (None, "", Kind::Other),
            (Some(""), "plain", Kind::Other),
        ];
        for (content_type, body, expected) in cases {
            assert_eq!(kind(*content_type, body.as_bytes()), *expected, "{content_type:?} {body}");
        }
    }
}
