//! The hook object (contract bitbucket-cloud section 1.1). There is no member for the secret.

use domain::hook::Hook;
use serde::Serialize;

use super::hook_fields::{description, history_enabled};
use super::subject::Subject;
use crate::bitbucket_cloud::links::Links;
use crate::bitbucket_cloud::payload::shapes::{Braced, Repository, Workspace};

/// A hook as this API tells it.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the object has that many switches")]
pub(super) struct HookObject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    uuid: Braced,
    description: Option<&'a str>,
    url: &'a str,
    active: bool,
    skip_cert_verification: bool,
    history_enabled: bool,
    secret_set: bool,
    read_only: Option<bool>,
    source: Option<&'a str>,
    created_at: String,
    events: &'a [String],
    subject_type: &'static str,
    subject: SubjectObject<'a>,
    links: SelfLink,
}

/// What the hook belongs to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum SubjectObject<'a> {
    /// Its short form.
    Repository(Repository<'a>),
    /// Its only form.
    Workspace(Workspace<'a>),
}

/// `{"self": {"href": …}}`
#[derive(Debug, Serialize)]
struct SelfLink {
    #[serde(rename = "self")]
    own: Href,
}

/// `{"href": …}`
#[derive(Debug, Serialize)]
struct Href {
    href: String,
}

impl<'a> HookObject<'a> {
    /// A hook of that subject.
    pub(super) fn of(hook: &'a Hook, subject: &'a Subject, links: &'a Links) -> Self {
        Self {
            kind: "webhook_subscription",
            uuid: Braced(hook.uid),
            description: description(hook),
            url: hook.url.as_str(),
            active: hook.active,
            skip_cert_verification: hook.insecure_tls,
            history_enabled: history_enabled(hook),
            secret_set: hook.secret.is_some(),
            read_only: None,
            source: None,
            created_at: hook.created_at.rfc3339_micros(),
            events: &hook.events,
            subject_type: subject.kind(),
            subject: match subject {
                Subject::Repository(at) => {
                    SubjectObject::Repository(Repository::short(&at.repository, &at.owner, links))
                }
                Subject::Workspace(account) => SubjectObject::Workspace(Workspace::of(account, links)),
            },
            links: SelfLink { own: Href { href: subject.hook_url(links, hook) } },
        }
    }
}
