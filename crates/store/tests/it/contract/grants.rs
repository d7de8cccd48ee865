//! Codes, devices and sessions of OAuth flows.

use std::time::Duration;

use domain::account::{Scopes, TokenHash};
use domain::grant::{
    CODE_LIFE, Code, CodeJudge, CodeRefusal, DEVICE_LIFE, DeviceAnswer, GRANT_MEMORY, MAX_WAITING_DEVICES, NewCode,
    NewDevice, Poll, Polled, Redeemed,
};
use domain::id::{AccountId, AppId, TokenId};
use domain::ports::{NewToken, StoreError};
use testkit::{a_token, a_token_of, an_application};

use crate::bed::Bed;

const OCTO: AccountId = AccountId(1);

/// User `octo` with token 1, and an application of theirs.
async fn registered(bed: Bed) -> (Bed, AppId, TokenId) {
    let bed = bed.with_repository().await;
    let own = bed.store().create_token(a_token("own", OCTO, scopes())).await.expect("created");
    let app = bed.store().create_application(an_application("ferry", OCTO)).await.expect("created");
    (bed, app.id, own.id)
}

fn scopes() -> Scopes {
    Scopes::parse("repo").expect("known")
}

fn a_code(bed: &Bed, value: &str, app: AppId, signed_in_with: TokenId) -> NewCode {
    let code = Code {
        app,
        user: OCTO,
        scopes: scopes(),
        redirect_url: "https://ferry.test/callback".to_owned(),
        challenge: Some("challenge".to_owned()),
        token_ends: Some(bed.now().plus(GRANT_MEMORY)),
        expires_at: bed.now().plus(CODE_LIFE),
    };
    NewCode { hash: TokenHash::of(value), code, signed_in_with }
}

fn giving(value: &str) -> CodeJudge {
    let value = value.to_owned();
    Box::new(move |code| Ok(a_token_of(code.app, &value, code.user, code.scopes)))
}

fn refusing(refusal: CodeRefusal) -> CodeJudge {
    Box::new(move |_| Err::<NewToken, _>(refusal))
}

async fn redeem(bed: &Bed, code: &str, judge: CodeJudge) -> Redeemed {
    bed.store().redeem_code(TokenHash::of(code), judge).await.expect("redeems")
}

fn knows(bed: &Bed, value: &str) -> bool {
    bed.store().directory().token(&TokenHash::of(value)).is_some()
}

pub(crate) async fn rfc6749_a_code_gives_one_token_and_its_replay_revokes_it(bed: Bed) {
    let (mut bed, app, own) = registered(bed).await;
    let kept = a_code(&bed, "code", app, own);
    bed.store().keep_code(kept.clone()).await.expect("kept");
    bed.crash_and_recover().await;
    let seen = Box::new(move |code: &Code| {
        assert_eq!(*code, kept.code, "every field is stored");
        Ok(a_token_of(code.app, "given", code.user, code.scopes))
    });
    let Redeemed::Token(token) = redeem(&bed, "code", seen).await else { panic!("no token") };
    assert_eq!((token.app, token.user, token.scopes), (Some(app), OCTO, scopes()));
    assert!(knows(&bed, "given"));
    bed.crash_and_recover().await;
    let of_another = redeem(&bed, "code", refusing(CodeRefusal::OfAnother)).await;
    assert!(matches!(of_another, Redeemed::Refused(CodeRefusal::OfAnother)));
    assert!(knows(&bed, "given"), "another application cannot revoke it");
    assert!(matches!(redeem(&bed, "code", giving("second")).await, Redeemed::Replayed));
    assert!(!knows(&bed, "given") && !knows(&bed, "second"));
    assert!(matches!(redeem(&bed, "nonsense", giving("third")).await, Redeemed::Unknown));
}

