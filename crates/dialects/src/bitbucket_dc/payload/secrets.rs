//! `repo:secret_detected`.

use domain::canonical::SecretsDetected;
use serde::Serialize;

use super::Tale;
use super::shapes::Repository;

/// The message.
pub(super) fn tell(event: &SecretsDetected, tale: &mut Tale<'_>) {
    tale.tell("repo:secret_detected", Some(&event.actor), |stage| {
        let found = event.locations.iter();
        let located = found.map(|location| Location {
            commit_id: &location.commit,
            line: location.line,
            path: &location.path,
            rule_name: &location.rule,
            repository: stage.repository(),
        });
        Detected { secret_locations: located.collect() }
    });
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detected<'a> {
    secret_locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    commit_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    path: &'a str,
    rule_name: &'a str,
    repository: Repository<'a>,
}
