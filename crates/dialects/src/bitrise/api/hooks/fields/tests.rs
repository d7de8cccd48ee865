use domain::id::HookId;
use serde_json::json;
use testkit::a_hook;

use super::*;

fn read(body: &Value) -> Result<Fields, String> {
    let read = Fields::read(body.as_object().expect("an object"), &UrlPolicy::default());
    read.map_err(|reject| format!("{} {}", reject.status().as_u16(), reject.message()))
}

fn refused(body: &Value) -> String {
    read(body).expect_err("a refusal")
}

#[test]
fn check_01_urls_are_kept_as_they_came_and_called_by_http_if_they_name_no_scheme() {
    for (text, called) in [
        ("example.webhook.com", "http://example.webhook.com"),
        ("example.webhook.com:8080/a?b=//c", "http://example.webhook.com:8080/a?b=//c"),
        ("HTTPS://Example.com/A", "HTTPS://Example.com/A"),
        ("http://user:pw@a.test/", "http://user:pw@a.test/"),
    ] {
        let fields = read(&json!({"url": text, "events": ["all"]})).expect("acceptable");
        assert_eq!(fields.url.as_str(), called);
        let hook = fields.apply(a_hook().build().numbered(HookId(1)));
        assert_eq!(verbatim_url(&hook), text);
        let next = read(&json!({"url": "https://a.test/", "events": ["all"]})).expect("acceptable").apply(hook);
        assert_eq!(verbatim_url(&next), "https://a.test/");
    }
}

#[test]
fn bad_urls_are_told_as_such() {
    let of = |url: Value| refused(&json!({"url": url, "events": ["all"]}));
    assert_eq!(of(Value::Null), "400 url: is required");
    assert_eq!(of(json!(7)), "400 url: must be a string");
    assert_eq!(of(json!("")), "400 url: the URL is blank");
    assert_eq!(of(json!("ftp://a.test")), "400 url: the URL must be http or https");
    for bad in ["javascript:alert(1)", "mailto:me@a.test:x", "//a.test/x", "a b", "http://", "a.test#x"] {
        assert_eq!(of(json!(bad)), "400 url: the URL is not valid", "{bad}");
    }
    let strict = UrlPolicy::new(|_| Err("loopback".to_owned()));
    let body = json!({"url": "127.0.0.1/x", "events": ["all"]});
    let reject = Fields::read(body.as_object().expect("an object"), &strict).expect_err("a refusal");
    assert_eq!(reject.message(), "url: may not be called from here: loopback", "check 27");
}

#[test]
fn events_are_the_vendor_s_words_in_the_order_given() {
    let of = |events: Value| read(&json!({"url": "a.test", "events": events}));
    assert_eq!(of(json!(["pipeline", "build", "pipeline"])).expect("acceptable").words, ["pipeline", "build"]);
    let problem = |events| of(events).expect_err("a refusal");
    assert_eq!(problem(Value::Null), "400 events: is required");
    assert_eq!(problem(json!([])), "400 events: must name at least one event");
    for bad in [json!("build"), json!({}), json!(["build", 1]), json!([null])] {
        assert_eq!(problem(bad), "400 events: must be a list of all, build or pipeline");
    }
    for bad in ["Build", "build/finished", "", "*"] {
        assert!(problem(json!([bad])).starts_with("400 events: unknown event"), "{bad}");
    }
}

#[test]
fn e13_headers_are_judged_at_the_door() {
    let of = |headers: Value| read(&json!({"url": "a.test", "events": ["all"], "headers": headers}));
    let kept = of(json!({"KEY": "value", "Authorization": "Bearer t"})).expect("acceptable").headers;
    let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(kept, [("KEY", "value"), ("Authorization", "Bearer t")]);
    for none in [Value::Null, json!({})] {
        assert!(of(none).expect("acceptable").headers.is_empty());
    }
    let problem = |headers| of(headers).expect_err("a refusal");
    for bad in [json!("KEY: value"), json!([]), json!({"KEY": 1}), json!({"KEY": null})] {
        assert_eq!(problem(bad), "400 headers: must be an object of strings");
    }
    for name in ["Content-Type", "content-length", "Host", "Bitrise-Event-Type", "BITRISE-APP-ID", "X-Delivery-Id"] {
        assert_eq!(problem(json!({ name: "x" })), format!("400 headers: {name:?} is reserved and cannot be set"));
    }
    assert_eq!(problem(json!({"A": "1", "a": "2"})), "400 headers: \"a\" is there twice");
    assert_eq!(problem(json!({"a b": "1"})), "400 headers: \"a b\" is not a header name");
    assert!(problem(json!({"A": "1\r\nB: 2"})).ends_with("is not printable ASCII"));
    let many: Map<String, Value> = (0..=MAX_HEADERS).map(|at| (format!("X-{at}"), "v".into())).collect();
    assert_eq!(problem(many.into()), "400 headers: there can be at most 20");
}

#[test]
fn a_secret_stays_unless_another_is_sent_and_an_empty_one_takes_it_away() {
    let after = |mut body: Value| {
        body["url"] = "a.test".into();
        body["events"] = json!(["all"]);
        let hook = a_hook().signed_with("old").build().numbered(HookId(1));
        read(&body).expect("acceptable").apply(hook).secret.map(|secret| secret.expose().to_owned())
    };
    assert_eq!(after(json!({})).as_deref(), Some("old"));
    assert_eq!(after(json!({"secret": "new"})).as_deref(), Some("new"));
    assert_eq!(after(json!({"secret": ""})), None);
    assert_eq!(after(json!({"secret": null})), None);
    let long = json!({"url": "a.test", "events": ["all"], "secret": "s".repeat(MAX_SECRET + 1)});
    assert_eq!(refused(&long), "400 secret: can have at most 1024 bytes");
    assert_eq!(refused(&json!({"url": "a.test", "events": ["all"], "secret": 7})), "400 secret: must be a string");
}
