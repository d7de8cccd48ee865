//! What an OAuth flow holds between its steps: codes, device codes, and the browser's session. All of it is stored
//! hashed, so that neither a restart nor a stolen database completes a flow.

use std::sync::Arc;
use std::time::Duration;

use crate::account::{Scopes, Token, TokenHash};
use crate::id::{AccountId, AppId, TokenId};
use crate::ports::NewToken;
use crate::time::Timestamp;

/// How long an authorization code waits to be redeemed (RFC 6749 section 4.1.2 allows ten minutes).
pub const CODE_LIFE: Duration = Duration::from_secs(600);
/// How long a device code lives.
pub const DEVICE_LIFE: Duration = Duration::from_secs(900);
/// How long a device waits between two polls; also what each poll that came too early adds (RFC 8628 section 3.5).
pub const DEVICE_INTERVAL: Duration = Duration::from_secs(5);
/// Most unanswered device codes of one application.
pub const MAX_WAITING_DEVICES: usize = 1_000;
/// How long codes are remembered after their end, so that a late replay or poll is told as one.
pub const GRANT_MEMORY: Duration = Duration::from_secs(86_400);
/// A session ends when it was not used for so long (contract delivery-and-security U-3).
pub const SESSION_IDLE: Duration = Duration::from_secs(12 * 3_600);
/// A session ends so long after it began (U-3).
pub const SESSION_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// What a user allowed, until the application fetches its token (RFC 6749 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// For which application.
    pub app: AppId,
    /// The user who allowed it.
    pub user: AccountId,
    /// What was allowed.
    pub scopes: Scopes,
    /// Where the user was sent back to.
    pub redirect_url: String,
    /// The PKCE challenge, by S256 (RFC 7636).
    pub challenge: Option<String>,
    /// When the token it gives must end: with the one the user signed in with.
    pub token_ends: Option<Timestamp>,
    /// From this moment on it is refused.
    pub expires_at: Timestamp,
}

/// A code to keep.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// The SHA-256 of its value.
    pub hash: TokenHash,
    /// What it stands for.
    pub code: Code,
    /// The token the user was signed in with: a code does not outlive it.
    pub signed_in_with: TokenId,
}

/// Why a code gives no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeRefusal {
    /// It was given to another application; to this one it does not exist.
    OfAnother,
    /// Too late.
    Expired,
    /// The redirect URL is not the one it was sent to.
    OtherRedirect,
    /// The PKCE verifier is missing, wrong, or not called for.
    BadVerifier,
}

/// Judges a redemption, inside the store's transaction; gives the token to make.
pub type CodeJudge = Box<dyn FnOnce(&Code) -> Result<NewToken, CodeRefusal> + Send>;

/// What became of a redemption. Whatever it was, the code is spent, unless it was [`CodeRefusal::OfAnother`].
#[derive(Clone, Debug)]
pub enum Redeemed {
    /// The token, stored.
    Token(Arc<Token>),
    /// There is no such code (any more).
    Unknown,
    /// The judge refused.
    Refused(CodeRefusal),
    /// It was spent before; the token it gave is revoked (RFC 6749 section 4.1.2).
    Replayed,
}

/// A user's answer on the device page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceAnswer {
    /// No.
    Denied,
    /// Yes.
    Approved {
        /// Who said so.
        user: AccountId,
        /// What was allowed.
        scopes: Scopes,
        /// The token the user was signed in with: the approval does not outlive it.
        signed_in_with: TokenId,
        /// When the token it gives must end: with that one.
        token_ends: Option<Timestamp>,
    },
}

/// A device that waits for a user (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// For which application.
    pub app: AppId,
    /// What it asks for.
    pub scopes: Scopes,
    /// What the user said.
    pub answer: Option<DeviceAnswer>,
    /// How long it must wait between polls.
    pub interval: Duration,
    /// When it last polled.
    pub polled_at: Option<Timestamp>,
    /// From this moment on it is refused.
    pub expires_at: Timestamp,
}

/// What a poll comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The user has not answered.
    Pending,
    /// Too early; the interval has grown to this.
    SlowDown(Duration),
    /// The device code has ended.
    Expired,
    /// The user said no.
    Denied,
    /// The user said yes.
    Approved {
        /// Who said so.
        user: AccountId,
        /// What was allowed.
        scopes: Scopes,
        /// When the token it gives must end.
        token_ends: Option<Timestamp>,
    },
}

