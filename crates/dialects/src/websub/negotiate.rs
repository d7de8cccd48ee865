//! Atom or JSON Feed, as the reader prefers.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Media types that mean Atom, the most telling first.
const ATOM: [&str; 3] = ["application/atom+xml", "application/xml", "text/xml"];
/// Media types that mean JSON Feed.
const JSON: [&str; 2] = ["application/feed+json", "application/json"];

/// Does the request's `Accept` rank JSON above Atom? Those who do not care get Atom.
pub(super) fn prefers_json(headers: &HeaderMap) -> bool {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    rank(&values, &JSON) > rank(&values, &ATOM)
}

/// The best weight, in thousandths, of any of these types; zero if none is asked for. A type that is named outranks the
/// wildcards that cover it.
fn rank(accept: &[&str], types: &[&str]) -> u16 {
    let ranges = || accept.iter().flat_map(|value| value.split(',')).map(weighted);
    let best_of = |name: &str| ranges().filter(|(range, _)| range.eq_ignore_ascii_case(name)).map(|(_, q)| q).max();
    types
        .iter()
        .filter_map(|name| best_of(name))
        .max()
        .or_else(|| best_of("application/*"))
        .or_else(|| best_of("*/*"))
        .unwrap_or(0)
}

/// A media range and its weight: 1000 unless given, 0 if unreadable.
fn weighted(item: &str) -> (&str, u16) {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (range, weight.map_or(1_000, thousandths))
}

/// `0.5` as 500.
fn thousandths(weight: &str) -> u16 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let fits = decimals.len() <= 3 && decimals.bytes().all(|digit| digit.is_ascii_digit());
    match whole {
        "1" => 1_000,
        "0" if fits => format!("{decimals:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_for_those_who_ask_for_it() {
        let cases = [
            ("", false),
            ("*/*", false),
            ("application/*", false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
            ("application/json", true),
            ("Application/Feed+JSON; charset=utf-8", true),
            ("application/feed+json, application/atom+xml", false),
            ("application/feed+json, application/atom+xml;q=0.9", true),
            ("application/json;q=0.5, */*", false),
            ("application/json, text/plain, */*", false),
            ("application/json, */*;q=0.1", true),
            ("application/json;q=0", false),
            ("application/atom+xml;q=0.999, application/json;q=0.9999", false),
            ("application/xml;q=0, application/json;q=0.1", true),
            (";;;,,,q=", false),
        ];
        for (accept, json) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().expect("a header value"));
            assert_eq!(prefers_json(&headers), json, "{accept}");
        }
        assert!(!prefers_json(&HeaderMap::new()));
    }
}
