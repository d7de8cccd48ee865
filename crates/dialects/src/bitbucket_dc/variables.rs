//! Variables in a hook's URL: `{project.key}`, `{repository.slug}`, `{event.key}` (contract bitbucket-datacenter
//! section 2). They stand in the path and the query, and are filled in anew for each attempt.

use domain::delivery::Message;
use domain::dialect::Sending;
use domain::rules::target::TargetUrl;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::links::{key, slug};

/// What needs no escape anywhere in a URL (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The names there are.
const NAMES: [&str; 3] = ["project.key", "repository.slug", "event.key"];

/// Why a URL cannot be saved, in words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::bitbucket_dc) enum BadVariable<'a> {
    /// No variable has that name.
    #[error("The URL variable {{{0}}} is unknown: there are {{project.key}}, {{repository.slug}} and {{event.key}}.")]
    Unknown(&'a str),
    /// It stands where the receiver is named: what is called must not depend on what happened.
    #[error("The URL variable {{{0}}} may only be used in the path and the query.")]
    Misplaced(&'a str),
}

/// Are all variables of a URL known, and in its path or query?
pub(in crate::bitbucket_dc) fn check(url: &str) -> Result<(), BadVariable<'_>> {
    let (authority, rest) = split(url);
    if let Some(variable) = next(authority) {
        return Err(BadVariable::Misplaced(variable.name));
    }
    let mut rest = rest;
    while let Some(variable) = next(rest) {
        if !NAMES.contains(&variable.name) {
            return Err(BadVariable::Unknown(variable.name));
        }
        rest = variable.after;
    }
    Ok(())
}

/// The URL with its variables filled in, percent-encoded; none if it has none. What is not there any more (a repository
/// that was deleted meanwhile) or never was (the repository of a project's own event) is empty.
pub(super) fn fill_in(url: &TargetUrl, message: &Message, sending: &Sending<'_>) -> Option<TargetUrl> {
    let (authority, mut rest) = split(url.as_str());
    next(rest)?;
    let values = Values::of(message, sending);
    let mut text = authority.to_owned();
    while let Some(Variable { before, name, after }) = next(rest) {
        text.push_str(before);
        match values.get(name) {
            Some(value) => text.extend(utf8_percent_encode(value, UNRESERVED)),
            // Saved before it was checked; sent as it is.
            None => text.extend(["{", name, "}"]),
        }
        rest = after;
    }
    text.push_str(rest);
    // Should it have become too long, sending says so.
    Some(TargetUrl::trusted(text))
}

/// The variables of one message.
struct Values<'a> {
    project: String,
    repository: String,
    event: &'a str,
}

impl<'a> Values<'a> {
    fn of(message: &'a Message, sending: &Sending<'_>) -> Self {
        let found = sending.place.repository.and_then(|id| sending.directory.locate_by_id(id));
        // A repository that moved is told where it is now.
        let owner = found.as_ref().map(|at| at.owner.clone());
        let owner = owner.or_else(|| sending.directory.account_by_id(sending.place.account));
        Self {
            project: owner.map(|owner| key(&owner)).unwrap_or_default(),
            repository: found.map(|at| slug(&at.repository.name)).unwrap_or_default(),
            event: &message.kind,
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        match name {
            "project.key" => Some(&self.project),
            "repository.slug" => Some(&self.repository),
            "event.key" => Some(self.event),
            _ => None,
        }
    }
}

/// What names the receiver, scheme included, and the path and query after it.
fn split(url: &str) -> (&str, &str) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?']).map_or(url.len(), |at| start + at);
    url.split_at(end)
}

/// A variable, and the texts around it.
struct Variable<'a> {
    before: &'a str,
    name: &'a str,
    after: &'a str,
}

