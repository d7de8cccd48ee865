//! Which hub a page names, and what it calls itself (contract websub section 10).
//!
//! Pure, and linear in the size of what was fetched. Nothing here trusts the page: names of URLs are all that comes out.

mod html;
mod link_header;
mod xml;

use domain::hub::Advertised;
use url::Url;

use super::media;

/// Most URLs kept of each relation.
const MAX_LINKS: usize = 20;
/// Longest URL kept, in bytes: the longest topic there can be (contract websub section 3).
const MAX_URL: usize = 2_048;

/// Looks through an answer: `headers` as they came, by name and value; `url` is where it was fetched from. Headers win;
/// for a relation that they do not have, the document is asked: HTML, Atom or RSS, whatever it is.
pub(crate) fn discover<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    content_type: Option<&str>,
    body: &[u8],
    url: &str,
) -> Advertised {
    let Ok(base) = Url::parse(url) else { return Advertised::default() };
    let mut links = Links { base: &base, found: Advertised::default() };
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("link") {
            link_header::read(value, &mut links);
        }
    }
    let named = links.found;
    if !named.hubs.is_empty() && !named.selves.is_empty() {
        return named;
    }
    let mut links = Links { base: &base, found: Advertised::default() };
    match media::kind(content_type, body) {
        media::Kind::Html => html::read(body, &mut links),
        media::Kind::Xml => xml::read(body, &mut links),
        media::Kind::Other => {}
    }
    let first = |headers: Vec<String>, document| if headers.is_empty() { document } else { headers };
    Advertised { hubs: first(named.hubs, links.found.hubs), selves: first(named.selves, links.found.selves) }
}

/// Collects links.
struct Links<'a> {
    base: &'a Url,
    found: Advertised,
}

impl Links<'_> {
    /// A link of these relations, separated by blanks, in any case.
    fn add(&mut self, relations: &str, href: &str) {
        let has = |name: &str| relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case(name));
        let (hub, own) = (has("hub"), has("self"));
        if !hub && !own {
            return;
        }
        let Some(url) = absolute(self.base, href) else { return };
        for (wanted, list) in [(hub, &mut self.found.hubs), (own, &mut self.found.selves)] {
            if wanted && list.len() < MAX_LINKS && !list.contains(&url) {
                list.push(url.clone());
            }
        }
    }
}

/// The URL that a reference means. An absolute one stays as it was written: topics and hubs are compared as strings
/// (contract websub section 1).
fn absolute(base: &Url, href: &str) -> Option<String> {
    let href = href.trim_matches(|c: char| c.is_ascii_whitespace());
    if href.len() > MAX_URL || href.contains(|c: char| c.is_control() || c == ' ') {
        return None;
    }
    let (url, text) = if let Ok(url) = Url::parse(href) {
        (url, href.to_owned())
    } else {
        let url = base.join(href).ok()?;
        let text = url.to_string();
        (url, text)
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host() && text.len() <= MAX_URL).then_some(text)
}

#[cfg(test)]
mod tests;
