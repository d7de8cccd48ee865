//! What a hook may not be beside the others of its scope and dialect (contract github section 1.1), whichever surface it
//! comes in by.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::hook::{ALL_EVENTS, Candidate, Hook, HookConflict, SiblingRule};
use domain::rules::access::sees_hook;

/// What hooks are judged by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// How many hooks an event may have.
    pub(crate) limit: usize,
    /// Events which the hook had before an edit: not counted again, so that a lowered limit does not lock old hooks.
    pub(crate) kept: Vec<String>,
    /// See [`HookTerms::isolated`](domain::dialect::HookTerms).
    pub(crate) isolated: bool,
}

/// No two hooks with the same configuration share an event, and no event has more hooks than the limit.
///
/// Where hooks are isolated, likeness is judged among those of the same application: whoever was told of another's hook
/// would know its URL, and could guess its secret. The limit counts all of them nevertheless, as each costs a delivery
/// per event whoever made it; that an event is full says no more than that somebody listens.
pub(crate) fn sibling_rule(terms: Terms) -> SiblingRule {
    Arc::new(move |candidate, siblings| judge(candidate, siblings, &terms))
}

/// A new hook may join fewer than `limit`; hooks may be alike.
pub(crate) fn at_most(limit: usize) -> SiblingRule {
    Arc::new(move |_, siblings| {
        let full = HookConflict::TooMany { events: Vec::new(), limit };
        if siblings.len() < limit { Ok(()) } else { Err(full) }
    })
}

/// An edit takes no place, so that a lowered limit does not lock old hooks; hooks may be alike.
pub(crate) fn anything_goes() -> SiblingRule {
    Arc::new(|_, _| Ok(()))
}

fn judge(candidate: &Candidate<'_>, siblings: &[Arc<Hook>], terms: &Terms) -> Result<(), HookConflict> {
    let mut seen = siblings.iter().filter(|sibling| sees_hook(terms.isolated, sibling.app, candidate.app));
    if seen.any(|sibling| same_config(candidate, sibling) && overlap(candidate.events, &sibling.events)) {
        return Err(HookConflict::Duplicate);
    }
    let limit = terms.limit;
    let full = |event: &&str| siblings.iter().filter(|sibling| sibling.listens_to(event)).count() >= limit;
    let events: Vec<String> = counted(candidate, siblings)
        .into_iter()
        .filter(|event| !keeps(&terms.kept, event))
        .filter(full)
        .map(str::to_owned)
        .collect();
    if events.is_empty() { Ok(()) } else { Err(HookConflict::TooMany { events, limit }) }
}

/// The events a candidate counts toward: those it names; with `*`, every event that anyone names.
fn counted<'a>(candidate: &Candidate<'a>, siblings: &'a [Arc<Hook>]) -> Vec<&'a str> {
    if !candidate.events.iter().any(|event| event == ALL_EVENTS) {
        return candidate.events.iter().map(String::as_str).collect();
    }
    let named = siblings.iter().flat_map(|sibling| &sibling.events).map(String::as_str);
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

fn keeps(kept: &[String], event: &str) -> bool {
    kept.iter().any(|old| old == event || old == ALL_EVENTS)
}

fn same_config(candidate: &Candidate<'_>, sibling: &Hook) -> bool {
    *candidate.url == sibling.url
        && candidate.format == sibling.format
        && candidate.insecure_tls == sibling.insecure_tls
        && candidate.secret == sibling.secret.as_ref()
}

fn overlap(left: &[String], right: &[String]) -> bool {
    let all = |events: &[String]| events.iter().any(|event| event == ALL_EVENTS);
    let both = !left.is_empty() && !right.is_empty();
    both && (all(left) || all(right) || left.iter().any(|event| right.contains(event)))
}

#[cfg(test)]
mod tests {
    use domain::id::{AppId, HookId};
    use testkit::a_hook;

    use super::*;

    fn hook(id: i64, url: &str, events: &[&str]) -> Arc<Hook> {
        Arc::new(a_hook().calling(url).listening_to(events).build().numbered(HookId(id)))
    }

    fn verdict(candidate: &Hook, siblings: &[Arc<Hook>], limit: usize) -> Result<(), HookConflict> {
        sibling_rule(Terms { limit, ..Terms::default() })(&Candidate::from(candidate), siblings)
    }

    #[test]
    fn check_09_the_same_configuration_may_not_share_an_event() {
        let siblings = [hook(1, "http://a.test/", &["push", "issues"])];
        let check = |url, events: &[&str]| verdict(&hook(2, url, events), &siblings, 20);
        assert_eq!(check("http://a.test/", &["issues"]), Err(HookConflict::Duplicate));
        assert_eq!(check("http://a.test/", &["*"]), Err(HookConflict::Duplicate));
        assert_eq!(check("http://a.test/", &["fork"]), Ok(()));
        assert_eq!(check("http://b.test/", &["push"]), Ok(()));
        let signed = a_hook().calling("http://a.test/").signed_with("s").build().numbered(HookId(3));
        assert_eq!(verdict(&signed, &siblings, 20), Ok(()), "another secret is another configuration");
    }

    #[test]
    fn check_25_isolated_hooks_are_compared_within_their_application_and_counted_over_all() {
        let made_by = |id, app| {
            let plain = hook(id, "http://a.test/", &["push"]);
            Arc::new(Hook { app, ..(*plain).clone() })
        };
        let (a, b) = (Some(AppId(1)), Some(AppId(2)));
        let siblings = [made_by(1, a)];
        let check = |app, limit, isolated| {
            let terms = Terms { limit, isolated, ..Terms::default() };
            sibling_rule(terms)(&Candidate::from(&*made_by(2, app)), &siblings)
        };
        for other in [b, None] {
            assert_eq!(check(other, 20, true), Ok(()));
            assert_eq!(check(other, 20, false), Err(HookConflict::Duplicate));
            assert!(matches!(check(other, 1, true), Err(HookConflict::TooMany { .. })));
        }
        assert_eq!(check(a, 20, true), Err(HookConflict::Duplicate));
    }

    #[test]
    fn check_10_full_events_are_listed_one_by_one() {
        let full = |events: &[&str]| {
            let events = events.iter().map(|event| (*event).to_owned()).collect();
            Err(HookConflict::TooMany { events, limit: 2 })
        };
        let siblings = [hook(1, "http://1.test/", &["push", "fork"]), hook(2, "http://2.test/", &["*"])];
        let check = |events: &[&str]| verdict(&hook(3, "http://3.test/", events), &siblings, 2);
        assert_eq!(check(&["issues"]), Ok(()));
        assert_eq!(check(&["push", "issues", "fork"]), full(&["push", "fork"]));
        assert_eq!(check(&["*"]), full(&["fork", "push"]), "a wildcard counts toward every event");
        let kept = sibling_rule(Terms { limit: 2, kept: vec!["push".to_owned()], isolated: false });
        let edited = hook(3, "http://3.test/", &["push"]);
        assert_eq!(kept(&Candidate::from(&*edited), &siblings), Ok(()), "an event it already had stays");
    }
}
