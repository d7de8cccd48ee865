//! What every handler of this surface shares.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use domain::flow::Ports;

use super::meter::Meters;
use crate::ApiSettings;
use crate::github::links::Links;
use crate::http::requested_base;

/// The state of one mount of the API.
#[derive(Debug)]
pub(super) struct App {
    /// The ports.
    pub(super) ports: Ports,
    /// The settings.
    pub(super) settings: ApiSettings,
    /// What stands before every path: `/api/v3`, or nothing on an API host.
    pub(super) prefix: &'static str,
    /// Rate limits, shared by all mounts.
    pub(super) meters: Arc<Meters>,
}

impl App {
    /// The URLs to give to this caller: the public base, else the base it called, with the prefix it used (contract
    /// section 0).
    pub(super) fn links(&self, headers: &HeaderMap, uri: &Uri) -> Links {
        let called = requested_base(headers, uri);
        let public = self.settings.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        if self.prefix.is_empty() {
            return self.api_host_links(called, public.as_deref());
        }
        let html = public.or(called).unwrap_or_else(|| self.ports.public_url.to_string());
        Links { api: format!("{html}{}", self.prefix), html }
    }

    /// On an API host, pages live on the host without `api.`, and the scheme is the public URL's.
    fn api_host_links(&self, called: Option<String>, public: Option<&str>) -> Links {
        let called = called.unwrap_or_else(|| self.ports.public_url.to_string());
        let scheme = public.and_then(|url| url.split_once("://")).map_or("http", |(scheme, _)| scheme);
        let host = called.split_once("://").map_or(called.as_str(), |(_, host)| host);
        let page_host = host.get(4..).filter(|_| host.len() > 4 && host[..4].eq_ignore_ascii_case("api."));
        let api = format!("{scheme}://{host}");
        let html = public.map_or_else(|| format!("{scheme}://{}", page_host.unwrap_or(host)), str::to_owned);
        Links { html, api }
    }
}
