//! Pages (contract bitbucket-datacenter section 1.2).

use serde_json::{Value, json};

use super::call::Call;
use super::hook_json::members;

/// Items per page unless the caller says otherwise.
const DEFAULT_LIMIT: usize = 25;
/// Most items per page; more asked for is this many.
const MAX_LIMIT: usize = 1_000;

/// Which part of a list a request wants. Numbers that make no sense count as not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    start: usize,
    limit: usize,
}

impl Page {
    /// Reads `start` and `limit`.
    pub(super) fn of(call: &Call) -> Self {
        Self::read(call.asked.query("start"), call.asked.query("limit"))
    }

    fn read(start: Option<&str>, limit: Option<&str>) -> Self {
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<usize>().ok());
        let limit = number(limit).filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
        Self { start: number(start).unwrap_or(0), limit }
    }

    /// This page's items.
    pub(super) fn cut<T: Clone>(self, items: &[T]) -> Vec<T> {
        items.iter().skip(self.start).take(self.limit).cloned().collect()
    }

    /// The envelope around `values`, of `total` items in all.
    pub(super) fn wrap(self, values: Vec<Value>, total: usize) -> Value {
        let next = self.start.saturating_add(values.len());
        let is_last = values.is_empty() || next >= total;
        let mut page = members(json!({
            "size": values.len(),
            "limit": self.limit,
            "isLastPage": is_last,
            "start": self.start,
        }));
        page.insert("values".to_owned(), Value::Array(values));
        if !is_last {
            page.insert("nextPageStart".to_owned(), next.into());
        }
        Value::Object(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_clamped_and_never_refused() {
        let page = |start, limit| Page { start, limit };
        let table = [
            ((None, None), page(0, 25)),
            ((Some("5"), Some("200")), page(5, 200)),
            ((Some("-1"), Some("-1")), page(0, 25)),
            ((Some("x"), Some("0")), page(0, 25)),
            ((Some("0"), Some("99999999999999999999")), page(0, 25)),
            ((Some("18446744073709551615"), Some("1001")), page(usize::MAX, 1_000)),
        ];
        for ((start, limit), expected) in table {
            assert_eq!(Page::read(start, limit), expected, "{start:?} {limit:?}");
        }
    }

    #[test]
    fn only_a_page_with_a_successor_names_it() {
        let page = Page { start: 0, limit: 2 };
        let value = || Value::from(1);
        assert_eq!(page.wrap(vec![value(), value()], 3)["nextPageStart"], 2);
        let last = page.wrap(vec![value(), value()], 2);
        assert_eq!((&last["isLastPage"], last.get("nextPageStart")), (&Value::from(true), None));
        let beyond = Page { start: 9, limit: 2 }.wrap(Vec::new(), 3);
        assert_eq!((&beyond["isLastPage"], &beyond["size"]), (&Value::from(true), &Value::from(0)));
    }
}
