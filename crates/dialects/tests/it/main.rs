//! The HTTP surfaces over a real store: one request in, one answer out.

mod bitbucket_cloud;
mod bitbucket_dc;
mod bitrise;
mod github;
mod nonsense;
mod register_webhook;
mod websub;
mod world;
