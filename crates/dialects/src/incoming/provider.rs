//! The senders of requests, by the word in the URL.

use super::providers::{
    assembla, bitbucket_server, bitbucket_v2, deveo, github, gitlab, gogs, passthrough, slack, visualstudio,
};
use super::reading::Reading;
use super::request::Request;

/// Longest id of a delivery that is remembered, in bytes; hosts use UUIDs.
const MAX_DELIVERY_ID: usize = 128;
/// Longest name of an event that is kept, in bytes.
const MAX_EVENT: usize = 64;

/// A sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookProvider {
    /// GitHub, and GitHub Enterprise.
    GitHub,
    /// Bitbucket Cloud.
    BitbucketV2,
    /// Bitbucket Server and Data Center.
    BitbucketServer,
    /// Slack.
    Slack,
    /// Azure DevOps.
    VisualStudio,
    /// GitLab.
    GitLab,
    /// Gogs, Gitea and Forgejo.
    Gogs,
    /// Deveo.
    Deveo,
    /// Assembla.
    Assembla,
    /// Whatever can send a request.
    Passthrough,
}

impl HookProvider {
    /// All of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::GitHub,
        Self::BitbucketV2,
        Self::BitbucketServer,
        Self::Slack,
        Self::VisualStudio,
        Self::GitLab,
        Self::Gogs,
        Self::Deveo,
        Self::Assembla,
        Self::Passthrough,
    ];

    /// The word in the URL.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::BitbucketV2 => "bitbucket-v2",
            Self::BitbucketServer => "bitbucket-server",
            Self::Slack => "slack",
            Self::VisualStudio => "visualstudio",
            Self::GitLab => "gitlab",
            Self::Gogs => "gogs",
            Self::Deveo => "deveo",
            Self::Assembla => "assembla",
            Self::Passthrough => "passthrough",
        }
    }

    /// The one of that word.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }

    /// What a request asks for.
    pub(crate) fn read(self, request: &Request<'_>) -> Reading {
        match self {
            Self::GitHub => github::read(request),
            Self::BitbucketV2 => bitbucket_v2::read(request),
            Self::BitbucketServer => bitbucket_server::read(request),
            Self::Slack => slack::read(request),
            Self::VisualStudio => visualstudio::read(request),
            Self::GitLab => gitlab::read(request),
            Self::Gogs => gogs::read(request),
            Self::Deveo => deveo::read(request),
            Self::Assembla => assembla::read(request),
            Self::Passthrough => passthrough::read(request),
        }
    }

    /// A repository on Bitbucket whose privacy must be asked for before the request can be read well.
    pub(crate) fn fork_of(self, request: &Request<'_>) -> Option<String> {
        (self == Self::BitbucketV2).then(|| bitbucket_v2::fork_of(request))?
    }

    /// The host's own id of a delivery: the same for all tries of one, and for no other.
    ///
    /// GitLab's `X-Gitlab-Event-UUID` is none: all hooks that one of its hooks sets off carry the same. Its
    /// `Idempotency-Key` stays the same over retries; older versions have only `X-Gitlab-Webhook-UUID`, which is fresh
    /// each time and so finds no repetition, but does no harm.
    pub(crate) fn delivery_id(self, request: &Request<'_>) -> Option<String> {
        let header = |name| request.header(name).map(str::to_owned);
        let id = match self {
            Self::GitHub => header("x-github-delivery"),
            Self::GitLab => header("idempotency-key").or_else(|| header("x-gitlab-webhook-uuid")),
            Self::BitbucketV2 => header("x-request-uuid"),
            Self::BitbucketServer => header("x-request-id"),
            Self::Gogs => header("x-gogs-delivery").or_else(|| header("x-gitea-delivery")),
            Self::VisualStudio => request.json::<visualstudio::Head>().ok().and_then(|head| head.delivery_id()),
            Self::Slack | Self::Deveo | Self::Assembla | Self::Passthrough => None,
        };
        id.filter(|id| id.len() <= MAX_DELIVERY_ID && id.bytes().all(|byte| byte.is_ascii_graphic()))
    }

    /// The host's name of the event.
    pub(crate) fn event(self, request: &Request<'_>) -> Option<String> {
        let header = |name| request.header(name).map(str::to_owned);
        let event = match self {
            Self::GitHub => header(github::EVENT),
            Self::GitLab => header(gitlab::EVENT),
            Self::BitbucketV2 => header(bitbucket_v2::EVENT),
            Self::BitbucketServer => header(bitbucket_server::EVENT),
            Self::Gogs => header(gogs::EVENT),
            Self::Deveo => header(deveo::EVENT),
            Self::VisualStudio => {
                request.json::<visualstudio::Head>().ok().map(|head| head.event_type.0).filter(|kind| !kind.is_empty())
            }
            Self::Assembla => assembla::event(request),
            Self::Slack => request.field("trigger_word").or_else(|| request.field("command")),
            Self::Passthrough => None,
        };
        event.map(|mut event| {
            event.truncate(event.floor_char_boundary(MAX_EVENT));
            event
        })
    }
}
