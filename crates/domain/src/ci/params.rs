//! What a build is to be made of (contract bitrise section 7).

use serde::{Deserialize, Deserializer, Serialize};

use crate::secret::Secret;

/// Lowest and highest priority of a build.
pub const PRIORITIES: std::ops::RangeInclusive<i64> = -100..=100;

/// A variable for a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name. Newer clients call it `key`.
    #[serde(alias = "key")]
    pub mapped_to: String,
    /// Its value.
    #[serde(default)]
    pub value: String,
    /// May the value name other variables?
    #[serde(default = "yes")]
    pub is_expand: bool,
}

/// A variable for a build that is never shown again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSecret {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Secret,
    /// May the value name other variables?
    pub is_expand: bool,
}

/// Files that a commit touched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommitPaths {
    /// Came with it.
    #[serde(deserialize_with = "or_default")]
    pub added: Vec<String>,
    /// Went with it.
    #[serde(deserialize_with = "or_default")]
    pub removed: Vec<String>,
    /// Changed in it.
    #[serde(deserialize_with = "or_default")]
    pub modified: Vec<String>,
}

/// Is a pull request a draft?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadyState {
    /// Yes.
    Draft,
    /// No.
    ReadyForReview,
    /// Not any more: this very event ended it.
    ConvertedToReadyForReview,
}

/// The parameters of a build. Fields that say nothing are left out of the JSON, except `diff_url` and `commit_paths`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildParams {
    /// The commit to build.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub commit_hash: String,
    /// Its message; for a pull request title and description.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub commit_message: String,
    /// Messages of all commits pushed, oldest first.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub commit_messages: Vec<String>,
    /// Short name of the branch; for a pull request the one it comes from.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// Who owns the repository the pull request comes from.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub branch_repo_owner: String,
    /// For a pull request: the branch it goes to.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub branch_dest: String,
    /// Who owns the repository the pull request goes to.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub branch_dest_repo_owner: String,
    /// Short name of the tag.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// Number of the pull request; 0: none. Some clients send it as a text.
    #[serde(deserialize_with = "number", skip_serializing_if = "is_zero")]
    pub pull_request_id: u64,
    /// Deprecated form of `head_repository_url`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub pull_request_repository_url: String,
    /// Where the repository is cloned from.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub base_repository_url: String,
    /// Where the pull request's source is cloned from.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub head_repository_url: String,
    /// Ref of the merge, if it is known to work.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub pull_request_merge_branch: String,
    /// Ref of the merge, whether it works or not.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub pull_request_unverified_merge_branch: String,
    /// Ref of the pull request's tip.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub pull_request_head_branch: String,
    /// Who opened the pull request.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub pull_request_author: String,
    /// The workflow to run, whatever the triggers say.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub workflow_id: String,
    /// The pipeline to run, whatever the triggers say.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub pipeline_id: String,
    /// Variables.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<Environment>,
    /// A page with the difference.
    #[serde(deserialize_with = "or_default")]
    pub diff_url: String,
    /// Files touched, commit by commit; `None` if unknown.
    pub commit_paths: Option<Vec<CommitPaths>>,
    /// Is the pull request a draft?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request_ready_state: Option<ReadyState>,
    /// Labels that this event added.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub pull_request_labels_added: Vec<String>,
    /// All labels.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub pull_request_labels: Vec<String>,
    /// The comment that asked for it.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub pull_request_comment: String,
    /// Its id.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub pull_request_comment_id: String,
    /// One of [`PRIORITIES`]: higher ones are built first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// Tell the git host nothing.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub skip_git_status_report: bool,
    /// The machine image asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// The machine asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_type_id: Option<String>,
}

impl BuildParams {
    /// Is it a build of a pull request?
    pub fn is_pull_request(&self) -> bool {
        self.pull_request_id != 0 || !self.branch_dest.is_empty()
    }

    /// Does the code come from somebody else's repository? A pull request that does not say whose counts as such.
    pub fn is_from_fork(&self) -> bool {
        let known = !self.branch_repo_owner.is_empty() && !self.branch_dest_repo_owner.is_empty();
        self.is_pull_request() && !(known && self.branch_repo_owner == self.branch_dest_repo_owner)
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde wants")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde wants")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// `null` is what is absent.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(source: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(source)?.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(u64),
    Text(String),
    Nothing(()),
}

fn number<'de, D: Deserializer<'de>>(source: D) -> Result<u64, D::Error> {
    match Loose::deserialize(source)? {
        Loose::Number(number) => Ok(number),
        Loose::Text(text) if text.is_empty() => Ok(0),
        Loose::Text(text) => text.parse().map_err(|_| serde::de::Error::custom("is not a whole number")),
        Loose::Nothing(()) => Ok(0),
    }
}

fn text<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    Ok(match Loose::deserialize(source)? {
        Loose::Number(number) => number.to_string(),
        Loose::Text(text) => text,
        Loose::Nothing(()) => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_says_nothing_is_left_out_but_for_two_fields() {
        let none = serde_json::to_value(BuildParams::default()).expect("serializes");
        assert_eq!(none, json!({"diff_url": "", "commit_paths": null}));
    }

    #[test]
    fn clients_write_numbers_names_and_nothing_in_several_ways() {
        let read = |value| serde_json::from_value::<BuildParams>(value).expect("reads");
        let loose = json!({"pull_request_id": "7", "branch": null, "pull_request_comment_id": 9, "new_field": 1,
            "environments": [{"key": "A", "value": "1"}]});
        let params = read(loose);
        assert_eq!((params.pull_request_id, params.branch.as_str()), (7, ""));
        assert_eq!(params.pull_request_comment_id, "9");
        let expected = Environment { mapped_to: "A".to_owned(), value: "1".to_owned(), is_expand: true };
        assert_eq!(params.environments, [expected]);
        assert_eq!(read(json!({"pull_request_id": null})).pull_request_id, 0);
    }

    #[test]
    fn a_pull_request_that_does_not_say_whose_it_is_counts_as_a_fork_s() {
        let of = |from: &str, to: &str| BuildParams {
            pull_request_id: 1,
            branch_repo_owner: from.to_owned(),
            branch_dest_repo_owner: to.to_owned(),
            ..BuildParams::default()
        };
        assert!(of("", "").is_from_fork() && of("a", "").is_from_fork() && of("a", "b").is_from_fork());
        assert!(!of("a", "a").is_from_fork());
        assert!(!BuildParams::default().is_from_fork(), "a push is nobody's fork");
    }
}
