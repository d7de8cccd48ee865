//! Rows for what publishers name and nobody registered here: id 0, and a uid that the name alone decides.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use domain::account::{Account, AccountKind, Repository};
use domain::canonical::{Actor, RepositoryName};
use domain::directory::{Directory, Located};
use domain::id::{AccountId, RepositoryId, Uid};
use domain::time::Timestamp;
use uuid::Uuid;

/// The owner of uids made from names alone; any constant would do.
const NOBODY: Uid = Uid(Uuid::from_u128(0x5f1c_6a0e_8d1b_4c57_9a3e_70c4_5b92_e6d1));

/// A user of that login.
pub(crate) fn account(login: &str, at: Timestamp) -> Account {
    Account {
        id: AccountId(0),
        uid: derived_uid(NOBODY, &login.to_ascii_lowercase()),
        kind: AccountKind::User,
        login: login.to_owned(),
        name: None,
        email: None,
        description: None,
        project_key: None,
        site_admin: false,
        created_at: at,
        updated_at: at,
    }
}

/// A user for someone without an account.
pub(crate) fn person(actor: &Actor, at: Timestamp) -> Account {
    Account { name: actor.name.clone(), email: actor.email.clone(), ..account(name_of(actor), at) }
}

/// The best name there is for someone without an account.
pub(crate) fn name_of(actor: &Actor) -> &str {
    let local_part = || actor.email.as_deref().and_then(|email| email.split('@').next());
    let name = actor.login.as_deref().or(actor.name.as_deref()).or_else(local_part);
    name.filter(|name| !name.is_empty()).unwrap_or("unknown")
}

/// A public repository of that name; its owner is looked up.
pub(crate) fn repository(name: &RepositoryName, directory: &Directory, at: Timestamp) -> Located {
    let owner = directory.account(&name.owner).unwrap_or_else(|| Arc::new(account(&name.owner, at)));
    let repository = Repository {
        id: RepositoryId(0),
        uid: derived_uid(owner.uid, &name.name.to_ascii_lowercase()),
        owner: owner.id,
        name: name.name.clone(),
        description: None,
        homepage: None,
        default_branch: "main".to_owned(),
        private: false,
        archived: false,
        fork_of: None,
        created_at: at,
        updated_at: at,
        pushed_at: None,
    };
    Located { repository: Arc::new(repository), owner }
}

/// A uid for what has no row, from that of its owner and a name: always the same, and no other's (a UUID of version 5).
pub(crate) fn derived_uid(owner: Uid, name: &str) -> Uid {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(owner.0.as_bytes());
    digest.update(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finish().as_ref()[..16]);
    Uid(uuid::Builder::from_sha1_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9562, appendix A.4.
    #[test]
    fn derived_uids_are_version_5_uuids() {
        let dns = Uid(Uuid::from_u128(0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8));
        assert_eq!(derived_uid(dns, "www.example.com").to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }

    #[test]
    fn the_same_name_is_the_same_stranger() {
        let at = Timestamp::from_micros(0);
        let by_mail = Actor { email: Some("zoe@elsewhere.test".to_owned()), ..Actor::default() };
        assert_eq!(person(&by_mail, at).uid, account("Zoe", at).uid);
        assert_ne!(account("zoe", at).uid, account("kim", at).uid);
        assert_eq!(person(&Actor::default(), at).login, "unknown");
    }
}
