//! The JSON objects that both the REST API and the payloads are made of (contract github section 4.2).
//!
//! Members are exactly those of the published payload schemas, which refuse any other; REST answers add theirs on top.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::account::{Account, AccountKind, Repository};
use domain::time::Timestamp;
use serde_json::{Map, Value, json};

use super::links::Links;

/// A JSON object under construction.
pub(crate) type Object = Map<String, Value>;

/// The opaque id of an object, in the form used before 2021: `010:Repository42` in base64.
fn node_id(kind: &str, id: i64) -> String {
    BASE64_STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// `User` or `Organization`.
fn kind_name(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::User => "User",
        AccountKind::Organization => "Organization",
    }
}

fn avatar(links: &Links, account: &Account) -> String {
    format!("{}/avatars/u/{}?v=4", links.html, account.id)
}

/// The "simple user": who sent, owns or wrote something. Organizations have this form too, as owners.
pub(crate) fn user(links: &Links, account: &Account) -> Object {
    let url = links.user(account);
    object(json!({
        "login": account.login,
        "id": account.id,
        "node_id": node_id(kind_name(account.kind), account.id.0),
        "avatar_url": avatar(links, account),
        "gravatar_id": "",
        "url": url,
        "html_url": links.account_page(account),
        "followers_url": format!("{url}/followers"),
        "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"),
        "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"),
        "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"),
        "type": kind_name(account.kind),
        "site_admin": account.site_admin,
    }))
}

/// The "simple organization".
pub(crate) fn organization(links: &Links, account: &Account) -> Object {
    let url = links.organization(account);
    object(json!({
        "login": account.login,
        "id": account.id,
        "node_id": node_id("Organization", account.id.0),
        "url": url,
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"),
        "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": avatar(links, account),
        "description": account.description,
    }))
}

/// What follows a repository's API URL in its `*_url` members, in the order they are written.
const REPOSITORY_URLS: &[(&str, &str)] = &[
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
];

/// A repository.
pub(crate) fn repository(links: &Links, owner: &Account, repository: &Repository) -> Object {
    let url = links.repository(owner, repository);
    let page = links.repository_page(owner, repository);
    let mut whole = object(json!({
        "id": repository.id,
        "node_id": node_id("Repository", repository.id.0),
        "name": repository.name,
        "full_name": full_name(owner, repository),
        "private": repository.private,
        "owner": user(links, owner),
        "html_url": page,
        "description": repository.description,
        "fork": repository.fork_of.is_some(),
        "url": url,
    }));
    whole
        .extend(REPOSITORY_URLS.iter().map(|(name, tail)| ((*name).to_owned(), Value::String(format!("{url}{tail}")))));
    whole.extend(object(json!({
        "created_at": repository.created_at.rfc3339_seconds(),
        "updated_at": repository.updated_at.rfc3339_seconds(),
        "pushed_at": pushed_at(repository).rfc3339_seconds(),
    })));
    whole.extend(clone_urls(links, owner, repository, &page));
    whole.extend(standing(repository));
    whole
}

/// `owner/name`.
pub(crate) fn full_name(owner: &Account, repository: &Repository) -> String {
    format!("{}/{}", owner.login, repository.name)
}

/// When it was last pushed to; a repository without pushes counts from its creation, as clients expect a date.
pub(crate) fn pushed_at(repository: &Repository) -> Timestamp {
    repository.pushed_at.unwrap_or(repository.created_at)
}

/// Where git itself finds the repository.
fn clone_urls(links: &Links, owner: &Account, repository: &Repository, page: &str) -> Object {
    let host = links.html.split_once("://").map_or(links.html.as_str(), |(_, host)| host);
    let bare_host = host.split(['/', ':']).next().unwrap_or(host);
    let path = full_name(owner, repository);
    object(json!({
        "git_url": format!("git://{host}/{path}.git"),
        "ssh_url": format!("git@{bare_host}:{path}.git"),
        "clone_url": format!("{page}.git"),
        "svn_url": page,
    }))
}

/// Everything about a repository that is not a URL or a date.
fn standing(repository: &Repository) -> Object {
    object(json!({
        "homepage": repository.homepage,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": null,
        "has_issues": true,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": true,
        "has_pages": false,
        "forks_count": 0,
        "mirror_url": null,
        "archived": repository.archived,
        "disabled": false,
        "open_issues_count": 0,
        "license": null,
        "forks": 0,
        "open_issues": 0,
        "watchers": 0,
        "default_branch": repository.default_branch,
        "is_template": false,
        "topics": [],
        "visibility": if repository.private { "private" } else { "public" },
        "web_commit_signoff_required": false,
        "custom_properties": {},
    }))
}

/// The members of a `json!({…})`.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Object::new(),
    }
}
