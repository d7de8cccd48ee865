//! Reads commits with the paths they touch: one `git diff-tree --stdin` for all commits of a push.
//!
//! `diff-tree` rather than `log`, because it does not listen to the user's configuration of colours, signatures, renames and
//! so on. A rename is a removed and an added path. A merge lists what it changed against its first parent, which is what
//! the branch saw. Text that is not UTF-8 is converted lossily, after git has converted what names its encoding.

use std::collections::HashMap;
use std::io::{self, BufRead};

use domain::canonical::{Commit, Person};

use super::date::rfc3339;
use super::program::{Git, GitError, Reading};

/// Most file names per commit (GitHub's limit); the rest is left out.
pub(super) const MAX_PATHS: usize = 3_000;
/// Most bytes of file names per commit.
const MAX_PATH_BYTES: usize = 512 * 1024;
/// Longest part of a message, name or path that is kept, in bytes.
const MAX_TEXT: usize = 256 * 1024;
/// What a commit takes besides its texts, in bytes of JSON, about.
const COMMIT_BYTES: usize = 600;

/// Starts the record of a commit. Records of paths start with a one-letter status, so it cannot be taken for one.
const MARK: &[u8] = b"commit";
/// `MARK`, then the ten fields of [`parse_fields`], each ended by NUL.
const FORMAT: &str = "--format=commit%x00%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B%x00";
/// Fields after `MARK`.
const FIELDS: usize = 10;

/// Commits by object id.
pub(super) type Commits = HashMap<String, Commit>;

/// Reads the commits `ids`, in that order, until their texts exceed `max_bytes`; the rest is missing in the answer.
pub(super) fn read(git: &Git<'_>, ids: &[&str], max_bytes: usize) -> (Commits, Result<(), GitError>) {
    let mut commits = Commits::with_capacity(ids.len());
    if ids.is_empty() {
        return (commits, Ok(()));
    }
    let args = [
        "diff-tree",
        "--stdin",
        "-r",
        "--root",
        "--always",
        "-z",
        "--no-renames",
        "--name-status",
        "--diff-merges=first-parent",
        "--ignore-submodules=none",
        "--no-ext-diff",
        "--encoding=UTF-8",
        "--date=raw",
        FORMAT,
    ];
    let input = ids.iter().flat_map(|id| [id.as_bytes(), b"\n"]).collect::<Vec<_>>().concat();
    let mut room = max_bytes;
    let ended = git.read(&args, &input, |reader| {
        let mut parser = Parser { reader, token: Vec::new() };
        let mut more = parser.next()?;
        while more {
            let Some(commit) = parser.commit(&mut more)? else { continue };
            let weight = weigh(&commit);
            if weight > room {
                return Ok(Reading::Enough);
            }
            room -= weight;
            commits.insert(commit.id.clone(), commit);
        }
        Ok(Reading::Complete)
    });
    if ended.is_err() {
        // The last one may lack paths.
        if let Some(last) = ids.iter().rev().find(|id| commits.contains_key(**id)) {
            commits.remove(*last);
        }
    }
    (commits, ended)
}

/// About how many bytes of JSON a commit takes.
pub(super) fn weigh(commit: &Commit) -> usize {
    let paths = [&commit.added, &commit.removed, &commit.modified];
    let listed: usize = paths.iter().flat_map(|list| list.iter()).map(|path| path.len() + 3).sum();
    let people = [&commit.author, &commit.committer];
    let names: usize = people.iter().map(|person| person.name.len() + person.email.len()).sum();
    COMMIT_BYTES + commit.message.len() + names + commit.parents.len() * 67 + listed
}

/// Cuts the output into NUL-ended tokens.
struct Parser<'a> {
    reader: &'a mut dyn BufRead,
    /// The current token.
    token: Vec<u8>,
}

impl Parser<'_> {
    /// Reads the next token, keeping at most [`MAX_TEXT`] bytes of it; false at the end of the output.
    fn next(&mut self) -> io::Result<bool> {
        self.token.clear();
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(!self.token.is_empty());
            }
            let end = chunk.iter().position(|byte| *byte == 0);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            self.token.extend_from_slice(&part[..part.len().min(MAX_TEXT - self.token.len())]);
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// The current token as text.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.token).into_owned()
    }

    /// The current token without the line feed that git puts between the parts of a record.
    fn word(&self) -> &[u8] {
        self.token.strip_prefix(b"\n").unwrap_or(&self.token)
    }

    /// Reads a commit whose mark is the current token, up to the next mark; `None` if the token is something else.
    fn commit(&mut self, more: &mut bool) -> io::Result<Option<Commit>> {
        if self.word() != MARK {
            *more = self.next()?;
            return Ok(None);
        }
        let mut fields: [String; FIELDS] = Default::default();
        for field in &mut fields {
            *more = self.next()?;
            if !*more {
                return Ok(None);
            }
            *field = self.text();
        }
        let mut commit = parse_fields(fields);
        let (mut count, mut bytes) = (0, 0);
        *more = self.next()?;
        while *more && self.word() != MARK {
            let status = self.word().first().copied();
            if let Some(status @ (b'A' | b'D' | b'M' | b'T')) = status {
                *more = self.next()?;
                bytes += self.token.len();
                count += 1;
                if *more && count <= MAX_PATHS && bytes <= MAX_PATH_BYTES {
                    list_for(&mut commit, status).push(self.text());
                }
            }
            *more = *more && self.next()?;
        }
        Ok(Some(commit))
    }
}

/// The list a status belongs to; a changed type (file to link) is a modification.
fn list_for(commit: &mut Commit, status: u8) -> &mut Vec<String> {
    match status {
        b'A' => &mut commit.added,
        b'D' => &mut commit.removed,
        _ => &mut commit.modified,
    }
}

/// The fields in the order of [`FORMAT`].
fn parse_fields(fields: [String; FIELDS]) -> Commit {
    let [id, tree_id, parents, author, author_email, authored, committer, committer_email, committed, message] = fields;
    let (timestamp, authored_at) = (rfc3339(&committed), rfc3339(&authored));
    Commit {
        id,
        tree_id,
        parents: parents.split_ascii_whitespace().map(str::to_owned).collect(),
        message: message.trim_end_matches('\n').to_owned(),
        authored_at: (authored_at != timestamp).then_some(authored_at),
        timestamp,
        author: Person { name: author, email: author_email },
        committer: Person { name: committer, email: committer_email },
        added: Vec::new(),
        removed: Vec::new(),
        modified: Vec::new(),
        distinct: true,
    }
}
