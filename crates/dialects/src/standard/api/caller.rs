//! Who is asking, and what they may.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::account::{AccountKind, OrgRole, Permission, Principal, Repository, Scope};
use domain::ci::AppRole;
use domain::directory::{Directory, Located};
use domain::event::Place;

use super::Context;
use super::errors::Reject;
use crate::http::{Credentials, authenticate};

/// Whoever presented a valid token.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) Principal);

impl FromRequestParts<Arc<Context>> for Caller {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, context: &Arc<Context>) -> Result<Self, Reject> {
        match authenticate(&context.ports, &parts.headers) {
            Credentials::Good(principal) => Ok(Self(principal)),
            Credentials::Bad => Err(Reject::unauthorized("the token is unknown or has expired")),
            Credentials::None => Err(Reject::unauthorized("a token is needed: Authorization: Bearer TOKEN")),
        }
    }
}

impl Caller {
    /// Does the token carry this scope?
    pub(crate) fn has(&self, scope: Scope) -> bool {
        self.0.scopes.contains(scope)
    }

    /// The token must carry this scope.
    pub(crate) fn need(&self, scope: Scope) -> Result<(), Reject> {
        self.need_any(&[scope])
    }

    /// The token must carry one of these scopes.
    pub(crate) fn need_any(&self, scopes: &[Scope]) -> Result<(), Reject> {
        if scopes.iter().any(|scope| self.has(*scope)) {
            return Ok(());
        }
        let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        Err(Reject::forbidden(format!("the token lacks the scope {}", names.join(" or "))))
    }

    /// Is it a site admin whose token says so?
    pub(crate) fn is_site_admin(&self) -> bool {
        self.0.user.site_admin && self.has(Scope::SiteAdmin)
    }

    /// It must be a site admin whose token says so.
    pub(crate) fn need_site_admin(&self) -> Result<(), Reject> {
        self.need(Scope::SiteAdmin)?;
        if self.is_site_admin() { Ok(()) } else { Err(Reject::forbidden("only site admins may do this")) }
    }

    /// The token must be one that a person made. An application that could make tokens, or applications, would outlive
    /// what its user gave it.
    pub(crate) fn need_person(&self) -> Result<(), Reject> {
        match self.0.app {
            None => Ok(()),
            Some(_) => Err(Reject::forbidden("tokens of OAuth applications may not do this")),
        }
    }

    /// What the user may do in the repository, as far as the token lets them see it. Nothing is not to be told from a
    /// repository that does not exist.
    pub(crate) fn permission(&self, directory: &Directory, repository: &Repository) -> Option<Permission> {
        directory.permission(repository, self.0.user.id)
    }

    /// Is the user at home in this account: itself, or a member of the organization? Site admins are everywhere.
    pub(crate) fn role(&self, directory: &Directory, place: Place) -> Option<OrgRole> {
        let user = &self.0.user;
        if place.account == user.id {
            return Some(OrgRole::Owner);
        }
        directory.role(place.account, user.id)
    }
}

/// May events be published there? Write permission on the repository, or membership. Unknown and invisible places are
/// told apart by neither text nor status.
pub(crate) fn may_publish(directory: &Directory, caller: &Caller, place: Place, source: &str) -> Result<(), Reject> {
    let permission = permission_at(directory, caller, place);
    match permission {
        Some(level) if level >= Permission::Write => Ok(()),
        Some(_) => Err(Reject::forbidden("publishing needs write permission on the source").at("source")),
        None => Err(super::errors::unknown_source(source)),
    }
}

/// What the caller may do at a place. Accounts are public; being a member counts as write.
pub(crate) fn permission_at(directory: &Directory, caller: &Caller, place: Place) -> Option<Permission> {
    if let Some(app) = place.app {
        let app = directory.ci_app_by_id(app)?;
        return Some(match directory.app_role(&app, caller.0.user.id)? {
            AppRole::Owner | AppRole::Admin => Permission::Admin,
            AppRole::Developer => Permission::Write,
            AppRole::Tester => Permission::Read,
        });
    }
    match place.repository {
        Some(id) => {
            let Located { repository, .. } = directory.locate_by_id(id)?;
            caller.permission(directory, &repository)
        }
        None => Some(match caller.role(directory, place) {
            Some(OrgRole::Owner) => Permission::Admin,
            Some(OrgRole::Member) => Permission::Write,
            None => Permission::Read,
        }),
    }
}

/// Is there an organization of that id?
pub(crate) fn is_organization(directory: &Directory, place: Place) -> bool {
    directory.account_by_id(place.account).is_some_and(|account| account.kind == AccountKind::Organization)
}
