//! Secrets at rest (contract delivery-and-security S-2): AES-256-GCM under a key that lives outside the database.
//!
//! A sealed value is `version | key id | nonce | ciphertext and tag`. The place it belongs to (table, column, row, owner)
//! is authenticated with it, so that a value copied to another row or column does not open.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use domain::ports::Entropy;
use domain::secret::Secret;

/// First byte of every sealed value.
const VERSION: u8 = 1;
/// Bytes of the key id that follow it.
const KEY_ID_LEN: usize = 4;
/// Where the ciphertext starts.
const HEAD_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// Keys by id. New values are sealed with the current one; old ones open with whichever they name.
#[derive(Clone)]
pub struct Keyring {
    current: u32,
    keys: Arc<BTreeMap<u32, LessSafeKey>>,
}

impl Keyring {
    /// A ring with one key, under the id 1.
    pub fn single(key: &[u8; 32]) -> Self {
        Self { current: 1, keys: Arc::new(usable(1, key).into_iter().collect()) }
    }

    /// A ring of several keys; `None` if `current` is not among them.
    pub fn new<'a>(current: u32, keys: impl IntoIterator<Item = (u32, &'a [u8; 32])>) -> Option<Self> {
        let keys: BTreeMap<_, _> = keys.into_iter().filter_map(|(id, key)| usable(id, key)).collect();
        keys.contains_key(&current).then(|| Self { current, keys: Arc::new(keys) })
    }
}

/// A key in working form. AES-256 takes every key of 32 bytes.
fn usable(id: u32, key: &[u8; 32]) -> Option<(u32, LessSafeKey)> {
    Some((id, LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?)))
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring(current {}, {} keys)", self.current, self.keys.len())
    }
}

/// Where a sealed value belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'a> {
    /// The table.
    pub(crate) table: &'a str,
    /// The column.
    pub(crate) column: &'a str,
    /// The row's id.
    pub(crate) row: i64,
    /// Whose it is: a repository or an account, told apart by the sign.
    pub(crate) owner: i64,
}

impl Spot<'_> {
    /// Lengths first, so that no two spots read the same.
    fn aad(&self) -> Vec<u8> {
        let mut aad = Vec::with_capacity(48);
        for text in [self.table, self.column] {
            aad.extend_from_slice(&(text.len() as u64).to_be_bytes());
            aad.extend_from_slice(text.as_bytes());
        }
        aad.extend_from_slice(&self.row.to_be_bytes());
        aad.extend_from_slice(&self.owner.to_be_bytes());
        aad
    }
}

/// Why a sealed value did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unopened {
    /// Too short, or of a version this server does not know.
    #[error("is no sealed value")]
    Foreign,
    /// Its key was removed, or the wrong key file is in use.
    #[error("was sealed with key {0}, which is not in the keyring")]
    NoKey(u32),
    /// Altered, moved from another row, or sealed with another key of the same id.
    #[error("does not open with its key")]
    Refused,
}

/// Seals and opens with a keyring.
#[derive(Clone)]
pub(crate) struct Vault {
    ring: Keyring,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    /// A vault that draws its nonces from `entropy`.
    pub(crate) fn new(ring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        Self { ring, entropy }
    }

    /// Seals `plain` for `spot`; `None` only if the keyring is unusable.
    pub(crate) fn seal(&self, spot: &Spot<'_>, plain: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        self.entropy.fill(&mut nonce);
        let key = self.ring.keys.get(&self.ring.current)?;
        let mut body = plain.as_bytes().to_vec();
        let aad = Aad::from(spot.aad());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body).ok()?;
        let mut sealed = Vec::with_capacity(HEAD_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.ring.current.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Some(sealed)
    }

    /// Opens what was sealed for `spot`. Any input is safe.
    pub(crate) fn open(&self, spot: &Spot<'_>, sealed: &[u8]) -> Result<Secret, Unopened> {
        let (head, body) = sealed.split_at_checked(HEAD_LEN).ok_or(Unopened::Foreign)?;
        let (version, rest) = head.split_first().ok_or(Unopened::Foreign)?;
        let (id, nonce) = rest.split_first_chunk::<KEY_ID_LEN>().ok_or(Unopened::Foreign)?;
        if *version != VERSION {
            return Err(Unopened::Foreign);
        }
        let id = u32::from_be_bytes(*id);
        let key = self.ring.keys.get(&id).ok_or(Unopened::NoKey(id))?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopened::Foreign)?;
        let mut body = body.to_vec();
        let plain = key.open_in_place(nonce, Aad::from(spot.aad()), &mut body).map_err(|_| Unopened::Refused)?;
        let text = std::str::from_utf8(plain).map_err(|_| Unopened::Refused)?;
        Ok(Secret::new(text))
    }
}

#[cfg(test)]
mod tests {
    use testkit::SeededEntropy;

    use super::*;

    const HERE: Spot<'_> = Spot { table: "hooks", column: "secret", row: 7, owner: 3 };

    fn vault(ring: Keyring) -> Vault {
        Vault::new(ring, Arc::new(SeededEntropy::new(5)))
    }

    #[test]
    fn s2_a_sealed_value_opens_only_where_it_belongs() {
        let vault = vault(Keyring::single(&[9; 32]));
        let sealed = vault.seal(&HERE, "hunter2").expect("seals");
        assert!(vault.open(&HERE, &sealed).expect("opens") == Secret::new("hunter2"));
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        for elsewhere in [
            Spot { table: "targets", ..HERE },
            Spot { column: "url", ..HERE },
            Spot { row: 8, ..HERE },
            Spot { owner: -3, ..HERE },
        ] {
            assert_eq!(vault.open(&elsewhere, &sealed).err(), Some(Unopened::Refused), "{elsewhere:?}");
        }
        assert_ne!(sealed, vault.seal(&HERE, "hunter2").expect("seals"), "each nonce is fresh");
    }

    #[test]
    fn s2_short_altered_and_foreign_input_is_refused_without_panic() {
        let vault = vault(Keyring::single(&[9; 32]));
        let sealed = vault.seal(&HERE, "hunter2").expect("seals");
        for length in 0..sealed.len() {
            assert!(vault.open(&HERE, &sealed[..length]).is_err(), "{length} bytes");
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 0x55;
            assert!(vault.open(&HERE, &altered).is_err(), "byte {at}");
        }
        assert_eq!(vault.open(&HERE, b"plain text, much longer than a head").err(), Some(Unopened::Foreign));
    }

    #[test]
    fn s2_old_keys_open_and_the_current_one_seals() {
        let old = vault(Keyring::single(&[1; 32]));
        let sealed = old.seal(&HERE, "hunter2").expect("seals");
        let both = vault(Keyring::new(2, [(1, &[1; 32]), (2, &[2; 32])]).expect("has its current key"));
        assert!(both.open(&HERE, &sealed).is_ok());
        let anew = both.seal(&HERE, "hunter2").expect("seals");
        assert_eq!(old.open(&HERE, &anew).err(), Some(Unopened::NoKey(2)));
        assert!(Keyring::new(3, [(1, &[1; 32])]).is_none());
    }
}
