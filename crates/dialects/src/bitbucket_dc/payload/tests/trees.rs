//! `check_21`: the members of every object in every golden, in their order (contract bitbucket-datacenter section 3.1).

use super::goldens::rendered;
use super::*;

/// Members of an entity: `?` after those that may be missing, `:Entity` after those that are one, or a list of one.
const ENTITIES: [(&str, &str); 24] = [
    ("User", "name emailAddress? id displayName active slug type links:Page"),
    ("Project", "key id name description? public? type owner?:User links:Page"),
    (
        "Repository",
        "slug id name description? hierarchyId scmId state statusMessage forkable origin?:Repository project:Project \
         public archived links:RepositoryLinks",
    ),
    ("Page", "self:Href"),
    ("Href", "href"),
    ("RepositoryLinks", "clone:Clone self:Href"),
    ("Clone", "href name"),
    ("Ref", "id displayId latestCommit type repository:Repository"),
    ("Participant", "user:User lastReviewedCommit? role approved status"),
    (
        "PullRequest",
        "id version title description state open closed draft createdDate updatedDate closedDate? fromRef:Ref \
         toRef:Ref locked author:Participant reviewers:Participant participants:Participant properties?:Merge links:Page",
    ),
    ("Merge", "mergeCommit:MergeCommit"),
    ("MergeCommit", "displayId id"),
    (
        "Comment",
        "properties?:Properties id version text author:User createdDate updatedDate comments tasks severity state \
         threadResolved",
    ),
    ("Properties", "repositoryId"),
    ("Change", "ref:RefName refId fromHash toHash type"),
    ("RefName", "id displayId type"),
    (
        "Commit",
        "id displayId author:Signature authorTimestamp committer:Signature committerTimestamp message parents:ShortCommit",
    ),
    (
        "ToCommit",
        "id displayId author:Signature authorTimestamp committer:Signature committerTimestamp message parents:Parent",
    ),
    (
        "Parent",
        "id displayId author?:Signature authorTimestamp? committer?:Signature committerTimestamp? message? parents?:ShortCommit",
    ),
    ("ShortCommit", "id displayId"),
    ("Signature", "name emailAddress id? displayName? active? slug? type? links?:Page"),
    ("Target", "id displayId type latestCommit latestChangeset"),
    ("Mirror", "id name"),
    ("SecretLocation", "commitId line? path ruleName repository:Repository"),
];

/// Members of each message after `eventKey`, `date` and `actor`.
fn own_members(key: &str) -> &'static str {
    match key {
        "repo:refs_changed" => "repository:Repository changes:Change commits?:Commit toCommit?:ToCommit",
        "repo:modified" => "old:Repository new:Repository",
        "repo:forked" => "repository:Repository",
        "repo:comment:added" | "repo:comment:deleted" => "comment:Comment repository:Repository commit",
        "repo:comment:edited" => "comment:Comment repository:Repository commit previousComment",
        "mirror:repo_synchronized" => {
            "mirrorServer:Mirror syncType refLimitExceeded repository:Repository changes:Change"
        }
        "project:modified" | "proj:modified" => "old:Project new:Project",
        "repo:secret_detected" => "secretLocations:SecretLocation",
        "pr:opened" | "pr:merged" | "pr:declined" | "pr:deleted" => "pullRequest:PullRequest",
        "pr:from_ref_updated" => "pullRequest:PullRequest previousFromHash",
        "pr:to_ref_updated" => "pullRequest:PullRequest previousToHash previousTarget:Target",
        "pr:modified" => {
            "pullRequest:PullRequest previousTitle previousDescription previousTarget:Target previousDraft"
        }
        "pr:reviewer:updated" => "pullRequest:PullRequest addedReviewers:User removedReviewers:User",
        "pr:comment:added" | "pr:comment:deleted" => "pullRequest:PullRequest comment:Comment commentParentId?",
        "pr:comment:edited" => "pullRequest:PullRequest comment:Comment commentParentId? previousComment",
        key if key.starts_with("pr:reviewer:") => "pullRequest:PullRequest participant:Participant previousStatus",
        key => panic!("{key} has no tree"),
    }
}

/// Has `value` these members, in this order, and so on downwards? Panics at the first difference.
fn check(value: &Value, members: &str, at: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{at} is no object"));
    let mut found = object.keys().peekable();
    for member in members.split_whitespace() {
        let (name, entity) = member.split_once(':').map_or((member, None), |(name, entity)| (name, Some(entity)));
        let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
        if found.next_if(|key| *key == name).is_none() {
            assert!(optional, "{at} has {:?} where {name} belongs", found.peek());
            continue;
        }
        let at = format!("{at}.{name}");
        match entity {
            Some(entity) => check_entity(&object[name], entity, &at),
            None => assert!(!object[name].is_object() && !object[name].is_null(), "{at} is {}", object[name]),
        }
    }
    assert_eq!(found.next(), None, "{at} has a member too many");
}

fn check_entity(value: &Value, entity: &str, at: &str) {
    let (_, members) = ENTITIES.iter().find(|(name, _)| *name == entity).expect("an entity");
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for value in values {
        check(value, members, at);
    }
}

#[test]
fn check_21_every_object_has_its_members_in_their_order() {
    for (name, body) in rendered() {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let key = body["eventKey"].as_str().expect("a text");
        check(&body, &format!("eventKey date actor:User {}", own_members(key)), &name);
    }
}

/// The members whose form is the difference between the shapes.
const DATES: [&str; 5] = ["createdDate", "updatedDate", "closedDate", "authorTimestamp", "committerTimestamp"];

/// Calls `visit` with every date below `value`.
fn dates(value: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if DATES.contains(&key.as_str()) {
                    visit(key, value);
                }
                dates(value, visit);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| dates(value, visit)),
        _ => {}
    }
}

#[test]
fn check_21_dates_are_numbers_or_texts_by_shape_alone() {
    for (name, body) in rendered() {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let iso = name.ends_with(".iso.json");
        dates(&body, &mut |key, value| match value.as_str() {
            Some(text) if key.ends_with("Timestamp") => {
                assert!(iso && text.len() == 24 && text.as_bytes()[19] == b'.', "{name}: {text}");
            }
            Some(text) => assert!(iso && text.ends_with("+0000") && text.len() == 24, "{name}: {text}"),
            None => assert!(!iso && value.as_i64().is_some_and(|at| at > 1_700_000_000_000), "{name}: {value}"),
        });
    }
}
