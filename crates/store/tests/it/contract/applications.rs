//! OAuth applications, their tokens and their hooks.

use std::time::Duration;

use domain::account::{AccountKind, Scopes, TokenHash};
use domain::application::{Application, MAX_TOKENS_OF_A_GRANT};
use domain::hook::NewHook;
use domain::id::{AccountId, AppId};
use domain::ports::{NewAccount, StoreError};
use testkit::{a_hook, a_token, a_token_of, an_application};

use crate::bed::{Bed, a_user};

const OCTO: AccountId = AccountId(1);

fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).expect("known")
}

pub(crate) async fn an_application_is_edited_within_its_identity_and_survives_a_restart(bed: Bed) {
    let mut bed = bed.with_repository().await;
    let made = bed.store().create_application(an_application("ferry", OCTO)).await.expect("created");
    assert!(matches!(bed.store().create_application(an_application("ferry", OCTO)).await, Err(StoreError::NameTaken)));
    let nobody = bed.store().create_application(an_application("other", AccountId(99))).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));
    bed.clock.advance(Duration::from_secs(3));
    let edit = Box::new(|app: Application| Application {
        id: AppId(99),
        client_id: "stolen".to_owned(),
        name: "Ferry".to_owned(),
        homepage: Some("https://ferry.test/".to_owned()),
        redirect_urls: vec!["https://ferry.test/a".to_owned(), "https://ferry.test/b".to_owned()],
        device_flow: false,
        secret: TokenHash([9; 32]),
        ..app
    });
    let edited = bed.store().update_application(made.id, bed.now(), edit).await.expect("edited");
    assert_eq!((edited.id, edited.client_id.as_str(), edited.updated_at), (made.id, "ferry", bed.now()));
    bed.restart().await;
    let directory = bed.store().directory();
    assert_eq!(directory.application("ferry").as_deref(), Some(&*edited), "every field is stored");
    assert_eq!(directory.application_by_id(made.id).as_deref(), Some(&*edited));
    assert_eq!(directory.applications_of(OCTO).len(), 1);
    assert!(directory.application("stolen").is_none());
}

pub(crate) async fn an_application_takes_its_tokens_along_and_lets_its_hooks_go(bed: Bed) {
    let mut bed = bed.with_repository().await;
    let app = bed.store().create_application(an_application("ferry", OCTO)).await.expect("created");
    bed.store().create_token(a_token_of(app.id, "of the app", OCTO, scopes("repo"))).await.expect("created");
    bed.store().create_token(a_token("own", OCTO, scopes("repo"))).await.expect("created");
    let hook = bed.hook(NewHook { app: Some(app.id), ..a_hook().build() }).await;
    assert_eq!(hook.app, Some(app.id));
    bed.restart().await;
    let directory = bed.store().directory().clone();
    assert_eq!(directory.hook(hook.id).expect("exists").app, Some(app.id));
    assert_eq!(directory.authenticate(&TokenHash::of("of the app"), bed.now()).expect("known").app, Some(app.id));
    assert_eq!(directory.authenticate(&TokenHash::of("own"), bed.now()).expect("known").app, None);
    bed.store().delete_application(app.id).await.expect("deleted");
    assert!(matches!(bed.store().delete_application(app.id).await, Err(StoreError::NotFound)));
    let late = bed.hook(NewHook { app: Some(app.id), ..a_hook().build() }).await;
    assert_eq!(late.app, None, "an application that is gone counts as none");
    for _ in 0..2 {
        let directory = bed.store().directory().clone();
        assert!(directory.application("ferry").is_none());
        assert!(directory.authenticate(&TokenHash::of("of the app"), bed.now()).is_none());
        assert!(directory.authenticate(&TokenHash::of("own"), bed.now()).is_some());
        let orphan = directory.hook(hook.id).expect("stays");
        assert_eq!((orphan.app, orphan.version), (None, 1), "nobody edited it");
        let listed = directory.hooks_of(orphan.scope, orphan.dialect);
        assert!(listed.len() == 2 && listed.iter().all(|hook| hook.app.is_none()));
        bed.restart().await;
    }
}

pub(crate) async fn an_owner_takes_applications_along(bed: Bed) {
    let mut bed = bed.with_repository().await;
    let mona = bed.store().create_account(a_user("mona")).await.expect("created");
    let acme = NewAccount { kind: AccountKind::Organization, owner: Some(mona.id), ..a_user("acme") };
    let acme = bed.store().create_account(acme).await.expect("created");
    let app = bed.store().create_application(an_application("ferry", acme.id)).await.expect("created");
    bed.store().create_token(a_token_of(app.id, "of the app", OCTO, scopes("repo"))).await.expect("created");
    let hook = bed.hook(NewHook { app: Some(app.id), ..a_hook().build() }).await;
    bed.store().delete_account(acme.id).await.expect("deleted");
    for _ in 0..2 {
        let directory = bed.store().directory().clone();
        assert!(directory.application("ferry").is_none());
        assert!(directory.authenticate(&TokenHash::of("of the app"), bed.now()).is_none());
        assert_eq!(directory.hook(hook.id).expect("stays").app, None);
        bed.restart().await;
    }
}

pub(crate) async fn of_an_applications_tokens_for_one_user_and_scope_the_newest_ten_stay(bed: Bed) {
    let bed = bed.with_repository().await;
    let store = bed.store();
    let app = store.create_application(an_application("ferry", OCTO)).await.expect("created");
    store.create_token(a_token_of(app.id, "of other scopes", OCTO, scopes("user"))).await.expect("created");
    for at in 0..=MAX_TOKENS_OF_A_GRANT {
        let value = format!("number {at}");
        store.create_token(a_token_of(app.id, &value, OCTO, scopes("repo"))).await.expect("created");
        store.create_token(a_token(&format!("own {at}"), OCTO, scopes("repo"))).await.expect("created");
    }
    let knows = |value: &str| store.directory().token(&TokenHash::of(value)).is_some();
    assert!(!knows("number 0"), "the oldest went");
    assert!(knows("number 1") && knows("of other scopes") && knows("own 0"));
    assert_eq!(store.tokens_of(OCTO).await.expect("lists").len(), 2 * MAX_TOKENS_OF_A_GRANT + 2);
    store.revoke_grant(app.id, OCTO).await.expect("revoked");
    assert!(!knows("number 1") && !knows("of other scopes") && knows("own 0"));
}

pub(crate) async fn a_reset_token_has_a_new_value_alone(bed: Bed) {
    let bed = bed.with_repository().await;
    let store = bed.store();
    let app = store.create_application(an_application("ferry", OCTO)).await.expect("created");
    let old = store.create_token(a_token_of(app.id, "old", OCTO, scopes("repo"))).await.expect("created");
    let reset = store.reset_token(old.id, TokenHash::of("new"), bed.now()).await.expect("reset");
    assert_eq!((reset.id, reset.app, reset.scopes), (old.id, Some(app.id), old.scopes));
    assert!(store.directory().token(&TokenHash::of("old")).is_none());
    assert_eq!(store.directory().token(&TokenHash::of("new")), Some(reset));
    store.delete_token(old.id).await.expect("revoked");
    let gone = store.reset_token(old.id, TokenHash::of("newer"), bed.now()).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
}
