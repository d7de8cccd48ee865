//! `POST /login/device/code`: begins the device flow (RFC 8628 section 3.1).

use domain::account::TokenHash;
use domain::grant::{DEVICE_INTERVAL, DEVICE_LIFE, NewDevice};
use domain::ports::StoreError;
use serde_json::Value;

use super::answer::{Answer, Fault, Format};
use super::ask::{Ask, Posted};
use super::client::Client;
use super::{mint, scopes, user_code};

/// Attempts at a user code that is not in use. One is nearly always enough.
const ATTEMPTS: usize = 5;

/// Begins.
pub(super) async fn begin(Posted(ask): Posted) -> Answer {
    let format = Format::of(&ask.headers);
    match codes(&ask).await {
        Ok(members) => Answer::of(format, members),
        Err(fault) => fault.answer(format),
    }
}

async fn codes(ask: &Ask) -> Result<Vec<(&'static str, Value)>, Fault> {
    let application = Client::of(ask)?.application;
    if !application.device_flow {
        return Err(Fault::NoDeviceFlow);
    }
    let ports = &ask.oauth.ports;
    let scopes = ask.params.one("scope").ok().and_then(scopes::asked).ok_or(Fault::Unreadable)?;
    let code = mint(ports);
    let mut typed = user_code::mint(&*ports.entropy);
    for attempt in 1.. {
        let new = NewDevice {
            hash: TokenHash::of(&code),
            user_code: user_code::hash(&typed).ok_or(Fault::BadDeviceCode)?,
            app: application.id,
            scopes,
            created_at: ports.clock.now(),
        };
        match ports.store.keep_device(new).await {
            Ok(()) => break,
            Err(StoreError::NameTaken) if attempt < ATTEMPTS => typed = user_code::mint(&*ports.entropy),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(vec![
        ("device_code", code.into()),
        ("user_code", typed.into()),
        ("verification_uri", format!("{}/login/device", ask.base).into()),
        ("expires_in", DEVICE_LIFE.as_secs().into()),
        ("interval", DEVICE_INTERVAL.as_secs().into()),
    ])
}
