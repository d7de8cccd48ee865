//! Reads what annotated tags say: one `git cat-file --batch` for all tags of a push.

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _};

use domain::canonical::{Annotation, Person};

use super::date::rfc3339;
use super::program::{Git, GitError, Reading};

/// Most bytes of one tag object that are looked at; the rest of a longer message is cut off.
const MAX_TAG: u64 = 64 * 1024;
/// Most tags of a push whose objects are read.
const MAX_TAGS: usize = 500;

/// Annotations by the object id of their tag.
pub(super) type Annotations = HashMap<String, Annotation>;

/// Reads the tag objects `ids`; what is no annotated tag is missing in the answer.
pub(super) fn read(git: &Git<'_>, ids: &[&str]) -> (Annotations, Result<(), GitError>) {
    let mut annotations = Annotations::new();
    if ids.is_empty() {
        return (annotations, Ok(()));
    }
    let input = ids.iter().take(MAX_TAGS).flat_map(|id| [id.as_bytes(), b"\n"]).collect::<Vec<_>>().concat();
    let ended = git.read(&["cat-file", "--batch"], &input, |reader| {
        while let Some((id, object)) = next_tag(reader)? {
            annotations.extend(parse(&object).map(|annotation| (id, annotation)));
        }
        Ok(Reading::Complete)
    });
    (annotations, ended)
}

/// The id of the next object, and as much of it as counts; nothing of what is no tag. `None` at the end.
fn next_tag(reader: &mut dyn BufRead) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    // `<id> <kind> <size>`, or `<id> missing` and nothing after it.
    let mut words = line.split_ascii_whitespace();
    let (id, kind, size) = (words.next().unwrap_or_default(), words.next(), words.next());
    let Some(size) = size.and_then(|size| size.parse::<u64>().ok()) else {
        return Ok(Some((id.to_owned(), Vec::new())));
    };
    let kept = if kind == Some("tag") { size.min(MAX_TAG) } else { 0 };
    let mut object = Vec::new();
    reader.take(kept).read_to_end(&mut object)?;
    // And a line feed after each object.
    io::copy(&mut reader.take(size - kept + 1), &mut io::sink())?;
    Ok(Some((id.to_owned(), object)))
}

/// Reads a tag object: headers, an empty line, the message. Very old tags have no tagger; they say nothing.
fn parse(object: &[u8]) -> Option<Annotation> {
    let text = String::from_utf8_lossy(object);
    let (headers, message) = text.split_once("\n\n")?;
    let tagger = headers.lines().find_map(|line| line.strip_prefix("tagger "))?;
    let (person, date) = tagger.rsplit_once('>')?;
    let (name, email) = person.split_once('<')?;
    let tagger = Person { name: name.trim_end().to_owned(), email: email.to_owned() };
    Some(Annotation { message: unsigned(message).trim_end_matches('\n').to_owned(), tagger, date: rfc3339(date) })
}

/// A message without the signature that may end it.
fn unsigned(message: &str) -> &str {
    let begins = |line: &str| line.starts_with("-----BEGIN ") && line.trim_end().ends_with("-----");
    let mut at = 0;
    for line in message.split_inclusive('\n') {
        if begins(line) && line.contains("SIGNATURE") {
            return &message[..at];
        }
        at += line.len();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(tagger: &str, message: &str) -> Option<Annotation> {
        let id = "a".repeat(40);
        parse(format!("object {id}\ntype commit\ntag v1\n{tagger}\n{message}").as_bytes())
    }

    #[test]
    fn a_tag_says_who_when_and_what() {
        let read = tag("tagger Ann <ann@x.test> 1767323045 +0900\n", "One\n\nTwo\n").expect("an annotation");
        assert_eq!((read.message.as_str(), read.date.as_str()), ("One\n\nTwo", "2026-01-02T12:04:05+09:00"));
        assert_eq!(read.tagger, Person { name: "Ann".to_owned(), email: "ann@x.test".to_owned() });
        let signature = "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n";
        let signed = tag("tagger Ann <ann@x.test> 0 +0000\n", &format!("One\n{signature}")).expect("an annotation");
        assert_eq!(signed.message, "One");
    }

    #[test]
    fn tags_without_a_tagger_say_nothing() {
        assert_eq!(tag("", "One\n"), None);
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"object"), None);
    }

    #[test]
    fn other_objects_and_missing_ones_are_stepped_over() {
        let long = "m".repeat(100_000);
        let object = format!("object x\ntagger A <a> 0 +0000\n\n{long}");
        let batch = format!("1 blob 3\nabc\n2 missing\n3 tag {}\n{object}\n4 commit 0\n\n", object.len());
        let mut reader = batch.as_bytes();
        let mut read = Vec::new();
        while let Some((id, object)) = next_tag(&mut reader).expect("memory") {
            read.push((id, object.len()));
        }
        let expected = [("1", 0), ("2", 0), ("3", 65_536), ("4", 0)];
        assert_eq!(read, expected.map(|(id, length)| (id.to_owned(), length)));
    }
}
