//! WebSub.

mod pages;
