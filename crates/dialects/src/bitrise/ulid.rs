//! ULIDs: 128 bits as 26 letters of Crockford's base 32, in upper case (contract bitrise section 2).

use domain::id::{AttemptId, Uid};
use uuid::Uuid;

/// Crockford's alphabet: no I, L, O and U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a ULID. The first has three bits, each of the others five.
const LENGTH: usize = 26;
/// Bits that a ULID has after its milliseconds.
const RANDOM_BITS: u32 = 80;
/// Bits of an attempt's id below its milliseconds.
const BELOW_MILLIS: u32 = 12;
/// Milliseconds since 1970 at which the milliseconds of attempt ids count 0: 2025-01-01T00:00:00Z.
const EPOCH_MILLIS: u128 = 1_735_689_600_000;

/// A UUID as a ULID: the same bits, and so the same order.
pub(crate) fn of_uid(uid: Uid) -> String {
    write(uid.0.as_u128())
}

/// Reads a ULID, in any case, as a UUID.
pub(crate) fn to_uid(text: &str) -> Option<Uid> {
    read(text).map(|bits| Uid(Uuid::from_u128(bits)))
}

/// An attempt's id as a ULID: its time where ULIDs have theirs, then what else it has. Ids and ULIDs have the same order.
pub(crate) fn of_attempt(id: AttemptId) -> String {
    let id = u128::try_from(id.0).unwrap_or(0);
    write((((id >> BELOW_MILLIS) + EPOCH_MILLIS) << RANDOM_BITS) | (id & ((1 << BELOW_MILLIS) - 1)))
}

/// The attempt whose id became this ULID; `None` if no id becomes it.
pub(crate) fn to_attempt(text: &str) -> Option<AttemptId> {
    let bits = read(text)?;
    let millis = (bits >> RANDOM_BITS).checked_sub(EPOCH_MILLIS)?;
    let rest = bits & ((1 << RANDOM_BITS) - 1);
    if rest >> BELOW_MILLIS != 0 {
        return None;
    }
    i64::try_from((millis << BELOW_MILLIS) | rest).ok().map(AttemptId)
}

fn write(bits: u128) -> String {
    let digit = |at: usize| DIGITS[usize::from((bits >> (5 * (LENGTH - 1 - at))).to_le_bytes()[0] & 31)];
    (0..LENGTH).map(|at| char::from(digit(at))).collect()
}

fn read(text: &str) -> Option<u128> {
    if text.len() != LENGTH || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0_u128, |bits, letter| {
        let digit = DIGITS.iter().position(|digit| *digit == letter.to_ascii_uppercase())?;
        Some((bits << 5) | digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uid(text: &str) -> Uid {
        Uid(Uuid::try_parse(text).expect("a UUID"))
    }

    #[test]
    fn the_vendor_s_example_is_read_and_written_back() {
        let example = "01D72ARNH4KR7KMW3DG3NBKXRK";
        let read = to_uid(example).expect("a ULID");
        assert_eq!(read, uid("0169c4ac-5624-9e0f-3a70-6d80eab9f713"));
        assert_eq!(of_uid(read), example);
        assert_eq!(to_uid(&example.to_lowercase()), Some(read));
    }

    #[test]
    fn the_ends_of_the_range_have_their_known_forms() {
        assert_eq!(of_uid(Uid(Uuid::nil())), "0".repeat(26));
        assert_eq!(of_uid(Uid(Uuid::max())), format!("7{}", "Z".repeat(25)));
        assert_eq!(of_attempt(AttemptId(0)), "01JGFJJZ000000000000000000");
    }

    #[test]
    fn what_is_no_ulid_is_refused() {
        let long = format!("8{}", "0".repeat(25));
        let foreign = format!("0{}", "U".repeat(25));
        for bad in [
            "",
            "01D72ARNH4KR7KMW3DG3NBKXR",
            "01D72ARNH4KR7KMW3DG3NBKXRKK",
            &long,
            &foreign,
            "ä1D72ARNH4KR7KMW3DG3NBKXR",
        ] {
            assert_eq!(to_uid(bad), None, "{bad}");
        }
        assert_eq!(to_attempt("01D72ARNH4KR7KMW3DG3NBKXRK"), None, "a webhook's slug is no attempt's");
        assert_eq!(to_attempt("00000000000000000000000001"), None, "older than all attempts");
    }

    proptest! {
        #[test]
        fn every_id_comes_back_and_order_is_kept(bits: u128, other: u128, id in 0..1_i64 << 58, later in 0..1_i64 << 58) {
            let (bits, other) = (Uid(Uuid::from_u128(bits)), Uid(Uuid::from_u128(other)));
            prop_assert_eq!(to_uid(&of_uid(bits)), Some(bits));
            prop_assert_eq!(of_uid(bits).cmp(&of_uid(other)), bits.cmp(&other));
            prop_assert_eq!(to_attempt(&of_attempt(AttemptId(id))), Some(AttemptId(id)));
            prop_assert_eq!(of_attempt(AttemptId(id)).cmp(&of_attempt(AttemptId(later))), id.cmp(&later));
        }
    }
}
