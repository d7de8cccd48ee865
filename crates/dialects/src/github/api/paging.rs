//! Numbered pages and their `Link` header (contract github section 0.3).

use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::Response;

use super::call::Call;

/// Items per page unless the caller says otherwise.
const DEFAULT_SIZE: usize = 30;
/// Most items per page; more asked for is this many.
const MAX_SIZE: usize = 100;

/// How many items a page has: `per_page`, within its limits.
pub(super) fn page_size(call: &Call) -> usize {
    size_of(call.asked.query("per_page"))
}

fn size_of(asked: Option<&str>) -> usize {
    asked
        .and_then(|text| text.parse().ok())
        .filter(|size| *size > 0)
        .map_or(DEFAULT_SIZE, |size: usize| size.min(MAX_SIZE))
}

/// The wanted page of a list, and what its `Link` header says.
pub(super) fn paginate<T>(call: &Call, items: Vec<T>) -> (Vec<T>, Vec<(&'static str, String)>) {
    let size = page_size(call);
    let page = call.asked.query("page").and_then(|text| text.parse().ok()).filter(|page| *page > 0).unwrap_or(1);
    let last = items.len().div_ceil(size).max(1);
    let to = |page: usize| page_url(call, "page", &page.to_string());
    let links = relations(page, last).into_iter().map(|(relation, page)| (relation, to(page))).collect();
    (items.into_iter().skip(size.saturating_mul(page - 1)).take(size).collect(), links)
}

/// Which pages a page links to. Nothing at all when everything fits one page.
fn relations(page: usize, last: usize) -> Vec<(&'static str, usize)> {
    let mut relations = Vec::new();
    if page > 1 && last > 1 || page > last {
        relations.push(("prev", (page - 1).min(last)));
    }
    if page < last {
        relations.extend([("next", page + 1), ("last", last)]);
    }
    if page > 1 && last > 1 || page > last {
        relations.push(("first", 1));
    }
    relations
}

/// This request's URL with one query parameter set; the others are kept.
pub(super) fn page_url(call: &Call, name: &str, value: &str) -> String {
    // The prefix called stands in the base already.
    let path = call.asked.path.strip_prefix(call.app.prefix).unwrap_or_default();
    format!("{}{path}?{}", call.links.api, call.asked.query_with(name, value))
}

/// Writes the `Link` header, in the exact form that clients' patterns expect; none for no links.
pub(super) fn with_links(mut response: Response, links: &[(&'static str, String)]) -> Response {
    let text: Vec<String> = links.iter().map(|(relation, url)| format!("<{url}>; rel=\"{relation}\"")).collect();
    if let (false, Ok(value)) = (links.is_empty(), HeaderValue::from_str(&text.join(", "))) {
        response.headers_mut().insert(LINK, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_21_pages_name_their_neighbours() {
        assert_eq!(relations(1, 1), []);
        assert_eq!(relations(1, 3), [("next", 2), ("last", 3)]);
        assert_eq!(relations(2, 3), [("prev", 1), ("next", 3), ("last", 3), ("first", 1)]);
        assert_eq!(relations(3, 3), [("prev", 2), ("first", 1)]);
        assert_eq!(relations(9, 3), [("prev", 3), ("first", 1)]);
    }

    #[test]
    fn page_sizes_are_clamped_and_never_refused() {
        let table =
            [(None, 30), (Some("5"), 5), (Some("1000"), 100), (Some("0"), 30), (Some("-1"), 30), (Some("x"), 30)];
        for (asked, size) in table {
            assert_eq!(size_of(asked), size, "{asked:?}");
        }
    }
}
