//! The HTTP surfaces over a real store: one request in, one answer out.

mod github;
mod world;
