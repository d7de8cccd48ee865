//! What git tells `post-receive`: one line `OLD NEW REF` per ref on standard input.

use domain::canonical::RefKind;

/// A branch or tag that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Object id before, zeros if it did not exist; 40 or 64 hex digits as the repository's hash function gives.
    pub(super) old: String,
    /// Object id now, zeros if it was deleted.
    pub(super) new: String,
    /// Full name; git allows any bytes but spaces and control characters.
    pub(super) name: Vec<u8>,
    /// Branch or tag.
    pub(super) kind: RefKind,
}

impl Moved {
    /// The name as text: what is not UTF-8, or a control character beyond ASCII, becomes U+FFFD.
    pub(super) fn text(&self) -> String {
        readable(&self.name)
    }

    /// Did the ref not exist before?
    pub(super) fn created(&self) -> bool {
        is_zero(&self.old)
    }

    /// Does the ref not exist any more?
    pub(super) fn deleted(&self) -> bool {
        is_zero(&self.new)
    }

    /// A branch whose tip went from one commit to another.
    pub(super) fn is_branch(&self) -> bool {
        self.kind == RefKind::Branch
    }
}

/// Longest name of a ref that the server takes, in bytes.
const MAX_NAME: usize = 1_024;

/// Reads git's lines. Refs with names longer than [`MAX_NAME`] are not published. Other refs than branches and tags are not published; a line of another shape is not git's.
pub(crate) fn parse(input: &[u8]) -> Vec<Moved> {
    input.split(|byte| *byte == b'\n').filter_map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<Moved> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let (old, new, name) = (object_id(words.next()?)?, object_id(words.next()?)?, words.next()?);
    if name.len() > MAX_NAME / 3 && String::from_utf8_lossy(name).len() > MAX_NAME {
        return None;
    }
    let kind = if name.starts_with(b"refs/heads/") {
        RefKind::Branch
    } else if name.starts_with(b"refs/tags/") {
        RefKind::Tag
    } else {
        return None;
    };
    // A ref that was asked to be deleted but did not exist is reported as zeros to zeros.
    (old != new).then(|| Moved { old, new, name: name.to_vec(), kind })
}

/// An object id in lowercase hex.
pub(super) fn object_id(word: &[u8]) -> Option<String> {
    let fits = matches!(word.len(), 40 | 64) && word.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| String::from_utf8_lossy(word).into_owned())
}

/// The name of a ref as text that may go into an event.
pub(super) fn readable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace(char::is_control, "\u{FFFD}")
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_and_tags_are_read_and_other_refs_left_out() {
        let (a, b, zero) = ("a".repeat(40), "b".repeat(64), "0".repeat(40));
        let input = format!(
            "{zero} {a} refs/heads/fix/é\n{a} {zero} refs/tags/v1\n{a} {b} refs/notes/commits\n{b} {b} refs/heads/same\nnonsense\n"
        );
        let moved = parse(input.as_bytes());
        assert_eq!(moved.len(), 2);
        assert!(moved[0].created() && !moved[0].deleted() && moved[0].is_branch());
        assert_eq!(moved[0].name, "refs/heads/fix/é".as_bytes());
        assert!(moved[1].deleted() && moved[1].kind == RefKind::Tag);
    }

    #[test]
    fn names_the_server_would_refuse_do_not_spoil_the_push() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let long = format!("{a} {b} refs/heads/{}\n", "x".repeat(1_100));
        assert_eq!(parse(long.as_bytes()), []);
        assert_eq!(readable(b"refs/heads/\xff\xc2\x85"), "refs/heads/\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn ids_of_both_hash_functions_are_accepted_and_nothing_else() {
        assert!(object_id("a".repeat(64).as_bytes()).is_some());
        assert!(object_id("A".repeat(40).as_bytes()).is_none());
        assert!(object_id(b"abc123").is_none());
    }
}
