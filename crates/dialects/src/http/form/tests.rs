//! Both encodings, what clients make of them, and what nobody should send.

use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;

const ENCODED: &str = "application/x-www-form-urlencoded";

fn read(content_type: &str, body: impl AsRef<[u8]>) -> Result<Form, FormError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).expect("a header value"));
    Form::read(&headers, &Bytes::copy_from_slice(body.as_ref()), MAX_FORM_BODY)
}

fn form(fields: &[(&str, &str)]) -> Form {
    Form(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

/// A multipart body of these parts, each a block of headers and a value.
fn parts(boundary: &str, parts: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (head, value) in parts {
        body.extend(["--", boundary, "\r\n", head, "\r\n\r\n", value, "\r\n"]);
    }
    body + "--" + boundary + "--\r\n"
}

fn named(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

#[test]
fn encoded_names_and_values_are_decoded() {
    let table: [(&str, &[(&str, &str)]); 12] = [
        ("", &[]),
        ("&&", &[]),
        ("hub.mode=subscribe&hub.secret=s", &[("hub.mode", "subscribe"), ("hub.secret", "s")]),
        ("%68ub.mode=sub%73cribe", &[("hub.mode", "subscribe")]),
        ("hub%2Emode=%2D&a%5B%5D=1", &[("hub.mode", "-"), ("a[]", "1")]),
        ("a=1+2%2B3", &[("a", "1 2+3")]),
        ("a=b=c", &[("a", "b=c")]),
        ("a&b=", &[("a", ""), ("b", "")]),
        ("=x", &[("", "x")]),
        ("a=p%C3%A4ss&b=päss", &[("a", "päss"), ("b", "päss")]),
        ("a=100%&b=%zz&c=%4", &[("a", "100%"), ("b", "%zz"), ("c", "%4")]),
        ("a=1&a=2", &[("a", "1"), ("a", "2")]),
    ];
    for (body, fields) in table {
        assert_eq!(read(ENCODED, body), Ok(form(fields)), "{body}");
    }
}

#[test]
fn content_types_are_read_without_their_parameters() {
    for encoded in [
        ENCODED,
        "application/x-www-form-urlencoded; charset=ISO-8859-1",
        "APPLICATION/X-WWW-Form-UrlEncoded;charset=utf-8",
    ] {
        assert_eq!(read(encoded, "a=%C3%A4"), Ok(form(&[("a", "ä")])), "{encoded}");
    }
    for other in ["application/json", "text/plain", "", "multipart/mixed; boundary=x", "application/x-www-form"] {
        assert_eq!(read(other, "a=1"), Err(FormError::ContentType), "{other}");
    }
    assert_eq!(Form::read(&HeaderMap::new(), &Bytes::from("a=1"), 10), Err(FormError::ContentType));
}

#[test]
fn parts_are_read_whatever_the_boundary_looks_like() {
    let boundaries = ["x", "------------------------d74496d66958873e", "----", "'()+_,-./:=?", "a b"];
    for boundary in boundaries {
        let body = parts(boundary, &[(&named("hub.mode"), "subscribe"), (&named("hub.secret"), "p\u{e4}ss --x\r\n")]);
        let expected = Ok(form(&[("hub.mode", "subscribe"), ("hub.secret", "p\u{e4}ss --x\r\n")]));
        assert_eq!(read(&format!("multipart/form-data; boundary=\"{boundary}\""), &body), expected, "{boundary}");
    }
    let content_type = "Multipart/Form-Data; charset=utf-8; boundary=------------------------d74496d66958873e";
    let body = parts("------------------------d74496d66958873e", &[(&named("a"), "")]);
    assert_eq!(read(content_type, body), Ok(form(&[("a", "")])));
}

#[test]
fn parts_may_carry_types_file_names_and_a_preamble() {
    let typed = format!("{}; filename=\"f\"\r\nContent-Type: text/plain; charset=ISO-8859-1", named("a b"));
    let bare = "content-disposition:form-data;name=c";
    let body = format!("preamble\r\n{}epilogue", parts("x", &[(&typed, "+%41"), (bare, "1")]));
    let body = body.as_str();
    assert_eq!(read("multipart/form-data; boundary=x", body), Ok(form(&[("a b", "+%41"), ("c", "1")])));
    assert_eq!(read("multipart/form-data; boundary=x", "--x--"), Ok(form(&[])));
}

#[test]
fn what_is_no_form_is_told_apart() {
    let multipart = "multipart/form-data; boundary=x";
    let unnamed = parts("x", &[("Content-Disposition: form-data", "1")]);
    let whole = parts("x", &[(&named("a"), "1")]);
    for body in ["", "--x", "--x\r\n", "a=1", &unnamed, &whole[..whole.len() - 8], "--x\r\n\0: 1\r\n\r\n1\r\n--x--"] {
        assert_eq!(read(multipart, body), Err(FormError::Malformed), "{body:?}");
    }
    for no_boundary in ["multipart/form-data", "multipart/form-data; boundary", "multipart/form-data;;"] {
        assert_eq!(read(no_boundary, &whole), Err(FormError::Malformed), "{no_boundary}");
    }
    assert_eq!(read(ENCODED, "a=%FF"), Err(FormError::NotUtf8));
    assert_eq!(read(ENCODED, b"a\xff=1"), Err(FormError::NotUtf8));
    let latin = [b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".as_slice(), b"\xe4\r\n--x--"].concat();
    assert_eq!(read(multipart, latin), Err(FormError::NotUtf8));
}

#[test]
fn forms_are_limited_in_bytes_and_fields() {
    let full = |length: usize| format!("a={}", "x".repeat(length - 2));
    assert!(read(ENCODED, full(MAX_FORM_BODY)).is_ok());
    assert_eq!(read(ENCODED, full(MAX_FORM_BODY + 1)), Err(FormError::TooLarge));
    assert_eq!(read("multipart/form-data; boundary=x", full(MAX_FORM_BODY + 1)), Err(FormError::TooLarge));
    assert_eq!(read("text/plain", full(MAX_FORM_BODY + 1)), Err(FormError::ContentType), "a form, or no matter");
    assert!(read(ENCODED, "a=1&".repeat(MAX_FIELDS)).is_ok());
    assert_eq!(read(ENCODED, "a=1&".repeat(MAX_FIELDS + 1)), Err(FormError::TooLarge));
    let name = named("a");
    let many = |count: usize| parts("x", &vec![(name.as_str(), "1"); count]);
    assert!(read("multipart/form-data; boundary=x", many(MAX_FIELDS)).is_ok());
    assert_eq!(read("multipart/form-data; boundary=x", many(MAX_FIELDS + 1)), Err(FormError::TooLarge));
}

#[test]
fn identical_duplicates_collapse_and_different_ones_are_told() {
    let form = read(ENCODED, "a=1&b=1&a=1&b=2&a=1&c=").expect("a form");
    assert_eq!(form.one("a"), Ok(Some("1")));
    assert_eq!(form.one("b"), Err(Repeated));
    assert_eq!(form.one("c"), Ok(Some("")), "empty is not absent");
    assert_eq!(form.one("d"), Ok(None));
    assert_eq!(form.all("b").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(form.all("A").count(), 0, "names are exact");
}

proptest! {
    /// Whatever `form_urlencoded` writes is read back, and whatever is UTF-8 reads as that crate reads it.
    #[test]
    fn check_32_encoded_forms_agree_with_an_oracle(fields in prop::collection::vec((".*", ".*"), 0..9), raw in "[a-f0-9=&+%. ]*") {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let expected: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        prop_assert_eq!(&expected, &fields);
        prop_assert_eq!(read(ENCODED, &text), Ok(Form(fields)));
        match read(ENCODED, &raw) {
            Ok(form) => prop_assert_eq!(form.0, form_urlencoded::parse(raw.as_bytes()).into_owned().collect::<Vec<_>>()),
            Err(error) => prop_assert!(matches!(error, FormError::NotUtf8 | FormError::TooLarge)),
        }
    }

    /// Parts come back as they were put in, whatever they hold but their own boundary.
    #[test]
    fn check_32_parts_come_back_as_they_were(fields in prop::collection::vec(("[a-z.\\[\\]]{1,9}", ".*"), 0..9)) {
        let heads: Vec<_> = fields.iter().map(|(name, _)| named(name)).collect();
        let given: Vec<_> = heads.iter().zip(&fields).map(|(head, (_, value))| (head.as_str(), value.as_str())).collect();
        prop_assert_eq!(read("multipart/form-data; boundary=--B-o-u-n-d", parts("--B-o-u-n-d", &given)), Ok(Form(fields)));
    }

    /// No bytes make a reader panic or wait.
    #[test]
    fn check_32_no_body_does_harm(
        body in prop::collection::vec(any::<u8>(), 0..200),
        shaped in "(--x(--)?|\r\n|Content-Disposition: form-data|; ?name=|\"|[a-z:; ]|\\PC){0,40}",
        boundary in "\\PC{0,8}",
    ) {
        let name = format!("multipart/form-data; boundary={boundary}");
        for content_type in [ENCODED, "multipart/form-data; boundary=x", name.as_str()] {
            let Ok(value) = HeaderValue::from_bytes(content_type.as_bytes()) else { continue };
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, value)]);
            for body in [&body[..], shaped.as_bytes()] {
                let _ = Form::read(&headers, &Bytes::copy_from_slice(body), MAX_FORM_BODY);
            }
        }
    }
}
