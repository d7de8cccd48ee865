//! Other people's text, made fit to be shown.

/// Longest excerpt, in characters.
const MAX_EXCERPT: usize = 4_000;

/// A line of at most `max` characters: whatever breaks lines or cannot be seen becomes one blank.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let mut line = String::with_capacity(text.len().min(4 * max));
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    cut(&line, max)
}

/// The beginning of a text; `None` if there is nothing to read.
pub(super) fn excerpt(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| cut(text, MAX_EXCERPT))
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_excerpts_are_cut_between_characters() {
        assert_eq!(one_line(" a\r\n\tb\u{7f}c  ", 9), "a b c");
        assert_eq!(one_line("äöüäöü", 4), "äöü…");
        assert_eq!(one_line("äöü", 3), "äöü");
        assert_eq!(excerpt(" \n "), None);
        assert_eq!(excerpt("\n a\nb \n").as_deref(), Some("a\nb"));
        assert_eq!(excerpt(&"ä".repeat(5_000)).map(|text| text.chars().count()), Some(MAX_EXCERPT));
    }
}
