//! Pages of lists (contract bitrise section 2): `next` names the first item wanted, `limit` says how many.

use serde::Serialize;

use super::errors::Reject;
use crate::http::Asked;

/// Most items of a page, and how many it has unless the caller says otherwise.
pub(super) const MAX_LIMIT: usize = 50;

/// The page a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The slug of its first item; `None`: from the start.
    pub(super) next: Option<String>,
    /// How many items, 1 to [`MAX_LIMIT`].
    pub(super) limit: usize,
}

impl Wanted {
    /// Reads `next` and `limit`. What is empty counts as absent.
    pub(super) fn by(asked: &Asked) -> Result<Self, Reject> {
        let given = |name| asked.query(name).filter(|text| !text.is_empty());
        let limit = given("limit").map_or(Some(MAX_LIMIT), |text| text.parse().ok());
        let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
        let limit = limit.ok_or_else(|| Reject::bad(format!("limit: must be a number from 1 to {MAX_LIMIT}")))?;
        Ok(Self { next: given("next").map(str::to_owned), limit })
    }

    /// The page of a list that is in memory. `slug` names an item.
    pub(super) fn of<'a, T, U>(
        &self,
        items: &'a [T],
        slug: impl Fn(&T) -> String,
        show: impl Fn(&'a T) -> U,
    ) -> Result<Page<U>, Reject> {
        let start = match &self.next {
            Some(next) => {
                items.iter().position(|item| slug(item).eq_ignore_ascii_case(next)).ok_or_else(unknown_next)?
            }
            None => 0,
        };
        let rest = &items[start..];
        let next = rest.get(self.limit).map(slug);
        let data = rest.iter().take(self.limit).map(show).collect();
        Ok(self.page(data, items.len() as u64, next))
    }

    /// A page that was cut elsewhere. `total`: items of the whole list; `next`: the slug of the item after this page.
    pub(super) fn page<T>(&self, data: Vec<T>, total: u64, next: Option<String>) -> Page<T> {
        Page { data, paging: Paging { total_item_count: total, page_item_limit: self.limit, next } }
    }
}

/// The refusal of a `next` that names nothing in the list.
pub(super) fn unknown_next() -> Reject {
    Reject::bad("next: names no item of this list")
}

/// One page.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    data: Vec<T>,
    paging: Paging,
}

/// Where it is in its list.
#[derive(Debug, Serialize)]
struct Paging {
    total_item_count: u64,
    page_item_limit: usize,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn page(next: Option<&str>, limit: usize) -> Result<Value, String> {
        let wanted = Wanted { next: next.map(str::to_owned), limit };
        let page = wanted.of(&["A", "B", "C"], |item| (*item).to_owned(), |item| *item);
        page.map(|page| serde_json::to_value(page).expect("serializes")).map_err(|reject| reject.message().to_owned())
    }

    #[test]
    fn check_05_next_is_the_first_item_of_the_following_page_and_absent_at_the_end() {
        let paging = |next| json!({"total_item_count": 3, "page_item_limit": 1, "next": next});
        assert_eq!(page(None, 1), Ok(json!({"data": ["A"], "paging": paging("B")})));
        assert_eq!(page(Some("B"), 1), Ok(json!({"data": ["B"], "paging": paging("C")})));
        let last = json!({"data": ["C"], "paging": {"total_item_count": 3, "page_item_limit": 1}});
        assert_eq!(page(Some("c"), 1), Ok(last));
        let whole = json!({"data": ["A", "B", "C"], "paging": {"total_item_count": 3, "page_item_limit": 3}});
        assert_eq!(page(None, 3), Ok(whole));
        assert_eq!(page(Some("D"), 1), Err("next: names no item of this list".to_owned()));
    }
}
