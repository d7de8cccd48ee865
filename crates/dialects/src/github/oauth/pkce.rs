//! Proof Key for Code Exchange (RFC 7636), by S256 alone.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::secret::constant_time_eq;

/// The one method; `plain` would show the verifier to whoever sees the request.
pub(super) const METHOD: &str = "S256";

/// Can it be a challenge: 32 bytes in base64url without padding?
pub(super) fn is_challenge(text: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Does the verifier belong to the challenge? Without a challenge there must be no verifier either: whoever sends one
/// believes to be protected, and is not (RFC 9700 section 2.1.1, PKCE downgrade).
pub(super) fn is_proven(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            let digest = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
            is_verifier(verifier) && constant_time_eq(digest.as_bytes(), challenge.as_bytes())
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// 43 to 128 unreserved characters (RFC 7636 section 4.1).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 7636.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn rfc7636_the_published_vector_proves_itself() {
        assert!(is_challenge(CHALLENGE));
        assert!(is_proven(Some(CHALLENGE), Some(VERIFIER)));
    }

    #[test]
    fn rfc7636_anything_else_proves_nothing() {
        assert!(!is_proven(Some(CHALLENGE), Some(CHALLENGE)), "that would be `plain`");
        assert!(!is_proven(Some(CHALLENGE), Some(&VERIFIER.to_uppercase())));
        assert!(!is_proven(Some(CHALLENGE), Some("")));
        for bad in ["", "short", &format!("{CHALLENGE}="), &"a".repeat(44), &"=".repeat(43)] {
            assert!(!is_challenge(bad), "{bad}");
        }
        let short = "a".repeat(42);
        let of_short = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, short.as_bytes()));
        assert!(!is_proven(Some(&of_short), Some(&short)), "a verifier has at least 43 characters");
    }

    #[test]
    fn rfc9700_challenge_and_verifier_come_together_or_not_at_all() {
        assert!(is_proven(None, None));
        assert!(!is_proven(Some(CHALLENGE), None));
        assert!(!is_proven(None, Some(VERIFIER)));
    }
}
