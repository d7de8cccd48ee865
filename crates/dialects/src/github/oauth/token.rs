//! `POST /login/oauth/access_token`: a code, or an approved device, for a token.

use domain::account::{Token, TokenHash, mint_token};
use domain::grant::{Code, CodeRefusal, Poll, Polled, Redeemed};
use domain::id::AppId;
use domain::ports::NewToken;
use domain::secret::Secret;
use domain::time::Timestamp;
use serde_json::Value;

use super::answer::{Answer, Fault, Format};
use super::ask::{Ask, Posted};
use super::client::Client;
use super::{pkce, scopes};

/// The device flow's grant type (RFC 8628 section 3.4).
pub(super) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Exchanges.
pub(super) async fn exchange(Posted(ask): Posted) -> Answer {
    let format = Format::of(&ask.headers);
    let exchanged = match ask.params.one("grant_type") {
        Ok(None | Some("authorization_code")) => redeem(&ask).await,
        Ok(Some(DEVICE_GRANT)) => poll(&ask).await,
        _ => Err(Fault::UnsupportedGrant),
    };
    match exchanged {
        Ok(members) => Answer::of(format, members),
        Err(fault) => fault.answer(format),
    }
}

/// What a redemption must fit.
struct Claim {
    app: AppId,
    now: Timestamp,
    redirect_url: Option<String>,
    verifier: Option<String>,
    value: TokenHash,
}

impl Claim {
    /// The token to make, if the code is this application's, in time, and was meant for whoever asks.
    fn judge(self, code: &Code) -> Result<NewToken, CodeRefusal> {
        let ended = |end: Timestamp| end <= self.now;
        if code.app != self.app {
            return Err(CodeRefusal::OfAnother);
        }
        if ended(code.expires_at) || code.token_ends.is_some_and(ended) {
            return Err(CodeRefusal::Expired);
        }
        if self.redirect_url.is_some_and(|url| url != code.redirect_url) {
            return Err(CodeRefusal::OtherRedirect);
        }
        if !pkce::is_proven(code.challenge.as_deref(), self.verifier.as_deref()) {
            return Err(CodeRefusal::BadVerifier);
        }
        Ok(NewToken {
            hash: self.value,
            user: code.user,
            app: Some(code.app),
            scopes: code.scopes,
            note: None,
            created_at: self.now,
            expires_at: code.token_ends,
        })
    }
}

/// The authorization-code flow. Codes leak more easily than secrets: only a client that proves itself gets a token.
async fn redeem(ask: &Ask) -> Result<Vec<(&'static str, Value)>, Fault> {
    let client = Client::of(ask)?;
    if !client.proven {
        return Err(Fault::BadClient);
    }
    let param = |name| ask.params.one(name).map_err(|_| Fault::BadCode);
    let code = param("code")?.ok_or(Fault::BadCode)?;
    let value = mint_token(&*ask.oauth.ports.entropy);
    let claim = Claim {
        app: client.application.id,
        now: ask.oauth.ports.clock.now(),
        redirect_url: param("redirect_uri")?.map(str::to_owned),
        verifier: param("code_verifier")?.map(str::to_owned),
        value: TokenHash::of(value.expose()),
    };
    let now = claim.now;
    let redeemed = ask.oauth.ports.store.redeem_code(TokenHash::of(code), Box::new(|code| claim.judge(code))).await?;
    match redeemed {
        Redeemed::Token(token) => Ok(answered(&token, &value, now)),
        Redeemed::Refused(CodeRefusal::OtherRedirect) => Err(Fault::OtherRedirect),
        Redeemed::Replayed => {
            let app = client.application.id;
            tracing::warn!(%app, "application {app} sent a code twice: what it gave is revoked");
            Err(Fault::BadCode)
        }
        Redeemed::Unknown
        | Redeemed::Refused(CodeRefusal::OfAnother | CodeRefusal::Expired | CodeRefusal::BadVerifier) => {
            Err(Fault::BadCode)
        }
    }
}

/// The device flow. Devices keep no secrets, so none is asked for.
async fn poll(ask: &Ask) -> Result<Vec<(&'static str, Value)>, Fault> {
    let application = Client::of(ask)?.application;
    if !application.device_flow {
        return Err(Fault::NoDeviceFlow);
    }
    let code = ask.params.get("device_code").ok_or(Fault::BadDeviceCode)?;
    let value = mint_token(&*ask.oauth.ports.entropy);
    let (ports, now) = (&ask.oauth.ports, ask.oauth.ports.clock.now());
    let polled =
        ports.store.poll_device(TokenHash::of(code), application.id, now, TokenHash::of(value.expose())).await?;
    match polled {
        Polled::Token(token) => Ok(answered(&token, &value, now)),
        Polled::Unknown => Err(Fault::BadDeviceCode),
        Polled::Waiting(Poll::Pending | Poll::Approved { .. }) => Err(Fault::Pending),
        Polled::Waiting(Poll::SlowDown(interval)) => Err(Fault::SlowDown(interval)),
        Polled::Waiting(Poll::Expired) => Err(Fault::DeviceExpired),
        Polled::Waiting(Poll::Denied) => Err(Fault::Denied),
    }
}

/// The one answer that shows the token.
fn answered(token: &Token, value: &Secret, now: Timestamp) -> Vec<(&'static str, Value)> {
    let (app, user) = (token.app.unwrap_or(AppId(0)), token.user);
    tracing::info!(%app, %user, "application {app} got a token of user {user}");
    let mut members: Vec<(&'static str, Value)> = vec![
        ("access_token", value.expose().into()),
        ("token_type", "bearer".into()),
        ("scope", scopes::with_commas(token.scopes).into()),
    ];
    if let Some(end) = token.expires_at {
        members.push(("expires_in", end.since(now).as_secs().into()));
    }
    members
}
