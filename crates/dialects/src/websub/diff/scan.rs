//! Where the entries of a feed are.

use std::ops::Range;

use quick_xml::NsReader;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::name::ResolveResult;

use super::MAX_ENTRIES;
use crate::websub::media::{Kind, Root, is_atom, kind};

/// Byte ranges of the entries, in order: `/feed/entry` of Atom, `/rss/channel/item` and `/RDF/item` of RSS. `None` if it
/// is no feed, or not well-formed.
pub(super) fn entries(content_type: Option<&str>, body: &[u8]) -> Option<Vec<Range<usize>>> {
    if kind(content_type, body) != Kind::Xml {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = body.len() - text.len();
    let mut reader = NsReader::from_str(text);
    let mut scan = Scan::default();
    loop {
        let before = position(&reader, skipped)?;
        let (namespace, event) = reader.read_resolved_event().ok()?;
        match event {
            Event::Start(element) => scan.open(&namespace, &element, before)?,
            Event::Empty(element) => {
                scan.open(&namespace, &element, before)?;
                scan.close(position(&reader, skipped)?)?;
            }
            Event::End(_) => scan.close(position(&reader, skipped)?)?,
            Event::Decl(declaration) if !is_ascii_like(&declaration) => return None,
            Event::Eof => return scan.finish(),
            _ => {}
        }
    }
}

/// Bytes read so far.
fn position(reader: &NsReader<&[u8]>, skipped: usize) -> Option<usize> {
    Some(usize::try_from(reader.buffer_position()).ok()? + skipped)
}

/// Is every ASCII byte of that encoding the character it looks like? Then markup is where it seems to be.
fn is_ascii_like(declaration: &BytesDecl<'_>) -> bool {
    let Some(encoding) = declaration.encoding() else { return true };
    let encoding = encoding.map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859-", "windows-125"].iter().any(|known| encoding.starts_with(known))
}

/// What has been read.
#[derive(Debug, Default)]
struct Scan {
    root: Option<Root>,
    /// Elements that are open.
    depth: usize,
    /// The open entry: the number of elements around it, and where it begins.
    entry: Option<(usize, usize)>,
    in_channel: bool,
    /// The prefix that RSS is written with; nearly always none.
    prefix: Option<String>,
    found: Vec<Range<usize>>,
}

impl Scan {
    /// An element begins; `None` if this is no feed.
    fn open(&mut self, namespace: &ResolveResult<'_>, element: &BytesStart<'_>, at: usize) -> Option<()> {
        let (name, prefix) = element.name().decompose();
        let (name, prefix) = (name.into_inner(), prefix.map(quick_xml::name::Prefix::into_inner));
        match self.root {
            None => self.root = Some(Root::of(namespace, name)?),
            // A second root: not well-formed.
            Some(_) if self.depth == 0 => return None,
            Some(Root::Rss) if self.depth == 1 && name == "channel" => {
                self.in_channel = true;
                self.prefix = prefix.map(str::to_owned);
            }
            Some(Root::Atom) if self.depth == 1 && name == "entry" && is_atom(namespace) => {
                self.entry = Some((self.depth, at));
            }
            Some(Root::Rss) if self.has_items() && name == "item" && prefix == self.prefix.as_deref() => {
                self.entry = Some((self.depth, at));
            }
            Some(_) => {}
        }
        self.depth += 1;
        Some(())
    }

    /// Can an item of RSS stand here: in the channel, or, in RSS 1.0, beside it?
    fn has_items(&self) -> bool {
        self.depth == 1 || (self.depth == 2 && self.in_channel)
    }

    /// An element ends there.
    fn close(&mut self, at: usize) -> Option<()> {
        self.depth = self.depth.checked_sub(1)?;
        self.in_channel &= self.depth > 1;
        if let Some((depth, from)) = self.entry
            && depth == self.depth
        {
            self.entry = None;
            if self.found.len() == MAX_ENTRIES {
                return None;
            }
            self.found.push(from..at);
        }
        Some(())
    }

    /// The end: everything that was opened must have been closed.
    fn finish(self) -> Option<Vec<Range<usize>>> {
        (self.root.is_some() && self.depth == 0).then_some(self.found)
    }
}
