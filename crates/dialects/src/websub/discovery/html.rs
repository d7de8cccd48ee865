//! `<link>` elements of HTML pages.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::Links;

/// Elements that can stand in a head. Any other begins the body.
const IN_HEAD: [&[u8]; 14] = [
    b"html",
    b"head",
    b"title",
    b"base",
    b"basefont",
    b"bgsound",
    b"link",
    b"meta",
    b"noscript",
    b"noframes",
    b"script",
    b"style",
    b"template",
    b"isindex",
];

/// Reads a page's links; those of its head are enough if there is a hub among them, because what stands in a body may be
/// a visitor's.
pub(super) fn read(page: &[u8], links: &mut Links<'_>) {
    let mut emitter = DefaultEmitter::default();
    // Scripts, styles and titles are text, whatever it looks like.
    emitter.naively_switch_states(true);
    let mut in_head = true;
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        let head_ends = match &token {
            Token::StartTag(tag) => !IN_HEAD.contains(&&*tag.name.0),
            Token::EndTag(tag) => *tag.name.0 == *b"head",
            _ => false,
        };
        if in_head && head_ends {
            in_head = false;
            if !links.found.hubs.is_empty() {
                return;
            }
        }
        if let Token::StartTag(tag) = token
            && *tag.name.0 == *b"link"
            && let Some((relations, href)) = attribute(&tag, b"rel").zip(attribute(&tag, b"href"))
        {
            links.add(&relations, &href);
        }
    }
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
}
