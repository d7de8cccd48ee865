//! Streams: the events of one repository that share a page, a feed and a topic (contract websub section 10).

use std::fmt;

use crate::canonical::Happening;

/// The stream of everything.
const ALL: &str = "all";

/// Names that people know from hooks elsewhere, and the canonical types or families they stand for. Those without any
/// have events only as payloads that are passed through. `create` and `delete` are missing on purpose: they are a `push`
/// here. So is what [`WITHHELD`] keeps back.
#[rustfmt::skip]
const KNOWN_ELSEWHERE: &[(&str, &[&str])] = &[
    ("branch_protection_configuration", &[]),
    ("branch_protection_rule", &[]),
    ("check_run", &[]),
    ("check_suite", &[]),
    ("deployment", &[]),
    ("deployment_status", &[]),
    ("discussion", &[]),
    ("discussion_comment", &[]),
    ("fork", &["repository.forked"]),
    ("gollum", &[]),
    ("issue_dependencies", &[]),
    ("issues", &["issue"]),
    ("label", &[]),
    ("milestone", &[]),
    ("package", &[]),
    ("page_build", &[]),
    ("pr", &["pull_request", "pull_request_comment"]),
    ("project", &[]),
    ("project_card", &[]),
    ("project_column", &[]),
    ("public", &["repository.publicized"]),
    ("pull_request_review", &["pull_request.approved", "pull_request.unapproved", "pull_request.changes_requested"]),
    ("pull_request_review_comment", &["pull_request_comment"]),
    ("pull_request_review_thread", &[]),
    ("pullrequest", &["pull_request", "pull_request_comment"]),
    ("registry_package", &[]),
    ("repo", &["push", "repository", "commit_comment", "commit_status"]),
    ("repository_import", &[]),
    ("star", &[]),
    ("status", &["commit_status"]),
    ("sub_issues", &[]),
    ("watch", &[]),
    ("workflow_job", &[]),
    ("workflow_run", &[]),
];

/// Events that no stream takes: what is wrong with a repository, and who may do what in it, is for those who administer
/// it, and streams of public repositories are for everybody. Names as they follow the first dot of a type.
const WITHHELD: &[&str] = &[
    "code_scanning_alert",
    "custom_property_values",
    "dependabot_alert",
    "deploy_key",
    "member",
    "meta",
    "ping",
    "repo:secret_detected",
    "repository_advisory",
    "repository_ruleset",
    "repository_vulnerability_alert",
    "secret_scanning_alert",
    "secret_scanning_alert_location",
    "secret_scanning_scan",
    "security_advisory",
    "security_and_analysis",
    "team_add",
];
/// The canonical families that are withheld likewise.
const WITHHELD_FAMILIES: [&str; 2] = ["member", "secret"];
/// The canonical family that no repository has.
const OF_ACCOUNTS: &str = "organization";

/// Which events of a repository belong together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    name: String,
    /// Canonical types and families; with a family, all its types.
    own: Vec<String>,
}

impl Stream {
    /// The stream of that name: `all`, a family (`pull_request`), a canonical type (`pull_request.merged`), or a name
    /// known from elsewhere (`issues`). Names are case-sensitive. `None` for others.
    pub fn parse(name: &str) -> Option<Self> {
        let own: Vec<String> = if name == ALL {
            Vec::new()
        } else if let Some((_, own)) = KNOWN_ELSEWHERE.iter().find(|(known, _)| *known == name) {
            own.iter().map(|&kind| kind.to_owned()).collect()
        } else if is_own(name) {
            // What was published under the other name of the same type belongs here, too.
            let closed = (name == "pull_request.declined").then(|| "pull_request.closed".to_owned());
            closed.into_iter().chain([name.to_owned()]).collect()
        } else {
            return None;
        };
        Some(Self { name: name.to_owned(), own })
    }

