//! What hooks listen to: the vendor's words, and the types of event they stand for (contract bitrise section 8).

use domain::hook::{ALL_EVENTS, Hook};
use serde_json::Value;

/// A build was accepted.
pub(super) const BUILD_TRIGGERED: &str = "build/triggered";
/// A build has ended.
pub(super) const BUILD_FINISHED: &str = "build/finished";
/// A build of a pipeline was accepted.
pub(super) const PIPELINE_TRIGGERED: &str = "pipeline/triggered";
/// A build of a pipeline has ended.
pub(super) const PIPELINE_FINISHED: &str = "pipeline/finished";

/// Every type of event: `Bitrise-Event-Type`.
pub(super) const TYPES: [&str; 4] = [BUILD_TRIGGERED, BUILD_FINISHED, PIPELINE_TRIGGERED, PIPELINE_FINISHED];

/// The words that hooks are made with, and the types each stands for.
const WORDS: [(&str, &[&str]); 3] = [
    ("all", &[ALL_EVENTS]),
    ("build", &[BUILD_TRIGGERED, BUILD_FINISHED]),
    ("pipeline", &[PIPELINE_TRIGGERED, PIPELINE_FINISHED]),
];

/// The member of [`Hook::extra`] that keeps the words in their order.
pub(super) const WORDS_MEMBER: &str = "words";

/// Is this one of the vendor's words? They are compared exactly.
pub(super) fn is_word(text: &str) -> bool {
    WORDS.iter().any(|(word, _)| *word == text)
}

/// The types that these words stand for.
pub(super) fn types_of(words: &[String]) -> Vec<String> {
    let known = |text: &String| WORDS.iter().find(|(word, _)| word == text);
    let types = words.iter().filter_map(known).flat_map(|(_, types)| types.iter());
    types.map(|event| (*event).to_owned()).collect()
}

/// The words of a hook. One that was made or edited elsewhere may listen to a part of what a word stands for; it is then
/// shown with that word.
pub(super) fn words_of(hook: &Hook) -> Vec<String> {
    let kept = hook.extra.get(WORDS_MEMBER).and_then(Value::as_array);
    let kept = kept.map(|words| words.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
    if let Some(words) = kept.filter(|words| types_of(words) == hook.events) {
        return words;
    }
    let touched = |types: &[&str]| types.iter().any(|event| hook.events.iter().any(|own| own == event));
    WORDS.iter().filter(|(_, types)| touched(types)).map(|(word, _)| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use domain::id::HookId;
    use testkit::a_hook;

    use super::*;

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_keep_their_order_as_long_as_they_are_true() {
        let words = owned(&["pipeline", "build"]);
        let mut hook = a_hook().build().numbered(HookId(1));
        hook.events = types_of(&words);
        assert_eq!(hook.events, [PIPELINE_TRIGGERED, PIPELINE_FINISHED, BUILD_TRIGGERED, BUILD_FINISHED]);
        assert_eq!(words_of(&hook), ["build", "pipeline"], "made elsewhere");
        hook.extra.insert(WORDS_MEMBER.to_owned(), words.clone().into());
        assert_eq!(words_of(&hook), words);
        hook.events = owned(&[BUILD_FINISHED]);
        assert_eq!(words_of(&hook), ["build"], "edited elsewhere");
        hook.events = owned(&[ALL_EVENTS]);
        assert_eq!(words_of(&hook), ["all"]);
    }

    #[test]
    fn words_are_compared_exactly() {
        assert!(is_word("all") && is_word("build") && is_word("pipeline"));
        for other in ["", "All", "build ", BUILD_TRIGGERED, ALL_EVENTS, "release"] {
            assert!(!is_word(other), "{other}");
        }
    }
}
