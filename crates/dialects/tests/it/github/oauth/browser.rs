//! A browser: keeps cookies, fills in forms, follows nothing by itself.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;

use super::{encoded, form};
use crate::world::{Answer, World};

/// See the module.
pub(super) struct Browser<'w> {
    world: &'w World,
    pub(super) cookies: BTreeMap<String, String>,
}

impl<'w> Browser<'w> {
    /// A browser that nobody has used.
    pub(super) fn new(world: &'w World) -> Self {
        Self { world, cookies: BTreeMap::new() }
    }

    /// The browser of somebody who signed in with that token.
    pub(super) async fn signed_in(world: &'w World, token: &str) -> Self {
        let mut browser = Self::new(world);
        let answer = browser.sign_in(token, "").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/login"), "{}", answer.text);
        browser
    }

    /// Signs in, to go on to a path.
    pub(super) async fn sign_in(&mut self, token: &str, return_to: &str) -> Answer {
        let page = self.get("/login").await;
        self.post("/login", &[("csrf", &csrf(&page)), ("token", token), ("return_to", return_to)]).await
    }

    /// Opens a page.
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header("host", "postrider.test").header("cookie", self.cookie());
        let answer = self.world.send(request.body(Body::empty()).expect("a request")).await;
        self.keep(&answer);
        answer
    }

    /// Sends a form as its own page would.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(path, fields, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form with the headers of wherever it came from.
    pub(super) async fn post_from(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let cookie = self.cookie();
        let request = form(path, fields).header("cookie", &cookie);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = self.world.send(request.body_of(fields)).await;
        self.keep(&answer);
        answer
    }

    /// Opens a consent page and presses a button of it.
    pub(super) async fn decide(&mut self, path: &str, authorize: &str) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let mut fields = hidden_fields(&page.text);
        fields.push(("authorize".to_owned(), authorize.to_owned()));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post("/login/oauth/authorize", &fields).await
    }

    /// Allows an application what it asks for, whether or not there is a question.
    pub(super) async fn allow(&mut self, path: &str) -> Answer {
        let page = self.get(path).await;
        if page.status == 303 { page } else { self.decide(path, "1").await }
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().expect("ASCII");
            let (name, rest) = line.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The token that a page's forms carry.
pub(super) fn csrf(page: &Answer) -> String {
    let fields = hidden_fields(&page.text);
    fields.into_iter().find(|(name, _)| name == "csrf").expect("a form").1
}

/// The hidden fields of a page's first form.
pub(super) fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let form = html.split("<form").nth(1).and_then(|rest| rest.split("</form>").next()).expect("a form");
    let field = |tag: &str| {
        let attribute = |name: &str| Some(tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.to_owned());
        Some((attribute("name")?, unescaped(&attribute("value")?)))
    };
    form.split("<input type=\"hidden\"").skip(1).filter_map(field).collect()
}

/// Text of an attribute.
fn unescaped(text: &str) -> String {
    let named = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    named.into_iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

#[test]
fn forms_are_built_as_browsers_do() {
    assert_eq!(encoded(&[("a", "1 &"), ("b", "\u{e9}")]), "a=1%20%26&b=%C3%A9");
}
