//! The data directory: the keys that encrypt secrets, and the first admin token (S-2, U-5).

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use domain::account::{AccountKind, Scopes, TokenHash, mint_token};
use domain::flow::Ports;
use domain::id::Uid;
use domain::ports::{Entropy, NewAccount, NewToken};
use store::Keyring;

/// File with the keys: one line each, `ID HEX`; the last one is current.
const KEYS: &str = "keys";
/// File with the first admin token.
const ADMIN_TOKEN: &str = "admin.token";
/// Login of the first user.
const ADMIN: &str = "admin";

/// Creates the directory if need be, for this user alone.
pub(crate) fn prepare(folder: &Path) -> anyhow::Result<()> {
    let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    created.with_context(|| format!("cannot create the data directory {}", folder.display()))
}

/// Reads the keys, or makes the first one.
pub(crate) fn keyring(folder: &Path, entropy: &dyn Entropy) -> anyhow::Result<Keyring> {
    let path = folder.join(KEYS);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let mode = fs::metadata(&path)?.permissions().mode();
            ensure!(mode.trailing_zeros() >= 6, "{} can be read by others: chmod 600 it", path.display());
            parse_keys(&text).with_context(|| format!("{} is not a key file", path.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut key = [0; 32];
            entropy.fill(&mut key);
            let hex = key.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            write_private(&path, &format!("1 {hex}\n"))?;
            tracing::warn!(
                "made the key that encrypts secrets: {}; back it up apart from the database",
                path.display()
            );
            Ok(Keyring::single(&key))
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn parse_keys(text: &str) -> anyhow::Result<Keyring> {
    let mut keys = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (id, hex) = line.trim().split_once(' ').context("a line is not `ID HEX`")?;
        let hex = hex.trim();
        ensure!(hex.len() == 64 && hex.is_ascii(), "a key does not have 64 hex digits");
        let mut key = [0; 32];
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).context("a key is not hex")?;
        }
        keys.push((id.parse::<u32>().context("a key id is not a number")?, key));
    }
    let Some((current, _)) = keys.last() else { bail!("there is no key") };
    Keyring::new(*current, keys.iter().map(|(id, key)| (*id, key))).context("the current key is not usable")
}

/// Creates the first user and writes their token to `admin.token`, unless some user exists. Returns whether it did.
pub(crate) async fn first_admin(folder: &Path, ports: &Ports) -> anyhow::Result<bool> {
    if !ports.directory().accounts(AccountKind::User).is_empty() {
        return Ok(false);
    }
    let now = ports.clock.now();
    let admin = NewAccount {
        uid: Uid::new(now, &*ports.entropy),
        kind: AccountKind::User,
        login: ADMIN.to_owned(),
        name: None,
        email: None,
        description: None,
        project_key: None,
        site_admin: true,
        owner: None,
        created_at: now,
    };
    let admin = ports.store.create_account(admin).await?;
    let token = mint_token(&*ports.entropy);
    // The file comes first: a token in the database that nobody has would lock everybody out.
    write_private(&folder.join(ADMIN_TOKEN), &format!("{}\n", token.expose()))?;
    let row = NewToken {
        hash: TokenHash::of(token.expose()),
        user: admin.id,
        app: None,
        scopes: Scopes::all(),
        note: Some("made at the first start".to_owned()),
        created_at: now,
        expires_at: None,
    };
    ports.store.create_token(row).await?;
    Ok(true)
}

/// Writes a file that only this user can read, synced.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::SystemEntropy;

    #[test]
    fn s2_the_key_file_is_private_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        keyring(folder.path(), &SystemEntropy).expect("makes a key");
        let path = folder.path().join(KEYS);
        assert_eq!(fs::metadata(&path).expect("exists").permissions().mode() & 0o777, 0o600);
        keyring(folder.path(), &SystemEntropy).expect("reads it back");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(keyring(folder.path(), &SystemEntropy).is_err(), "refused when others can read it");
    }

    #[test]
    fn s2_a_broken_key_file_is_an_error_and_never_a_new_key() {
        for text in ["", "1", "1 abc", "x 00", "1 zz00000000000000000000000000000000000000000000000000000000000000"] {
            assert!(parse_keys(text).is_err(), "{text:?}");
        }
    }
}
