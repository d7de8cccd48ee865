//! The integers that stand for enumerations in the database. Released numbers never change.

use domain::account::{AccountKind, OrgRole, Permission};
use domain::attempt::Outcome;
use domain::ci::{Stage, TriggerKind, Verdict};
use domain::delivery::{DeliveryState, Reason};
use domain::hook::BodyFormat;

/// An enumeration stored as a small integer.
pub(crate) trait Coded: Copy + Sized {
    /// Its integer.
    fn code(self) -> i64;
    /// The value of that integer.
    fn of_code(code: i64) -> Option<Self>;
}

macro_rules! codes {
    ($($kind:ident { $($variant:ident = $code:literal),+ $(,)? })+) => {$(
        impl Coded for $kind {
            fn code(self) -> i64 {
                match self { $(Self::$variant => $code),+ }
            }
            fn of_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

codes! {
    AccountKind { User = 0, Organization = 1 }
    OrgRole { Member = 0, Owner = 1 }
    Permission { Read = 0, Write = 1, Admin = 2 }
    BodyFormat { Json = 0, Form = 1 }
    Stage { Queued = 0, Running = 1, Ended = 2 }
    TriggerKind { Push = 0, PullRequest = 1, Tag = 2 }
    Verdict { Verified = 0, Authenticated = 1, Failed = 2, Unattempted = 3 }
    DeliveryState { Open = 0, Succeeded = 1, Failed = 2, Cancelled = 3, Expired = 4, Quarantined = 5, Skipped = 6 }
    Reason { HookDeleted = 0, HookInactive = 1, Gone = 2, TooOld = 3, Poison = 4, Oversize = 5,
        BreakerOpen = 6, InFlight = 7, LeaseEnded = 8, Superseded = 9 }
    Outcome {
        Answered = 0, TimedOut = 1, NameFailed = 2, ConnectFailed = 3, TlsFailed = 4, Broken = 5, Refused = 6,
        InternalError = 7,
    }
}

/// Bits of `attempts.flags`.
pub(crate) mod flag {
    /// Asked for by a person.
    pub(crate) const REDELIVERY: i64 = 1;
    /// A crash may have swallowed an earlier record (P7).
    pub(crate) const RECOVERED: i64 = 2;
    /// Settled after its lease had lapsed (D-12).
    pub(crate) const LATE: i64 = 4;
}
