//! Keeps secrets out of a log that comes in pieces: a secret may begin in one piece and end in the next.

use domain::secret::{MASK, Secret};

/// Shorter values are not masked: they are in every other word, and masking them would tell where.
const MIN_VALUE: usize = 3;
/// Shorter lines of a value of several lines are not masked by themselves: brackets, for example.
const MIN_LINE: usize = 6;

/// Replaces secrets by [`MASK`].
#[derive(Debug, Default)]
pub(super) struct Mask {
    /// What is replaced, the longest first.
    hidden: Vec<Secret>,
    /// The end of what came, as long as it may be the beginning of something hidden.
    held: Vec<u8>,
}

impl Mask {
    /// Hides these values, and the single lines of those that have several.
    pub(super) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut mask = Self::default();
        mask.hide(values);
        mask
    }

    /// Hides these, too.
    pub(super) fn hide<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        for value in values {
            let value = value.trim();
            if value.len() >= MIN_VALUE {
                self.hidden.push(Secret::new(value));
            }
            if value.contains('\n') {
                let lines = value.lines().map(str::trim).filter(|line| line.len() >= MIN_LINE);
                self.hidden.extend(lines.map(Secret::new));
            }
        }
        self.hidden.sort_unstable_by(|a, b| {
            let (a, b) = (a.expose(), b.expose());
            b.len().cmp(&a.len()).then_with(|| a.cmp(b))
        });
        self.hidden.dedup_by(|a, b| a.expose() == b.expose());
    }

    /// Takes the next piece in, and appends to `out` what can be shown by now.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.held.extend_from_slice(piece);
        self.release(false, out);
    }

    /// Nothing more will come: appends the rest.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.release(true, out);
    }

    fn release(&mut self, last: bool, out: &mut Vec<u8>) {
        let mut at = 0;
        while at < self.held.len() {
            match self.look(&self.held[at..], last) {
                Look::Plain => {
                    out.push(self.held[at]);
                    at += 1;
                }
                Look::Hidden(length) => {
                    out.extend_from_slice(MASK.as_bytes());
                    at += length;
                }
                Look::Wait => break,
            }
        }
        self.held.drain(..at);
    }

    /// What begins here? The longest wins, also when it has not come whole yet.
    fn look(&self, rest: &[u8], last: bool) -> Look {
        for secret in &self.hidden {
            let value = secret.expose().as_bytes();
            if rest.starts_with(value) {
                return Look::Hidden(value.len());
            }
            if !last && value.starts_with(rest) {
                return Look::Wait;
            }
        }
        Look::Plain
    }
}

/// What begins at a place.
enum Look {
    /// Nothing hidden.
    Plain,
    /// Something hidden, so long.
    Hidden(usize),
    /// That shows only with the next piece.
    Wait,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(values: &[&str], pieces: &[&str]) -> String {
        let mut mask = Mask::new(values.iter().copied());
        let mut out = Vec::new();
        for piece in pieces {
            mask.push(piece.as_bytes(), &mut out);
        }
        mask.finish(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn secrets_are_masked_wherever_pieces_end() {
        assert_eq!(masked(&["hunter2"], &["a hunter2 b"]), "a ******** b");
        assert_eq!(masked(&["hunter2"], &["a hun", "ter2", " b hunter"]), "a ******** b hunter");
        assert_eq!(masked(&["hunter2"], &["h", "u", "n", "t", "e", "r", "2"]), MASK);
    }

    #[test]
    fn the_longer_of_two_secrets_that_begin_alike_wins() {
        assert_eq!(masked(&["abc", "abcdef"], &["abc", "def!"]), "********!");
        assert_eq!(masked(&["abc", "abcdef"], &["abc", "xyz"]), "********xyz");
        assert_eq!(masked(&["abc", "abcdef"], &["abc"]), MASK);
    }

    #[test]
    fn lines_of_a_key_are_masked_one_by_one_and_short_values_are_left() {
        let key = "-----BEGIN-----\nMIIBogIBAAJ\n}\n-----END-----\n";
        assert_eq!(masked(&[key], &["x MIIBogIBAAJ y } "]), "x ******** y } ");
        assert_eq!(masked(&[key], &[key]), "********\n");
        assert_eq!(masked(&["1", ""], &["1 + 1"]), "1 + 1");
    }

    proptest! {
        #[test]
        fn cutting_changes_nothing(text in "[ab]{0,60}", cuts in proptest::collection::vec(0usize..60, 0..6)) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&text[from..cut]);
                from = cut;
            }
            pieces.push(&text[from..]);
            let values = ["abba", "bab", "abbaab"];
            prop_assert_eq!(masked(&values, &pieces), masked(&values, &[&text]));
        }
    }
}
