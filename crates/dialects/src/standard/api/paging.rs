//! Lists in pages: `?limit=` and `?cursor=`.

use axum::Json;
use serde::{Deserialize, Serialize};

use super::errors::Reject;

/// Items per page unless asked for otherwise.
const DEFAULT_LIMIT: usize = 50;
/// Most items per page.
const MAX_LIMIT: usize = 200;

/// Which page. Flattening would lose the types in a query string, so each handler takes this beside its own filter.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    limit: Option<String>,
    cursor: Option<String>,
}

/// Where a page starts and how long it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// At most so many items, 1 to 200.
    pub(crate) limit: usize,
    /// The id of the last item of the page before.
    pub(crate) from: Option<i64>,
}

impl Page {
    /// Checks both.
    pub(crate) fn window(&self) -> Result<Window, Reject> {
        let limit = match &self.limit {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| Reject::bad_request("must be a number from 1 to 200").at("limit"))?,
        };
        let from = match &self.cursor {
            None => None,
            Some(text) => {
                let id = text.parse().ok().filter(|id| *id >= 0);
                Some(id.ok_or_else(|| Reject::bad_request("is not a cursor that was given out").at("cursor"))?)
            }
        };
        Ok(Window { limit, from })
    }
}

/// A page as it is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Items<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> Items<T> {
    /// A page, and the id its successor starts after.
    pub(crate) fn new(items: Vec<T>, next: Option<i64>) -> Json<Self> {
        Json(Self { items, next: next.map(|id| id.to_string()) })
    }
}

impl Window {
    /// The page of a list that is in memory in rising order of ids.
    pub(crate) fn cut<S, T>(self, list: &[S], id: impl Fn(&S) -> i64, show: impl Fn(&S) -> T) -> Json<Items<T>> {
        let start = self.from.map_or(0, |from| list.partition_point(|item| id(item) <= from));
        let rest = &list[start..];
        let page = &rest[..rest.len().min(self.limit)];
        let next = page.last().filter(|_| rest.len() > page.len()).map(id);
        Items::new(page.iter().map(show).collect(), next)
    }
}
