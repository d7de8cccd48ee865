//! One request, as handlers see it: who asks, and about which app.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use bytes::Bytes;
use domain::account::{Principal, Scope, TokenHash};
use domain::ci::{AppRole, CiApp};
use domain::flow::Ports;
use domain::id::Uid;
use domain::rules::access::{HookAccess, repository_hook_access};
use serde_json::{Map, Value};

use super::errors::Reject;
use crate::ApiSettings;
use crate::bitrise::settings::BitriseSettings;
use crate::bitrise::trigger::ConfigCache;
use crate::http::{Asked, BodyError, Credentials, MAX_MANAGEMENT_BODY, authenticate, parse_json, read_body};

/// The header in which add-ons present their token, where they may (section 2).
const ADDON_TOKEN: &str = "bitrise-addon-auth-token";

/// What every handler of this surface shares.
#[derive(Debug)]
pub(super) struct Shared {
    /// The ports.
    pub(super) ports: Ports,
    /// Settings that all surfaces have.
    pub(super) settings: ApiSettings,
    /// Settings of this surface.
    pub(super) own: Arc<BitriseSettings>,
    /// Configurations of apps that were read before.
    pub(super) configs: ConfigCache,
}

/// A request taken apart, of somebody whose token is good: `Authorization` with the bare token, `token X` or `Bearer X`.
#[derive(Debug)]
pub(super) struct Call {
    /// What handlers share.
    pub(super) shared: Arc<Shared>,
    /// Who asks.
    pub(super) me: Principal,
    /// About what.
    pub(super) asked: Asked,
}

/// The same where add-ons may ask, too: with `Bitrise-Addon-Auth-Token`.
#[derive(Debug)]
pub(super) struct OpenCall {
    /// The call.
    pub(super) call: Call,
    /// It is an add-on that asks.
    pub(super) by_addon: bool,
}

impl FromRequestParts<Arc<Shared>> for Call {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Reject> {
        match authenticate(&shared.ports, &parts.headers) {
            Credentials::Good(me) => Self::of(me, parts, shared).await,
            Credentials::None | Credentials::Bad => Err(Reject::unauthorized()),
        }
    }
}

impl FromRequestParts<Arc<Shared>> for OpenCall {
    type Rejection = Reject;

    /// With both headers, `Authorization` counts.
    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Reject> {
        let (me, by_addon) = match authenticate(&shared.ports, &parts.headers) {
            Credentials::Good(me) => (Some(me), false),
            Credentials::Bad => (None, false),
            Credentials::None => (addon(&shared.ports, parts), true),
        };
        let call = Call::of(me.ok_or_else(Reject::unauthorized)?, parts, shared).await?;
        Ok(Self { call, by_addon })
    }
}

/// Whose token an add-on presents.
fn addon(ports: &Ports, parts: &Parts) -> Option<Principal> {
    let token = parts.headers.get(ADDON_TOKEN)?.to_str().ok()?;
    ports.directory().authenticate(&TokenHash::of(token.trim()), ports.clock.now())
}

impl Call {
    async fn of(me: Principal, parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Reject> {
        // A path that is not UTF-8 names nothing.
        let asked = Asked::by(Some(me.clone()), parts).await.ok_or_else(Reject::not_found)?;
        Ok(Self { shared: shared.clone(), me, asked })
    }

    /// What the path names with this parameter, which is written as a UUID.
    pub(super) fn slug(&self, name: &str) -> Result<Uid, Reject> {
        Uid::parse(self.asked.param(name)).ok_or_else(Reject::not_found)
    }

    /// The app that the path names as `app`, for a caller who has that role in it; whether the token reaches that far is
    /// what `granted` says. Who has no role hears that it is not there (section 2).
    fn app_for(&self, need: AppRole, granted: impl Fn(&CiApp) -> bool) -> Result<Arc<CiApp>, Reject> {
        let directory = self.shared.ports.directory();
        let app = directory.ci_app(self.slug("app")?).ok_or_else(Reject::not_found)?;
        let role = directory.app_role(&app, self.me.user.id).ok_or_else(Reject::not_found)?;
        if role >= need && granted(&app) { Ok(app) } else { Err(Reject::forbidden()) }
    }

    /// The app that the path names as `app`, for a caller who has that role in it, and a token for repositories.
    pub(super) fn app(&self, need: AppRole) -> Result<Arc<CiApp>, Reject> {
        self.app_for(need, |app| self.reaches(app.is_public))
    }

    /// Is it a token for repositories: for all, or for public ones?
    pub(super) fn reaches(&self, is_public: bool) -> bool {
        let has = |scope| self.me.scopes.contains(scope);
        has(Scope::Repo) || (is_public && has(Scope::PublicRepo))
    }

    /// The app that the path names as `app`, for a caller who administers it, with a token for that much of its hooks.
    pub(super) fn app_with_hooks(&self, need: HookAccess) -> Result<Arc<CiApp>, Reject> {
        self.app_for(AppRole::Admin, |app| repository_hook_access(self.me.scopes, !app.is_public) >= Some(need))
    }
}

/// A request body, whole, at most 1 MiB. Parsed only after the caller was found to be allowed.
#[derive(Debug)]
pub(super) struct RawBody(pub(super) Bytes);

impl FromRequest<Arc<Shared>> for RawBody {
    type Rejection = Reject;

    async fn from_request(request: Request, _shared: &Arc<Shared>) -> Result<Self, Reject> {
        whole(request, MAX_MANAGEMENT_BODY).await.map(Self)
    }
}

/// A request body of at most so many bytes.
pub(super) async fn whole(request: Request, limit: usize) -> Result<Bytes, Reject> {
    read_body(request.into_body(), limit).await.map_err(|error| match error {
        BodyError::TooLarge => {
            let status = axum::http::StatusCode::PAYLOAD_TOO_LARGE;
            Reject::new(status, format!("the body is larger than {limit} bytes"))
        }
        BodyError::Broken => Reject::bad("the body could not be read"),
    })
}

impl RawBody {
    /// The JSON object it holds, whatever the content type says.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Reject> {
        match parse_json(&self.0) {
            Some(Value::Object(members)) => Ok(members),
            Some(_) | None => Err(Reject::bad("the body is not a JSON object")),
        }
    }
}
