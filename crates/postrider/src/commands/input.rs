//! Files that verbs read; `-` is standard input.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;

/// A file's text.
pub(super) fn text_of(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text)
}

/// The secret in a file, where other users do not see it. The first line's end is the editor's or `echo`'s, not the
/// secret's.
pub(super) fn secret_in(file: &Path) -> anyhow::Result<String> {
    let text = text_of(file)?;
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    anyhow::ensure!(!secret.is_empty(), "{} holds no secret", file.display());
    Ok(secret.to_owned())
}
