//! A build's log on its way to the store: secrets masked, text made of bytes, cut at the limit.

use std::mem;

use domain::ci::MAX_LOG;

use super::mask::Mask;

/// The last line of a log that was cut.
const CUT: &str = "\n[the log is cut here: it is longer than is kept]\n";

/// What was said and is not stored yet.
#[derive(Debug)]
pub(super) struct Transcript {
    mask: Mask,
    /// Masked bytes that end within a character.
    partial: Vec<u8>,
    /// What can be stored.
    ready: String,
    /// The last line that was kept is not at its end.
    line_open: bool,
    /// How much may still be kept, in bytes; `None` once the log is cut.
    room: Option<usize>,
}

impl Transcript {
    /// An empty log that hides what `mask` hides.
    pub(super) fn new(mask: Mask) -> Self {
        Self::within(mask, MAX_LOG)
    }

    fn within(mask: Mask, limit: usize) -> Self {
        Self {
            mask,
            partial: Vec::new(),
            ready: String::new(),
            line_open: false,
            room: Some(limit.saturating_sub(CUT.len())),
        }
    }

    /// From here on this is masked, too.
    pub(super) fn hide(&mut self, value: &str) {
        self.mask.hide([value]);
    }

    /// What the command said.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        if self.room.is_some() {
            let mut shown = mem::take(&mut self.partial);
            self.mask.push(bytes, &mut shown);
            self.keep(shown, false);
        }
    }

    /// A line of our own, after all that was heard.
    pub(super) fn note(&mut self, line: &str) {
        self.end();
        let fresh = if self.line_open { "\n" } else { "" };
        self.add(&format!("{fresh}postrider: {line}\n"));
    }

    /// Nothing more comes: what was held back is let go.
    pub(super) fn end(&mut self) {
        let mut shown = mem::take(&mut self.partial);
        self.mask.finish(&mut shown);
        self.keep(shown, true);
    }

    /// How many bytes wait to be stored.
    pub(super) fn waiting(&self) -> usize {
        self.ready.len()
    }

    /// Takes what waits to be stored.
    pub(super) fn take(&mut self) -> String {
        mem::take(&mut self.ready)
    }

    /// Bytes become text; what is none is replaced, and a character that is cut in two waits for its other half.
    fn keep(&mut self, mut shown: Vec<u8>, last: bool) {
        if !last {
            self.partial = shown.split_off(whole(&shown));
        }
        let text = String::from_utf8_lossy(&shown);
        self.add(&text);
    }

    fn add(&mut self, text: &str) {
        // A database may not take it in a text (PostgreSQL does not).
        let text = text.replace('\0', "\u{fffd}");
        match self.room {
            None => {}
            Some(room) if text.len() <= room => {
                self.line_open = if text.is_empty() { self.line_open } else { !text.ends_with('\n') };
                self.ready.push_str(&text);
                self.room = Some(room - text.len());
            }
            Some(room) => {
                self.ready.push_str(&text[..text.floor_char_boundary(room)]);
                self.ready.push_str(CUT);
                self.room = None;
            }
        }
    }
}

/// How many bytes come before a last character that is not whole.
fn whole(bytes: &[u8]) -> usize {
    // The first byte of a character says how long it is, and is among the last four.
    for back in 1..=bytes.len().min(4) {
        let at = bytes.len() - back;
        let length = match bytes[at] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if length > back { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(pieces: &[&[u8]]) -> String {
        let mut log = Transcript::new(Mask::default());
        for piece in pieces {
            log.hear(piece);
        }
        log.end();
        log.take()
    }

    #[test]
    fn characters_cut_in_two_are_put_together_and_what_is_no_text_is_replaced() {
        let text = "1 € 🚀 ü";
        for cut in 0..text.len() {
            let (left, right) = text.as_bytes().split_at(cut);
            assert_eq!(heard(&[left, right]), text, "{cut}");
        }
        assert_eq!(
            heard(&[b"a\xff", b"b\xe2\x82", b"c\x80\x80\x80\x80\x80", b"\xf0\x9f"]).matches('\u{fffd}').count(),
            8
        );
        assert_eq!(heard(&[b"a\0b"]), "a\u{fffd}b");
    }

    #[test]
    fn a_log_is_cut_at_its_limit_and_says_so() {
        let mut log = Transcript::within(Mask::default(), CUT.len() + 5);
        log.hear(b"123");
        assert_eq!(log.take(), "123");
        log.hear("4€".as_bytes());
        assert_eq!(log.take(), format!("4{CUT}"), "half a character is not kept");
        log.hear(b"more");
        log.note("ended");
        assert_eq!(log.take(), "");
    }

    #[test]
    fn notes_begin_a_line_and_come_after_what_was_held_back() {
        let mut log = Transcript::new(Mask::new(["hunter2"]));
        log.note("began");
        log.hear(b"hunt");
        assert_eq!(log.take(), "postrider: began\n");
        log.note("ended");
        assert_eq!(log.take(), "hunt\npostrider: ended\n");
    }
}
