//! Pure functions: values in, values out. No rule asks what time it is.

pub mod access;
pub mod backoff;
pub mod breaker;
pub mod decide;
pub mod matching;
pub mod redirect;
pub mod target;
