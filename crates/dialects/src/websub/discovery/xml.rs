//! Links of feeds: `/feed/link` of Atom, `/rss/channel/atom:link` of RSS.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{NsReader, XmlVersion};

use super::Links;
use crate::websub::media::{Root, is_atom};

/// Reads a feed's links, up to its end or the first mistake in it. Entities are not expanded but for XML's own five.
pub(super) fn read(feed: &[u8], links: &mut Links<'_>) {
    // Names and URLs are ASCII; what else there is need not be read right.
    let text = String::from_utf8_lossy(feed);
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut root = None;
    let mut in_channel = false;
    let mut depth = 0_usize;
    while let Ok((namespace, event)) = reader.read_resolved_event() {
        let (element, empty) = match &event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                in_channel &= depth > 1;
                continue;
            }
            Event::Eof => return,
            _ => continue,
        };
        let name = element.local_name().into_inner();
        match root {
            None => match Root::of(&namespace, name) {
                None => return,
                found => root = found,
            },
            Some(Root::Rss) if depth == 1 => in_channel = name == "channel" && !empty,
            Some(of) => {
                let level = if of == Root::Atom { 1 } else { 2 };
                let fits = depth == level && (of == Root::Atom || in_channel);
                if fits && name == "link" && is_atom(&namespace) {
                    add(element, links);
                }
            }
        }
        depth += usize::from(!empty);
    }
}

fn add(element: &BytesStart<'_>, links: &mut Links<'_>) {
    let mut relations = None;
    let mut href = None;
    // Whether a name comes twice takes square time to find out, and does not matter.
    for attribute in element.attributes().with_checks(false).flatten() {
        let place = match attribute.key.into_inner() {
            "rel" => &mut relations,
            "href" => &mut href,
            _ => continue,
        };
        *place = attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned);
    }
    // A link without a relation is the page for people, not the feed itself.
    if let Some((relations, href)) = relations.zip(href) {
        links.add(&relations, &href);
    }
}