impl Device {
    /// The verdict on a poll at `now`, and the device after it. An end or an answer counts before impatience.
    #[must_use]
    pub fn poll(self, now: Timestamp) -> (Self, Poll) {
        let early = self.polled_at.is_some_and(|last| now < last.plus(self.interval));
        let interval = if early { self.interval + DEVICE_INTERVAL } else { self.interval };
        let verdict = match &self.answer {
            _ if self.expires_at <= now => Poll::Expired,
            Some(DeviceAnswer::Denied) => Poll::Denied,
            Some(DeviceAnswer::Approved { token_ends: Some(end), .. }) if *end <= now => Poll::Expired,
            Some(DeviceAnswer::Approved { user, scopes, token_ends, .. }) => {
                Poll::Approved { user: *user, scopes: *scopes, token_ends: *token_ends }
            }
            None if early => Poll::SlowDown(interval),
            None => Poll::Pending,
        };
        (Self { interval, polled_at: Some(now), ..self }, verdict)
    }
}

/// A device code to keep.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// The SHA-256 of the device code.
    pub hash: TokenHash,
    /// The SHA-256 of the user code.
    pub user_code: TokenHash,
    /// See [`Device::app`].
    pub app: AppId,
    /// See [`Device::scopes`].
    pub scopes: Scopes,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// What became of a poll.
#[derive(Clone, Debug)]
pub enum Polled {
    /// There is no such device code of this application (any more).
    Unknown,
    /// No token (yet), for this reason; never [`Poll::Approved`].
    Waiting(Poll),
    /// The token, stored; the device code is spent.
    Token(Arc<Token>),
}

/// A browser that signed in with a token, and can do no more than that token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who signed in.
    pub user: AccountId,
    /// With which token.
    pub token: TokenId,
    /// What that token may do.
    pub scopes: Scopes,
    /// When that token ends.
    pub expires_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last used, exact to some minutes.
    pub seen_at: Timestamp,
}

impl Session {
    /// Does it still hold (U-3)?
    pub fn is_live(&self, now: Timestamp) -> bool {
        let token_holds = self.expires_at.is_none_or(|end| now < end);
        token_holds && now < self.seen_at.plus(SESSION_IDLE) && now < self.started_at.plus(SESSION_LIFE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn a_device() -> Device {
        Device {
            app: AppId(1),
            scopes: Scopes::default(),
            answer: None,
            interval: DEVICE_INTERVAL,
            polled_at: None,
            expires_at: NOW.plus(DEVICE_LIFE),
        }
    }

    #[test]
    fn rfc8628_each_early_poll_adds_five_seconds_for_good() {
        let (device, verdict) = a_device().poll(NOW);
        assert_eq!(verdict, Poll::Pending);
        let (device, verdict) = device.poll(after(4));
        assert_eq!(verdict, Poll::SlowDown(Duration::from_secs(10)));
        let (device, verdict) = device.poll(after(13));
        assert_eq!(verdict, Poll::SlowDown(Duration::from_secs(15)));
        let (_, verdict) = device.poll(after(28));
        assert_eq!(verdict, Poll::Pending);
    }

    #[test]
    fn rfc8628_an_answer_counts_until_the_code_ends() {
        let denied = Device { answer: Some(DeviceAnswer::Denied), ..a_device() };
        assert_eq!(denied.clone().poll(after(899)).1, Poll::Denied);
        assert_eq!(denied.poll(after(900)).1, Poll::Expired);
        let (user, scopes, token_ends) = (AccountId(1), Scopes::default(), Some(after(60)));
        let answer = Some(DeviceAnswer::Approved { user, scopes, signed_in_with: TokenId(1), token_ends });
        let approved = Device { answer, ..a_device() };
        assert_eq!(approved.clone().poll(after(59)).1, Poll::Approved { user, scopes, token_ends });
        assert_eq!(approved.poll(after(60)).1, Poll::Expired, "the user's own token has ended");
    }

    #[test]
    fn u3_a_session_ends_idle_or_old_or_with_its_token() {
        let session = Session {
            user: AccountId(1),
            token: TokenId(1),
            scopes: Scopes::default(),
            expires_at: None,
            started_at: NOW,
            seen_at: NOW,
        };
        assert!(session.is_live(after(12 * 3_600 - 1)) && !session.is_live(after(12 * 3_600)));
        let busy = Session { seen_at: after(7 * 86_400 - 1), ..session.clone() };
        assert!(busy.is_live(after(7 * 86_400 - 1)) && !busy.is_live(after(7 * 86_400)));
        assert!(!Session { expires_at: Some(NOW), ..session }.is_live(NOW));
    }
}
