//! Numbered pages (contract bitbucket-cloud section 1.2).

use axum::Json;
use serde::Serialize;

use super::call::Call;
use super::errors::ApiError;
use super::problems::Problems;

/// Items per page unless the caller says otherwise.
pub(super) const PAGELEN: usize = 10;
/// Most items per page; more asked for is this many.
const MAX_PAGELEN: usize = 100;

/// One page of a list.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    pagelen: usize,
    values: Vec<T>,
    #[serde(rename = "page")]
    number: usize,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
}

/// The page of `items` that the caller asks for, each as `show` has it.
pub(super) fn page<'a, T, U>(
    call: &Call,
    items: &'a [T],
    pagelen: usize,
    show: impl Fn(&'a T) -> U,
) -> Result<Json<Page<U>>, ApiError> {
    let pagelen = positive(call, "pagelen")?.unwrap_or(pagelen).min(MAX_PAGELEN);
    let number = positive(call, "page")?.unwrap_or(1);
    let last = items.len().div_ceil(pagelen).max(1);
    let url = |page: usize| page_url(call, page);
    Ok(Json(Page {
        pagelen,
        values: items.iter().skip(pagelen.saturating_mul(number - 1)).take(pagelen).map(show).collect(),
        number,
        size: items.len(),
        next: (number < last).then(|| url(number + 1)),
        previous: (number > 1).then(|| url((number - 1).min(last))),
    }))
}

/// A whole number above zero in the query.
fn positive(call: &Call, name: &'static str) -> Result<Option<usize>, ApiError> {
    let Some(text) = call.asked.query(name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| *number > 0);
    let wrong = || ApiError::Invalid(Problems::one(name, "must be a whole number above 0"));
    number.map(Some).ok_or_else(wrong)
}

/// This request's URL with another page number; everything else is kept.
fn page_url(call: &Call, page: usize) -> String {
    // Some clients send braces as they are; a URL has them encoded.
    let path = call.asked.path.replace('{', "%7B").replace('}', "%7D");
    format!("{}{path}?{}", call.links.html, call.asked.query_with("page", &page.to_string()))
}