pub(crate) async fn a_refused_code_is_spent_unless_it_was_anothers(bed: Bed) {
    let (bed, app, own) = registered(bed).await;
    for value in ["guessed", "foreign"] {
        bed.store().keep_code(a_code(&bed, value, app, own)).await.expect("kept");
    }
    let refused = redeem(&bed, "guessed", refusing(CodeRefusal::BadVerifier)).await;
    assert!(matches!(refused, Redeemed::Refused(CodeRefusal::BadVerifier)));
    assert!(matches!(redeem(&bed, "guessed", giving("given")).await, Redeemed::Replayed));
    redeem(&bed, "foreign", refusing(CodeRefusal::OfAnother)).await;
    assert!(matches!(redeem(&bed, "foreign", giving("given")).await, Redeemed::Token(_)));
}

pub(crate) async fn a_code_ends_with_the_token_the_user_signed_in_with(bed: Bed) {
    let (bed, app, own) = registered(bed).await;
    bed.store().keep_code(a_code(&bed, "code", app, own)).await.expect("kept");
    bed.store().delete_token(own).await.expect("revoked");
    assert!(matches!(redeem(&bed, "code", giving("given")).await, Redeemed::Unknown));
}

pub(crate) async fn codes_are_forgotten_a_day_after_their_end(bed: Bed) {
    let (bed, app, own) = registered(bed).await;
    bed.store().keep_code(a_code(&bed, "old", app, own)).await.expect("kept");
    bed.clock.advance(CODE_LIFE + GRANT_MEMORY);
    bed.store().keep_code(a_code(&bed, "newer", app, own)).await.expect("kept");
    let late = redeem(&bed, "old", refusing(CodeRefusal::Expired)).await;
    assert!(matches!(late, Redeemed::Refused(CodeRefusal::Expired)), "still told as late");
    bed.clock.advance(GRANT_MEMORY);
    bed.store().keep_code(a_code(&bed, "new", app, own)).await.expect("kept");
    assert!(matches!(redeem(&bed, "old", giving("given")).await, Redeemed::Unknown));
}

fn a_device(bed: &Bed, app: AppId, number: usize) -> NewDevice {
    NewDevice {
        hash: TokenHash::of(&format!("device {number}")),
        user_code: TokenHash::of(&format!("user {number}")),
        app,
        scopes: scopes(),
        created_at: bed.now(),
    }
}

async fn poll(bed: &Bed, app: AppId, number: usize) -> Polled {
    let hash = TokenHash::of(&format!("device {number}"));
    bed.store().poll_device(hash, app, bed.now(), TokenHash::of("given")).await.expect("polls")
}

pub(crate) async fn rfc8628_a_device_waits_is_slowed_down_and_gets_one_token(bed: Bed) {
    let (mut bed, app, own) = registered(bed).await;
    bed.store().keep_device(a_device(&bed, app, 1)).await.expect("kept");
    let taken = NewDevice { hash: TokenHash::of("other"), ..a_device(&bed, app, 1) };
    assert!(matches!(bed.store().keep_device(taken).await, Err(StoreError::NameTaken)));
    assert!(matches!(poll(&bed, app, 1).await, Polled::Waiting(Poll::Pending)));
    bed.crash_and_recover().await;
    let Polled::Waiting(Poll::SlowDown(interval)) = poll(&bed, app, 1).await else { panic!("not slowed down") };
    assert_eq!(interval, Duration::from_secs(10));
    assert!(matches!(poll(&bed, AppId(99), 1).await, Polled::Unknown), "another application's");
    let code = TokenHash::of("user 1");
    let token_ends = Some(bed.now().plus(GRANT_MEMORY));
    let approved = DeviceAnswer::Approved { user: OCTO, scopes: scopes(), signed_in_with: own, token_ends };
    assert!(bed.store().answer_device(code, bed.now(), approved.clone()).await.expect("answers"));
    assert!(!bed.store().answer_device(code, bed.now(), DeviceAnswer::Denied).await.expect("answers"), "once");
    bed.crash_and_recover().await;
    assert_eq!(bed.store().device(code).await.expect("reads").expect("exists").answer, Some(approved));
    let Polled::Token(token) = poll(&bed, app, 1).await else { panic!("no token") };
    assert_eq!((token.app, token.user, token.scopes, token.expires_at), (Some(app), OCTO, scopes(), token_ends));
    assert!(knows(&bed, "given"));
    assert!(matches!(poll(&bed, app, 1).await, Polled::Unknown), "spent");
}

