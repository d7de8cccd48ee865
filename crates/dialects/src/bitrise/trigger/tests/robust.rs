//! Texts that nobody should write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::ci::BuildParams;
use domain::ports::Clock;
use domain::time::Timestamp;
use proptest::prelude::*;

use crate::bitrise::trigger::{Config, Decision, Patience};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]{}:,?&*!|>'\"%@#\\-\n\t ~<.0-9a-c\u{e9}\u{feff}]{0,60}") {
        let _ = Config::parse(&text);
    }

    #[test]
    fn no_tree_of_values_makes_the_reader_panic(tree in tree(), key in "trigger_map|workflows|pipelines") {
        let item = ["type", "push_branch", "pattern", "workflow", "enabled"].map(|field| format!("{field}: {tree}"));
        for text in [format!("{key}: {tree}"), format!("workflows: {{a: {{triggers: {{push: [{{branch: {tree}}}]}}}}}}"),
            format!("trigger_map: [{{{}}}]", item.join(", "))] {
            let _ = Config::parse(&text);
        }
    }
}

/// Values in flow style.
fn tree() -> impl Strategy<Value = String> {
    let leaf = "[a-c]|~|1|true|''|push|'\\*'|\\.inf".prop_map(|text| text);
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(", "))),
            prop::collection::vec(("regex|pattern|push|branch|a", inner), 0..3).prop_map(|all| {
                let pairs: Vec<_> = all.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", pairs.join(", "))
            }),
        ]
    })
}

/// A second goes by whenever it is asked.
struct Hasty(AtomicU64);

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn h4_a_comparison_that_takes_too_long_ends_and_starts_nothing() {
    let text = "workflows: {a: {}, b: {}}\ntrigger_map:\n- {push_branch: '*', commit_message: {regex: 'x{9}'}, workflow: a}\n\
                - {push_branch: '*', workflow: b}\n";
    let config = Config::parse(text).expect("right");
    let clock: Arc<dyn Clock> = Arc::new(Hasty(AtomicU64::new(0)));
    let push = |messages: usize| BuildParams {
        branch: "main".to_owned(),
        commit_messages: vec!["m".repeat(1_000); messages],
        ..BuildParams::default()
    };
    let decide = |messages| config.decide(&push(messages), &Patience::new(&clock));
    assert!(matches!(decide(20), Decision::Start(_)), "4 KB take a second, and ten are allowed");
    assert!(matches!(decide(1_000), Decision::Refused(why) if why.contains("takes too long")));
    let waiting = config.decide(&push(1_000), &Patience::endless());
    assert!(matches!(waiting, Decision::Start(choices) if choices[0].target.workflow() == Some("b")));
}

/// Large enough for anything that takes time with the square of the length to hang, small enough for everything else.
const SIZE: usize = domain::ci::MAX_CONFIG / 16;

#[test]
fn large_texts_take_time_with_their_length_alone() {
    for piece in [
        "[",
        "{",
        "[a, ",
        "{a: ",
        "- ",
        "? ",
        "&a ",
        "*a ",
        "!t ",
        "a: ",
        "[]",
        "[],",
        "{},",
        "\"a\": ",
        "'",
        "\"",
        "|\n",
        ">\n ",
        "%a\n",
        "---\n",
        "#",
        " ",
        "\t",
        "\n",
        "a",
        "a\n",
        "- a\n",
        "- [a, b]\n",
        "\\",
        "\u{e9}",
        "[a]: ",
        "a,",
        "1",
        "<<: ",
        "- &a {b: *a}\n",
        "? - a\n: b\n",
    ] {
        let text = piece.repeat(SIZE / piece.len());
        let wrapped = format!("trigger_map: [{text}]");
        let deep = "[".repeat(200) + &text;
        for text in [text, wrapped, deep] {
            let _ = Config::parse(&text);
        }
    }
}
