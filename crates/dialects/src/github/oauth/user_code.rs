//! User codes of the device flow: short enough to type, hard enough to guess (RFC 8628 section 6.1).

use domain::account::TokenHash;
use domain::ports::Entropy;

/// Consonants that cannot be mistaken for each other or a digit, and spell no words. Twenty, so eight of them are 34 bits.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a code, the dash aside.
const LETTERS: usize = 8;

/// A fresh code: `WDJB-MJHT`.
pub(super) fn mint(entropy: &dyn Entropy) -> String {
    let mut code = String::with_capacity(LETTERS + 1);
    let mut random = [0; 16];
    while code.len() <= LETTERS {
        entropy.fill(&mut random);
        // From 240 on, some letters would come up more often than others.
        for byte in random.into_iter().filter(|byte| *byte < 240) {
            if code.len() == LETTERS / 2 {
                code.push('-');
            }
            if code.len() <= LETTERS {
                code.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
    }
    code
}

/// The hash a typed code is found by: case, blanks and dashes do not count. `None` if it cannot be a code.
pub(super) fn hash(typed: &str) -> Option<TokenHash> {
    let letters: String = typed.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
    let plain = letters.len() == LETTERS && letters.bytes().all(|letter| ALPHABET.contains(&letter));
    plain.then(|| TokenHash::of(&letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8628_codes_are_four_and_four_unambiguous_letters() {
        let entropy = testkit::SeededEntropy::new(1);
        let codes: std::collections::HashSet<_> = (0..1_000).map(|_| mint(&entropy)).collect();
        assert_eq!(codes.len(), 1_000);
        for code in codes {
            let (left, right) = code.split_once('-').expect("a dash");
            assert!(left.len() == 4 && right.len() == 4 && hash(&code).is_some(), "{code}");
            assert!(!code.contains(['A', 'E', 'I', 'O', 'U', 'Y', '0', '1']), "{code}");
        }
    }

    #[test]
    fn rfc8628_people_type_as_they_like() {
        let hashes = ["WDJB-MJHT", "wdjbmjht", " wdjb mjht "].map(|typed| hash(typed).expect("a code"));
        assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]));
        for bad in ["", "WDJB-MJH", "WDJB-MJHTX", "WDJB-MJH1", "WDJB-MJH\u{c9}", &"B".repeat(10_000)] {
            assert_eq!(hash(bad), None, "{bad}");
        }
    }
}