pub(crate) async fn rfc8628_a_device_is_denied_or_expires(bed: Bed) {
    let (bed, app, own) = registered(bed).await;
    bed.store().keep_device(a_device(&bed, app, 1)).await.expect("kept");
    bed.store().keep_device(a_device(&bed, app, 2)).await.expect("kept");
    assert!(
        bed.store().answer_device(TokenHash::of("user 1"), bed.now(), DeviceAnswer::Denied).await.expect("answers")
    );
    assert!(matches!(poll(&bed, app, 1).await, Polled::Waiting(Poll::Denied)));
    bed.clock.advance(DEVICE_LIFE);
    assert!(matches!(poll(&bed, app, 2).await, Polled::Waiting(Poll::Expired)));
    let late = DeviceAnswer::Approved { user: OCTO, scopes: scopes(), signed_in_with: own, token_ends: None };
    assert!(!bed.store().answer_device(TokenHash::of("user 2"), bed.now(), late).await.expect("answers"));
    assert!(bed.store().device(TokenHash::of("user 3")).await.expect("reads").is_none());
}

pub(crate) async fn an_application_has_no_more_than_a_thousand_devices_waiting(bed: Bed) {
    let (bed, app, _) = registered(bed).await;
    for number in 0..MAX_WAITING_DEVICES {
        bed.store().keep_device(a_device(&bed, app, number)).await.expect("kept");
    }
    let one_more = bed.store().keep_device(a_device(&bed, app, MAX_WAITING_DEVICES)).await;
    assert!(matches!(one_more, Err(StoreError::Busy)));
    let other = bed.store().create_application(an_application("canoe", OCTO)).await.expect("created");
    bed.store().keep_device(a_device(&bed, other.id, MAX_WAITING_DEVICES)).await.expect("others may");
    bed.clock.advance(DEVICE_LIFE);
    bed.store().keep_device(a_device(&bed, app, MAX_WAITING_DEVICES + 1)).await.expect("there is room again");
}

pub(crate) async fn u3_a_session_is_read_back_used_and_ended(bed: Bed) {
    let (mut bed, _, own) = registered(bed).await;
    let hash = TokenHash::of("cookie");
    bed.store().begin_session(hash, own, bed.now()).await.expect("begins");
    let began = bed.now();
    bed.clock.advance(Duration::from_secs(60));
    bed.store().touch_session(hash, bed.now()).await.expect("touches");
    bed.crash_and_recover().await;
    let session = bed.store().session(hash).await.expect("reads").expect("exists");
    assert_eq!((session.user, session.token, session.scopes), (OCTO, own, scopes()));
    assert_eq!((session.started_at, session.seen_at, session.expires_at), (began, bed.now(), None));
    bed.store().end_session(hash).await.expect("ends");
    assert!(bed.store().session(hash).await.expect("reads").is_none());
}

pub(crate) async fn u3_a_session_ends_with_its_token(bed: Bed) {
    let (bed, _, own) = registered(bed).await;
    bed.store().begin_session(TokenHash::of("cookie"), own, bed.now()).await.expect("begins");
    bed.store().delete_token(own).await.expect("revoked");
    assert!(bed.store().session(TokenHash::of("cookie")).await.expect("reads").is_none());
    let late = bed.store().begin_session(TokenHash::of("late"), own, bed.now()).await;
    assert!(matches!(late, Err(StoreError::NotFound)));
}
