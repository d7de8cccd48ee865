//! What can be set about this surface; the defaults are the contract's.

/// Settings of the Bitrise surface and dialect.
#[derive(Clone, Debug, Default)]
pub struct BitriseSettings {
    /// How the answer to a new outgoing webhook is wrapped (section 3, "create conflict").
    pub create_envelope: CreateEnvelope,
}

/// How the answer to a new outgoing webhook is wrapped: the vendor's own sources disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CreateEnvelope {
    /// 201, the webhook itself with another copy of it below `data`: every reader finds what it looks for.
    #[default]
    Both,
    /// 201, the webhook itself: the guide's example.
    Bare,
    /// 200, the webhook below `data` alone: the API description.
    Data,
}