/// The first variable: braces around letters, digits, dots, dashes and underscores. Other braces mean themselves.
fn next(text: &str) -> Option<Variable<'_>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    text.match_indices('{').find_map(|(at, _)| {
        let (name, after) = text[at + 1..].split_once('}')?;
        let is_name = !name.is_empty() && name.bytes().all(plain);
        is_name.then_some(Variable { before: &text[..at], name, after })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::account::AccountKind;
    use domain::directory::Change;
    use domain::event::Place;
    use domain::id::Uid;
    use testkit::Surroundings;
    use uuid::Uuid;

    use super::*;
    use crate::bitbucket_dc::dialect::NAME;
    use crate::bitbucket_dc::payload::tests::account;
    use crate::testing::repository;

    /// What a URL becomes for a push to `air/Kite`.
    fn filled(url: &str, place: Place) -> Option<String> {
        let surroundings = Surroundings::default();
        let air = Arc::new(account(1, AccountKind::Organization, "air"));
        let mira = Arc::new(account(2, AccountKind::User, "mira"));
        let (kite, own) = (repository(1, "Kite", &air), repository(2, "own", &mira));
        let repositories = [kite, own].map(|row| Change::Repository(Arc::new(row)));
        surroundings.directory.apply([Change::Account(air), Change::Account(mira)].into_iter().chain(repositories));
        let (kind, body) = ("repo:refs_changed".into(), "{}".into());
        let message = Message { dialect: NAME, uid: Uid(Uuid::nil()), kind, action: None, body, passed_through: false };
        let sending = Sending { place, ..surroundings.sending(1) };
        fill_in(&TargetUrl::trusted(url.to_owned()), &message, &sending).map(|url| url.as_str().to_owned())
    }

    fn place(account: i64, repository: Option<i64>) -> Place {
        use domain::id::{AccountId, RepositoryId};
        Place { account: AccountId(account), repository: repository.map(RepositoryId), app: None }
    }

    #[test]
    fn variables_are_filled_in_percent_encoded() {
        let url = "https://ci.test/{project.key}/{repository.slug}?on={event.key}&in={project.key}";
        let expected = "https://ci.test/AIR/kite?on=repo%3Arefs_changed&in=AIR";
        assert_eq!(filled(url, place(1, Some(1))).as_deref(), Some(expected));
        let personal = filled("https://ci.test?p={project.key}", place(2, Some(2)));
        assert_eq!(personal.as_deref(), Some("https://ci.test?p=~mira"));
        assert_eq!(filled("https://ci.test/{}/%7Bproject.key%7D", place(1, Some(1))), None, "no variable");
    }

    #[test]
    fn what_is_not_there_is_empty() {
        let url = "https://ci.test/{project.key}/{repository.slug}/x";
        assert_eq!(filled(url, place(1, None)).as_deref(), Some("https://ci.test/AIR//x"));
        assert_eq!(filled(url, place(1, Some(9))).as_deref(), Some("https://ci.test/AIR//x"));
        assert_eq!(filled(url, place(9, Some(9))).as_deref(), Some("https://ci.test///x"));
        // Moved from account 9 to account 1 since.
        assert_eq!(filled(url, place(9, Some(1))).as_deref(), Some("https://ci.test/AIR/kite/x"));
    }

    #[test]
    fn other_braces_mean_themselves() {
        let url = "https://ci.test/{a b}/{{event.key}}?q={\"x\":{repository.slug}}";
        let expected = "https://ci.test/{a b}/{repo%3Arefs_changed}?q={\"x\":kite}";
        assert_eq!(filled(url, place(1, Some(1))).as_deref(), Some(expected));
        assert_eq!(check(url), Ok(()));
        let unknown = filled("https://{event.key}.test/{event.name}/{event.key}", place(1, Some(1)));
        assert_eq!(unknown.as_deref(), Some("https://{event.key}.test/{event.name}/repo%3Arefs_changed"));
    }

    #[test]
    fn names_are_checked_and_the_receiver_is_fixed() {
        for url in ["https://ci.test", "https://ci.test/{project.key}{event.key}?{repository.slug}", "", "{"] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
        assert_eq!(check("https://ci.test/{event.key}/{branch}"), Err(BadVariable::Unknown("branch")));
        assert_eq!(check("https://ci.test/{Event.Key}"), Err(BadVariable::Unknown("Event.Key")));
        for url in ["https://{project.key}.ci.test/", "https://ci.test:{project.key}?x", "http://{project.key}"] {
            assert_eq!(check(url), Err(BadVariable::Misplaced("project.key")), "{url}");
        }
        let words = BadVariable::Unknown("branch").to_string();
        assert!(words.starts_with("The URL variable {branch} is unknown: there are {project.key},"), "{words}");
    }
}
