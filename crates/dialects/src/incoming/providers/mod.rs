//! One file per sender of requests: which of its requests count, and what they say (contract bitrise sections 6.1, 6.2).

pub(super) mod assembla;
pub(super) mod bitbucket_server;
pub(super) mod bitbucket_v2;
pub(super) mod deveo;
pub(super) mod github;
pub(super) mod gitlab;
pub(super) mod gogs;
pub(super) mod passthrough;
pub(super) mod slack;
pub(super) mod visualstudio;