    /// Its name, as in URLs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does it have events of this type? Passed-through ones (`github.push`, `bitbucket_cloud.repo:push`) are in the
    /// stream that is called like the part after the dot, up to the colon.
    pub fn takes(&self, kind: &str) -> bool {
        let (first, rest) = kind.split_once('.').unwrap_or((kind, ""));
        if WITHHELD_FAMILIES.contains(&first) || WITHHELD.contains(&rest) {
            return false;
        }
        let passed = rest.split(':').next().unwrap_or_default();
        self.name == ALL || passed == self.name || self.own.iter().any(|own| own == kind || own == first)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Is it a canonical type, or the family of one, that repositories have and streams take?
fn is_own(name: &str) -> bool {
    Happening::types().iter().any(|kind| {
        let family = kind.split('.').next().unwrap_or(kind);
        !WITHHELD_FAMILIES.contains(&family) && family != OF_ACCOUNTS && (name == kind || name == family)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream(name: &str) -> Stream {
        Stream::parse(name).unwrap_or_else(|| panic!("no stream {name}"))
    }

    #[test]
    fn families_types_and_names_from_elsewhere_are_streams() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("all", &["push", "issue.opened", "github.star", "acme.thing.done"], &[]),
            (
                "push",
                &["push", "github.push", "acme.push"],
                &["bitbucket_cloud.repo:push", "pushed.x", "github.pushed"],
            ),
            ("pull_request", &["pull_request.merged", "github.pull_request"], &["pull_request_comment.created"]),
            ("pull_request.merged", &["pull_request.merged"], &["pull_request.opened", "github.pull_request"]),
            ("pull_request.declined", &["pull_request.declined", "pull_request.closed"], &["pull_request.merged"]),
            ("issues", &["issue.opened", "github.issues"], &["issue_comment.created", "bitbucket_cloud.issue:created"]),
            ("issue", &["issue.updated", "bitbucket_cloud.issue:created"], &["github.issues"]),
            ("status", &["commit_status.created", "github.status"], &["commit_comment.created"]),
            ("fork", &["repository.forked", "github.fork"], &["repository.created"]),
            (
                "repo",
                &["push", "bitbucket_cloud.repo:push", "bitbucket_datacenter.repo:comment:added"],
                &["issue.opened"],
            ),
            ("pr", &["pull_request.opened", "bitbucket_datacenter.pr:comment:added"], &["push"]),
            ("pull_request_review", &["pull_request.approved", "github.pull_request_review"], &["pull_request.merged"]),
            ("workflow_run", &["github.workflow_run"], &["workflow_run", "github.workflow_job"]),
            ("build", &["build.finished"], &["push"]),
        ];
        for (name, inside, outside) in cases {
            let stream = stream(name);
            assert_eq!(stream.name(), *name);
            for kind in *inside {
                assert!(stream.takes(kind), "{name} lacks {kind}");
            }
            for kind in *outside {
                assert!(!stream.takes(kind), "{name} has {kind}");
            }
        }
    }

    #[test]
    fn other_names_are_no_streams() {
        for name in ["", "All", "PUSH", "pushes", "create", "delete", "ping", "github.push", "pull_request.exploded"] {
            assert_eq!(Stream::parse(name), None, "{name}");
        }
        for name in ["secret", "secret.detected", "organization", "organization.updated", "push.", ".push", "*"] {
            assert_eq!(Stream::parse(name), None, "{name}");
        }
    }

    #[test]
    fn what_only_administrators_should_read_is_in_no_stream() {
        let kinds = ["secret.detected", "github.secret_scanning_alert", "bitbucket_datacenter.repo:secret_detected"];
        for kind in kinds.into_iter().chain(["github.dependabot_alert", "github.member", "member.added"]) {
            assert!(!stream("all").takes(kind), "{kind}");
        }
        assert!(WITHHELD.iter().all(|name| Stream::parse(name).is_none()));
        assert!(!stream("repo").takes("bitbucket_datacenter.repo:secret_detected"));
    }

    #[test]
    fn every_other_canonical_type_is_in_its_own_stream_its_family_and_all() {
        let streams: Vec<_> = KNOWN_ELSEWHERE.iter().map(|(name, _)| stream(name)).collect();
        for kind in Happening::types() {
            let family = kind.split('.').next().expect("not empty");
            if matches!(family, "member" | "secret" | "organization") {
                continue;
            }
            for name in ["all", family, &kind] {
                assert!(stream(name).takes(&kind), "{name} lacks {kind}");
            }
            // An action called like a stream from elsewhere would be mistaken for a payload passed through.
            let action = kind.split_once('.').map_or("", |(_, action)| action);
            assert!(streams.iter().all(|stream| stream.name() != action), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn all_is_a_superset(name in "[a-z_.:]{0,16}", kind in "[a-z_]{0,8}(\\.[a-z_:]{0,12})?") {
            let takes = Stream::parse(&name).is_some_and(|stream| stream.takes(&kind));
            prop_assert!(!takes || stream("all").takes(&kind));
        }
    }
}
