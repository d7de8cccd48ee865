//! Is a repository on this very server? The first of the two guards against loops; the other counts hops (D-8).

use serde_json::Value;

use super::part::Part;

/// Where hosts say which repository they speak of: GitHub, Cloud, Gitea and Data Center's pushes; GitLab; Data Center's
/// pull requests.
const PLACES: [&[&str]; 3] = [&["repository"], &["project"], &["pullRequest", "toRef", "repository"]];
/// Members that link to it, at any depth (Bitbucket nests them in `links`). Its home page is none: that may be anywhere.
const LINKS: [&str; 8] = ["html_url", "clone_url", "url", "web_url", "git_http_url", "http_url", "ssh_url", "href"];

/// Does the payload tell of a repository below `own_base`?
pub(super) fn is_hosted_here(root: Part<'_>, own_base: &str) -> bool {
    let own_base = own_base.trim_end_matches('/');
    !own_base.is_empty()
        && PLACES.iter().any(|path| {
            let place = path.iter().fold(root, |part, key| part.at(key));
            links_below(place.value(), own_base)
        })
}

/// Does any link in there lead below `base`?
fn links_below(value: &Value, base: &str) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, member)| match member {
            Value::String(link) => LINKS.contains(&key.as_str()) && is_below(link, base),
            _ => links_below(member, base),
        }),
        Value::Array(items) => items.iter().any(|item| links_below(item, base)),
        _ => false,
    }
}

/// `https://git.acme.test/acme/rocket` is below `https://git.acme.test`, `https://git.acme.test.evil.test` is not.
fn is_below(link: &str, base: &str) -> bool {
    let rest = link.get(..base.len()).filter(|start| start.eq_ignore_ascii_case(base)).map(|_| &link[base.len()..]);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}
