//! Reading the body of a repository's creation or change.

use domain::account::{Repository, is_valid_name};
use domain::flow::Ports;
use domain::id::{AccountId, Uid};
use domain::ports::NewRepository;
use serde_json::{Map, Value};

use super::errors::{ApiError, Problem};
use super::types::{Text, Types};

/// Longest description or homepage, in bytes.
const MAX_TEXT: usize = 4_096;
/// Longest branch name, in bytes.
const MAX_BRANCH: usize = 255;

/// The members that matter here; others are ignored.
#[derive(Debug, Default)]
pub(super) struct RepositoryFields {
    /// A new name.
    name: Option<String>,
    /// A new description.
    description: Text,
    /// A new homepage.
    homepage: Text,
    /// A new default branch.
    default_branch: Option<String>,
    /// `private`, or what `visibility` says about it.
    private: Option<bool>,
    /// Read-only or not.
    pub(super) archived: Option<bool>,
}

impl RepositoryFields {
    /// Reads the members' JSON types.
    pub(super) fn read(body: &Map<String, Value>) -> Result<Self, ApiError> {
        let mut types = Types::default();
        let visibility = types.string(body, "visibility");
        let fields = Self {
            name: types.string(body, "name"),
            description: types.nullable_string(body, "description"),
            homepage: types.nullable_string(body, "homepage"),
            default_branch: types.string(body, "default_branch"),
            private: types.boolean(body, "private").or_else(|| Some(visibility? != "public")),
            archived: types.boolean(body, "archived"),
        };
        types.verdict().map(|()| fields)
    }

    /// Checks the values.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let mut problems = Vec::new();
        let mut problem = |field, message: &str| problems.push(Problem::custom(Some(field), message).of("Repository"));
        if self.name.as_deref().is_some_and(|name| !is_valid_name(name)) {
            problem("name", "name can only contain ASCII letters, digits, and the characters ., -, and _");
        }
        if self.default_branch.as_deref().is_some_and(|branch| !is_branch(branch)) {
            problem("default_branch", "default_branch is not a branch name");
        }
        for (field, text) in [("description", &self.description), ("homepage", &self.homepage)] {
            if text.as_deref().is_some_and(|text| text.len() > MAX_TEXT || has_control(text)) {
                problem(field, "is too long, or has control characters");
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(ApiError::Invalid(problems)) }
    }

    /// Changes what is mentioned.
    pub(super) fn apply(self, mut repository: Repository) -> Repository {
        if let Some(name) = self.name {
            repository.name = name;
        }
        repository.description = self.description.or(repository.description);
        repository.homepage = self.homepage.or(repository.homepage);
        if let Some(branch) = self.default_branch {
            repository.default_branch = branch;
        }
        repository.private = self.private.unwrap_or(repository.private);
        repository.archived = self.archived.unwrap_or(repository.archived);
        repository
    }
}

/// The repository to be.
pub(super) fn new_repository(
    ports: &Ports,
    owner: AccountId,
    fields: RepositoryFields,
) -> Result<NewRepository, ApiError> {
    fields.check()?;
    let now = ports.clock.now();
    let Some(name) = fields.name else {
        return Err(ApiError::Invalid(vec![Problem::missing("Repository", "name")]));
    };
    Ok(NewRepository {
        uid: Uid::new(now, &*ports.entropy),
        owner,
        name,
        description: fields.description.or(None),
        homepage: fields.homepage.or(None),
        default_branch: fields.default_branch.unwrap_or_else(|| "main".to_owned()),
        private: fields.private.unwrap_or(false),
        fork_of: None,
        created_at: now,
    })
}

/// A plausible branch name: what git forbids and URLs cannot carry is out.
fn is_branch(name: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    !name.is_empty()
        && name.len() <= MAX_BRANCH
        && !name.contains(odd)
        && !name.contains("..")
        && !name.starts_with('-')
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
