use super::*;

fn read(text: &str) -> Node {
    load(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn scalars_stand_for_what_the_original_s_reader_takes_them_for() {
    let kinds = |text: &str| match &*read(text) {
        Value::Scalar(_, kind) => *kind,
        other => panic!("{other:?}"),
    };
    for text in ["", "~", "null"] {
        assert_eq!(kinds(text), Kind::Null, "{text}");
    }
    for (text, flag) in [("true", true), ("No", false), ("off", false), ("on", true)] {
        assert_eq!(kinds(text), Kind::Bool(flag), "{text}");
    }
    for text in ["1", "-1.5", "1e3", "0x1F", "1_000", ".inf"] {
        assert_eq!(kinds(text), Kind::Number, "{text}");
    }
    for text in ["1.2.3", "main", "nan", "inf", "\"1\"", "'yes'", "!!str 5", "v1", "--x"] {
        assert_eq!(kinds(text), Kind::Text, "{text}");
    }
}

#[test]
fn aliases_and_merges_bring_what_they_refer_to() {
    let root = read("base: &b {a: '1', c: x}\nuse:\n  <<: *b\n  a: '2'\nsame: *b\nmany: {<<: [*b, {d: e}]}\n");
    let used = root.get("use").expect("is there");
    assert_eq!(used.get("a").and_then(|node| node.text()), Some("2"), "what the mapping itself says counts");
    assert_eq!(used.get("c").and_then(|node| node.text()), Some("x"));
    assert_eq!(root.get("same"), root.get("base"));
    assert_eq!(root.get("many").expect("is there").entries().len(), 3);
}

#[test]
fn json_is_yaml() {
    let root = read(r#"{"a": [1, "x\n\"y\"", null, true], "b": {"c\\d": "\u00e9"}}"#);
    assert_eq!(root.get("a").and_then(|node| node.list()).expect("a list")[1].text(), Some("x\n\"y\""));
    assert_eq!(root.get("b").expect("is there").entries()[0].0.as_ref(), "c\\d");
}

#[test]
fn a_text_that_is_no_yaml_is_refused_with_the_line() {
    for (text, line) in [
        ("a: [1\nb: 2", "line 2: "),
        ("a: 1\na: 2", "line 2: a mapping has the same key twice"),
        ("a: &x [*x]", "line 1: an alias refers to what it is part of"),
        ("a: *nope", "line 1: "),
        ("a: 1\n---\nb: 1", "line 2: there is more than one document"),
        ("? [1]\n: 2", "line 1: a key of a mapping is a list or a mapping"),
        ("<<: 5", "line 2: << takes a mapping, or a list of them"),
    ] {
        let error = load(text).expect_err(text);
        assert!(error.starts_with(line), "{text}: {error}");
    }
}

#[test]
fn alias_bombs_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(text, "a{level}: &a{level} [{}]", below.trim_end_matches(", "));
    }
    assert!(load(&text).expect_err("too large").ends_with("there are too many values"));
    let mut text = "m0: &m0 {a: b}\n".to_owned();
    for level in 1..100 {
        let _ = writeln!(text, "m{level}: &m{level} {{k{level}: *m{}, <<: *m{}}}", level - 1, level - 1);
    }
    assert!(load(&text).is_err(), "merges count too");
}

#[test]
fn deep_nesting_is_refused_however_it_is_written() {
    for text in [
        "[".repeat(100_000),
        "- ".repeat(400_000),
        "{a: ".repeat(100_000),
        (0..5_000).fold(String::new(), |text, depth| text + &" ".repeat(depth.min(200)) + "a:\n"),
    ] {
        assert!(load(&text).is_err());
    }
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..80 {
        let _ = writeln!(text, "a{level}: &a{level} [*a{}]", level - 1);
    }
    assert!(load(&text).expect_err("too deep").ends_with("values are nested too deep"), "through aliases, too");
}

#[test]
fn different_values_have_different_fingerprints() {
    let print = |text: &str| {
        let mut out = String::new();
        read(text).fingerprint(&mut out);
        out
    };
    let all = ["a", "'1'", "1", "[a, b]", "[[a], b]", "{a: b}", "{a: [b]}", "'a1:b'", "[]", "{}"].map(print);
    let different: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}
