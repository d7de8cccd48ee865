//! What can be set about this dialect; the defaults are the contract's.

use domain::hook::HookScope;

/// Settings of the Cloud surface and dialect.
#[derive(Clone, Debug)]
pub struct BitbucketCloudSettings {
    /// Hooks one repository may have (section 1.2).
    pub max_hooks_per_repository: usize,
    /// Hooks one workspace may have (section 1.2).
    pub max_hooks_per_workspace: usize,
    /// Do not deliver payloads over 256 KB, as the vendor; they end as `skipped(oversize)` (section 2).
    pub strict_payload_limit: bool,
    /// Write `X-Hook-UUID` with braces. Receivers that compare it want it without (section 2).
    pub braces_in_hook_uuid: bool,
}

impl BitbucketCloudSettings {
    /// How many hooks what they listen to may have (section 1.2).
    pub(crate) fn max_hooks(&self, scope: HookScope) -> usize {
        match scope {
            HookScope::Repository(_) => self.max_hooks_per_repository,
            HookScope::Account(_) => self.max_hooks_per_workspace,
            // Hooks of topics and apps are not made here.
            HookScope::Topic(_) | HookScope::App(_) => 0,
        }
    }
}

impl Default for BitbucketCloudSettings {
    fn default() -> Self {
        Self {
            max_hooks_per_repository: 50,
            max_hooks_per_workspace: 50,
            strict_payload_limit: false,
            braces_in_hook_uuid: false,
        }
    }
}
