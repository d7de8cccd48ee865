//! `X-Hub-Signature` (contract websub section 9).

use crate::hmac;

/// The HMAC's hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// All that PubSubHubbub 0.3 and 0.4 know.
    Sha1,
    /// The default.
    #[default]
    Sha256,
    /// `sha384`
    Sha384,
    /// `sha512`
    Sha512,
}

impl Method {
    /// Every method, by the name on the wire.
    pub const ALL: [(&'static str, Self); 4] =
        [("sha1", Self::Sha1), ("sha256", Self::Sha256), ("sha384", Self::Sha384), ("sha512", Self::Sha512)];

    /// Their names.
    pub(crate) const NAMES: [&'static str; 4] = [Self::ALL[0].0, Self::ALL[1].0, Self::ALL[2].0, Self::ALL[3].0];

    /// The method of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
    }

    /// `method=hex` over the exact body.
    pub(crate) fn sign(self, secret: &str, body: &[u8]) -> String {
        match self {
            Self::Sha1 => hmac::sha1_hex("sha1=", secret, body),
            Self::Sha256 => hmac::sha256_hex("sha256=", secret, body),
            Self::Sha384 => hmac::sha384_hex("sha384=", secret, body),
            Self::Sha512 => hmac::sha512_hex("sha512=", secret, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_18_signatures_agree_with_the_vectors_of_section_9() {
        let long = "a".repeat(199);
        let cases = [
            ("topsecret", "<feed/>", "sha1=fc62b8fbe6e9efc3bc17c923c9a3b4092dc86c4c"),
            ("topsecret", "<feed/>", "sha256=272128f7fcacee73ce6e776e88b2838d57373ef0645d01e900d6aeb9aeefda1d"),
            (
                "topsecret",
                "<feed/>",
                "sha384=d2230f09b4ff47b24a8026c2774a1a13b4bd6170b346dbb698972c2b01e305234c31d57ebed4c20f0b1d5cfc7823be11",
            ),
            (
                "topsecret",
                "<feed/>",
                "sha512=4975a47cfd2f5cb66aafea6ce27eb60b40fa8f4b6e4953fd35fbd68b31095d498737a37ae569581ed7fcaea33a88dbfe9625c38f52f470ac4a054811dcbe504e",
            ),
            (&long, "{\"a\":1}", "sha256=28c24ab05a59c470ee944d7eb849b1e63c648871a6205e439e4c34f37ec98234"),
            ("päss", "", "sha256=d4520184605bea6ec96fb966cbe797e2cad901b1482ee863adb726f0cacc825f"),
        ];
        for (secret, body, expected) in cases {
            let (name, _) = expected.split_once('=').expect("a method");
            assert_eq!(Method::named(name).expect("known").sign(secret, body.as_bytes()), expected);
        }
        assert_eq!(Method::named("md5"), None);
    }
}
