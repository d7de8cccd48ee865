//! A request's head, taken apart: who asks, about what.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use domain::account::Principal;
use form_urlencoded::Serializer;

use super::Credentials;

/// What surfaces ask of a request's head, and no vendor owns.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Whose token it is; none for anonymous callers. Bad tokens never get this far.
    pub(crate) principal: Option<Principal>,
    /// The whole path, still percent-encoded.
    pub(crate) path: String,
    /// Query parameters in order, decoded.
    query: Vec<(String, String)>,
    /// Path parameters, decoded.
    params: Vec<(String, String)>,
}

impl Asked {
    /// Takes a head apart. `None` if its path is not UTF-8, and so names nothing.
    pub(crate) async fn by(principal: Option<Principal>, parts: &mut Parts) -> Option<Self> {
        let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
        let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let path = parts.uri.path().to_owned();
        Some(Self { principal, path, query, params })
    }

    /// As [`by`](Self::by), where a layer has found the credentials to be good or none, and left them with the request.
    pub(crate) async fn admitted(parts: &mut Parts) -> Option<Self> {
        let principal = match parts.extensions.get::<Credentials>() {
            Some(Credentials::Good(principal)) => Some(principal.clone()),
            Some(Credentials::None | Credentials::Bad) | None => None,
        };
        Self::by(principal, parts).await
    }

    /// A path parameter; empty if the route has none of that name. Those it has are never empty.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A query parameter, the last one if given twice.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a repeatable query parameter that are not empty.
    pub(crate) fn queries(&self, name: &str) -> Vec<&str> {
        let given = self.query.iter().filter(|(known, _)| known == name);
        given.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()).collect()
    }

    /// The query with one parameter set, at its end; the others are kept.
    pub(crate) fn query_with(&self, name: &str, value: &str) -> String {
        let others = self.query.iter().filter(|(known, _)| known != name);
        Serializer::new(String::new()).extend_pairs(others).append_pair(name, value).finish()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn parameters_are_decoded_and_may_repeat() {
        let routes = Router::new().route(
            "/of/{name}",
            get(async |request: Request| {
                let asked = Asked::admitted(&mut request.into_parts().0).await.expect("UTF-8");
                assert_eq!((asked.path.as_str(), asked.param("name"), asked.param("other")), ("/of/a%20b", "a b", ""));
                assert_eq!((asked.query("page"), asked.query("none")), (Some("2"), None));
                assert_eq!(asked.queries("event"), ["x y", "z"]);
                asked.query_with("page", "&3")
            }),
        );
        let request = Request::get("/of/a%20b?page=1&event=x+y&page=%32&event=&event=z").body(Body::empty());
        let answer = routes.oneshot(request.expect("a request")).await.expect("routers do not fail");
        let told = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body in memory");
        assert_eq!(told, "event=x+y&event=&event=z&page=%263");
    }
}
