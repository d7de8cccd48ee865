//! `Link` headers (RFC 8288 section 3), as forgiving as its appendix B.

use super::Links;

/// Reads one header line: links separated by commas. What is no link is skipped to the next comma.
pub(super) fn read(value: &str, links: &mut Links<'_>) {
    let mut rest = value;
    while let Some(start) = rest.find(['<', '"']) {
        let after = &rest[start..];
        if let Some(quoted) = after.strip_prefix('"') {
            rest = skip_quoted(quoted).1;
            continue;
        }
        let Some((href, parameters)) = after[1..].split_once('>') else { return };
        rest = read_parameters(parameters, href, links);
    }
}

/// Reads `;name=value…` of one link, hands the link on, and returns what follows.
fn read_parameters<'a>(text: &'a str, href: &str, links: &mut Links<'_>) -> &'a str {
    let mut rest = text.trim_start();
    let mut relations: Option<String> = None;
    let mut about_something_else = false;
    while let Some(parameter) = rest.strip_prefix(';') {
        let parameter = parameter.trim_start();
        let end = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
        let (name, after) = parameter.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => read_value(value.trim_start()),
            None => (String::new(), after),
        };
        rest = after.trim_start();
        let name = name.trim_end();
        // The first `rel` counts. With an `anchor`, the link is not about this page.
        if name.eq_ignore_ascii_case("rel") && relations.is_none() {
            relations = Some(value);
        } else if name.eq_ignore_ascii_case("anchor") {
            about_something_else = true;
        }
    }
    if let Some(relations) = relations
        && !about_something_else
    {
        links.add(&relations, href);
    }
    // The comma that ends the link, or what should have been one.
    rest.find([',', '"', '<']).map_or("", |at| &rest[at..])
}

/// A quoted or bare value, and what follows it.
fn read_value(text: &str) -> (String, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        return skip_quoted(quoted);
    }
    let end = text.find([';', ',']).unwrap_or(text.len());
    (text[..end].trim_end().to_owned(), &text[end..])
}

/// The text up to the closing quote, unescaped, and what follows it.
fn skip_quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, &text[at + 1..]),
            _ => value.push(c),
        }
    }
    (value, "")
}
