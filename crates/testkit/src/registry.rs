//! Rows of the registry, to be created.

use domain::account::{AccountKind, Scopes, TokenHash};
use domain::application::NewApplication;
use domain::id::{AccountId, AppId};
use domain::ports::{NewAccount, NewRepository, NewToken};

use crate::build::uid_of;
use crate::time::START;

/// A user of that login, and nothing else.
pub fn a_user(login: &str) -> NewAccount {
    NewAccount {
        uid: uid_of(login),
        kind: AccountKind::User,
        login: login.to_owned(),
        name: None,
        email: None,
        description: None,
        project_key: None,
        site_admin: false,
        owner: None,
        created_at: START,
    }
}

/// An organization, and who owns it.
pub fn an_organization(login: &str, owner: AccountId) -> NewAccount {
    NewAccount { kind: AccountKind::Organization, owner: Some(owner), ..a_user(login) }
}

/// A public repository.
pub fn a_repository(owner: AccountId, name: &str) -> NewRepository {
    NewRepository {
        uid: uid_of(&format!("{}/{name}", owner.0)),
        owner,
        name: name.to_owned(),
        description: None,
        homepage: None,
        default_branch: "main".to_owned(),
        private: false,
        fork_of: None,
        created_at: START,
    }
}

/// A token of that value which never expires.
pub fn a_token(value: &str, user: AccountId, scopes: Scopes) -> NewToken {
    let hash = TokenHash::of(value);
    NewToken { hash, user, app: None, scopes, note: None, created_at: START, expires_at: None }
}

/// The same, given to an OAuth application.
pub fn a_token_of(app: AppId, value: &str, user: AccountId, scopes: Scopes) -> NewToken {
    NewToken { app: Some(app), ..a_token(value, user, scopes) }
}

/// An OAuth application of that client id, with the secret `secret of` and its client id, for both flows.
pub fn an_application(client_id: &str, owner: AccountId) -> NewApplication {
    NewApplication {
        client_id: client_id.to_owned(),
        secret: TokenHash::of(&format!("secret of {client_id}")),
        name: format!("App {client_id}"),
        owner,
        homepage: None,
        redirect_urls: vec![format!("https://{client_id}.test/callback")],
        device_flow: true,
        created_at: START,
    }
}
