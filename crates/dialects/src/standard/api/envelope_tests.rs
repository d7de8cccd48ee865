use axum::http::{HeaderName, HeaderValue};

use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let parsed = pairs.iter().map(|(name, value)| {
        (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).expect("a header value"))
    });
    parsed.collect()
}

const PLAIN: &[(&str, &str)] =
    &[("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/repos/a/b"), ("ce-type", "push")];

fn binary_with(more: &[(&'static str, &str)]) -> Result<Envelope, Reject> {
    binary(&headers(&[PLAIN, more].concat()), Bytes::from_static(b" {}\n"))
}

fn structured_text(text: &str) -> Result<Envelope, Reject> {
    structured(&Bytes::copy_from_slice(text.as_bytes()))
}

/// Status and field of a refusal.
fn fault<T: std::fmt::Debug>(result: Result<T, Reject>) -> (u16, String) {
    let refusal = result.expect_err("is refused");
    let body = serde_json::to_value(refusal.body()).expect("serializes");
    (refusal.status().as_u16(), body["field"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn binary_data_is_the_body_byte_for_byte() {
    let envelope = binary_with(&[("ce-comexampleextension", "ignored")]).expect("accepted");
    assert_eq!(envelope.data, &b" {}\n"[..]);
    assert_eq!((envelope.id.as_str(), envelope.source.as_str(), envelope.kind.as_str()), ("1", "/repos/a/b", "push"));
    assert_eq!(envelope.content_type, "application/json");
    assert_eq!((envelope.subject, envelope.time), (None, None));
}

#[test]
fn binary_attributes_are_unquoted_and_percent_decoded_once() {
    let subject = |value: &str| binary_with(&[("ce-subject", value)]).expect("accepted").subject.expect("is there");
    assert_eq!(subject("Euro%20%E2%82%AC%20%F0%9F%98%80"), "Euro € 😀");
    assert_eq!(subject("100%2525"), "100%25");
    assert_eq!(subject(r#""a \"b\" \\ c""#), r#"a "b" \ c"#);
    assert_eq!(subject("5% off"), "5% off", "a stray percent sign is itself");
    assert_eq!(subject("Grüße"), "Grüße", "raw UTF-8 is understood");
    assert_eq!(fault(binary_with(&[("ce-subject", "%FF")])), (400, "subject".to_owned()));
}

#[test]
fn binary_content_type_is_datacontenttype() {
    let envelope = binary_with(&[("content-type", "text/xml; charset=utf-8")]).expect("accepted");
    assert_eq!(envelope.content_type, "text/xml; charset=utf-8");
}

#[test]
fn faults_name_the_attribute() {
    for (left_out, field) in [("ce-id", "id"), ("ce-source", "source"), ("ce-type", "type")] {
        let rest: Vec<_> = PLAIN.iter().copied().filter(|(name, _)| *name != left_out).collect();
        assert_eq!(fault(binary(&headers(&rest), Bytes::new())), (422, field.to_owned()));
    }
    assert_eq!(fault(binary(&HeaderMap::new(), Bytes::new())), (400, "specversion".to_owned()));
    assert_eq!(fault(binary_with(&[("ce-time", "noon")])), (422, "time".to_owned()));
    assert_eq!(fault(binary_with(&[("ce-id", "2")])), (400, "id".to_owned()), "twice");
    assert_eq!(fault(structured_text(r#"{"specversion":"0.3"}"#)), (400, "specversion".to_owned()));
    assert_eq!(fault(structured_text(r#"{"specversion":"1.0","id":"1","type":"x.y"}"#)), (422, "source".to_owned()));
}

#[test]
fn structured_data_is_taken_verbatim() {
    let data = "{ \"b\" : 1.0e2,\t\"a\":\"\\u00e9\\/\", \"a\":[ ] }";
    let text = format!(
        r#"{{"specversion":"1.0","ext":{{"x":[1]}},"id":"1","source":"s","type":"t.t","data": {data} ,"subject":null}}"#
    );
    let body = Bytes::from(text);
    let envelope = structured(&body).expect("accepted");
    assert_eq!(envelope.data, data.as_bytes());
    let range = body.as_ptr() as usize..body.as_ptr() as usize + body.len();
    assert!(range.contains(&(envelope.data.as_ptr() as usize)), "and not even copied");
    assert_eq!(envelope.subject, None);
}

fn data_of(members: &str) -> Bytes {
    let text = format!(r#"{{"specversion":"1.0","id":"1","source":"s","type":"t.t"{members}}}"#);
    structured_text(&text).expect("accepted").data
}

#[test]
fn structured_data_in_its_other_forms() {
    assert_eq!(data_of(""), "");
    assert_eq!(data_of(r#","data":null"#), "null");
    assert_eq!(data_of(r#","data":"a\nb""#), r#""a\nb""#, "a JSON string stays JSON");
    assert_eq!(data_of(r#","data":"a\nb","datacontenttype":"text/plain""#), "a\nb");
    assert_eq!(data_of(r#","data":"a","datacontenttype":"application/vnd.x+json; a=b""#), "\"a\"");
    assert_eq!(data_of(r#","data_base64":"AP8=","datacontenttype":"application/octet-stream""#), &b"\x00\xff"[..]);
    let both = r#"{"specversion":"1.0","id":"1","source":"s","type":"t.t","data":1,"data_base64":""}"#;
    assert_eq!(fault(structured_text(both)), (422, "data".to_owned()));
    let bad = r#"{"specversion":"1.0","id":"1","source":"s","type":"t.t","data_base64":"?"}"#;
    assert_eq!(fault(structured_text(bad)), (422, "data_base64".to_owned()));
}

#[test]
fn a_batch_judges_each_event_alone() {
    let good = r#"{"specversion":"1.0","id":"1","source":"s","type":"t.t","data": [ 1 ]}"#;
    let body = Bytes::from(format!("[{good}, 7, {{}}, {good}]"));
    let events = batch(&body).expect("an array");
    let verdicts: Vec<_> = events.iter().map(|event| event.as_ref().map(|e| e.data.clone()).ok()).collect();
    let data = Some(Bytes::from_static(b"[ 1 ]"));
    assert_eq!(verdicts, [data.clone(), None, None, data]);
    assert!(batch(&Bytes::from_static(b"{}")).is_err());
    let many = format!("[{}]", vec!["{}"; MAX_BATCH + 1].join(","));
    assert_eq!(fault(batch(&many.into())).0, 413);
}

#[test]
fn the_content_type_decides_the_mode() {
    let mode = |text| Mode::of(&headers(&[("content-type", text)])).map_err(|refusal| refusal.status().as_u16());
    assert_eq!(mode("application/json"), Ok(Mode::Binary));
    assert_eq!(mode("Application/CloudEvents+JSON; charset=utf-8"), Ok(Mode::Structured));
    assert_eq!(mode("application/cloudevents-batch+json"), Ok(Mode::Batch));
    assert_eq!(mode("application/cloudevents+avro"), Err(415));
    assert_eq!(Mode::of(&HeaderMap::new()).ok(), Some(Mode::Binary));
}
