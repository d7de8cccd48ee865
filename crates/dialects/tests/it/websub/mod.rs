//! WebSub.

mod nonsense;
mod pages;
