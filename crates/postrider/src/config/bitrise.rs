//! `[bitrise]`.

use dialects::{BitriseSettings, CreateEnvelope};
use serde::{Deserialize, Serialize};

/// The Bitrise surface (contract bitrise section 3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BitriseConfig {
    /// `both`, `bare` or `data`: how the answer to a new outgoing webhook is wrapped.
    pub create_envelope: EnvelopeConfig,
}

/// How an answer is wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EnvelopeConfig {
    /// The webhook, and a copy of it below `data`.
    #[default]
    Both,
    /// The webhook alone.
    Bare,
    /// The webhook below `data`, with status 200.
    Data,
}

impl BitriseConfig {
    /// What the surface is told.
    pub(crate) fn settings(&self) -> BitriseSettings {
        let create_envelope = match self.create_envelope {
            EnvelopeConfig::Both => CreateEnvelope::Both,
            EnvelopeConfig::Bare => CreateEnvelope::Bare,
            EnvelopeConfig::Data => CreateEnvelope::Data,
        };
        BitriseSettings { create_envelope }
    }
}
