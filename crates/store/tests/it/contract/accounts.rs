//! The registry: accounts, repositories, members, tokens.

use std::time::Duration;

use domain::account::{Account, AccountKind, OrgRole, Permission, Repository, Scopes, TokenHash};
use domain::hook::HookScope;
use domain::id::{AccountId, RepositoryId, TokenId};
use domain::ports::{NewAccount, NewToken, StoreError};
use testkit::{a_hook, an_event};

use crate::bed::{Bed, a_repository, a_user};

fn a_token(user: AccountId) -> NewToken {
    let scopes = Scopes::parse("repo, events:write").expect("known");
    NewToken { hash: TokenHash([7; 32]), note: Some("ci".to_owned()), ..testkit::a_token("", user, scopes) }
}

fn an_organization(login: &str, owner: AccountId) -> NewAccount {
    NewAccount { kind: AccountKind::Organization, owner: Some(owner), ..a_user(login) }
}

pub(crate) async fn a_login_is_taken_in_any_case(bed: Bed) {
    let store = bed.store();
    let octo = store.create_account(a_user("octo")).await.expect("created");
    assert!(matches!(store.create_account(a_user("OCTO")).await, Err(StoreError::NameTaken)));
    let other = store.create_account(a_user("other")).await.expect("created");
    let stolen = Box::new(|account| Account { login: "Octo".to_owned(), ..account });
    let renamed = store.update_account(other.id, bed.now(), stolen).await;
    assert!(matches!(renamed, Err(StoreError::NameTaken)));
    assert_eq!(store.directory().account("octo").as_deref(), Some(&*octo));
    assert_eq!(store.directory().account("other").as_deref(), Some(&*other), "a refused edit changes nothing");
}

pub(crate) async fn of_two_creations_at_once_one_gets_the_name(bed: Bed) {
    let (one, two) =
        tokio::join!(bed.store().create_account(a_user("octo")), bed.store().create_account(a_user("octo")));
    let taken = [one, two].into_iter().filter(|made| matches!(made, Err(StoreError::NameTaken))).count();
    assert_eq!(taken, 1);
}

pub(crate) async fn an_edit_keeps_identity_and_moves_the_date(bed: Bed) {
    let octo = bed.store().create_account(a_user("octo")).await.expect("created");
    bed.clock.advance(Duration::from_secs(9));
    let edit = Box::new(|account| Account {
        id: AccountId(99),
        uid: crate::bed::uid(99),
        name: None,
        site_admin: true,
        ..account
    });
    let edited = bed.store().update_account(octo.id, bed.now(), edit).await.expect("edited");
    let expected = Account { name: None, site_admin: true, updated_at: bed.now(), ..(*octo).clone() };
    assert_eq!(*edited, expected);
    let missing = bed.store().update_account(AccountId(99), bed.now(), Box::new(|account| account)).await;
    assert!(matches!(missing, Err(StoreError::NotFound)));
}

pub(crate) async fn members_and_collaborators_come_and_go(bed: Bed) {
    let bed = bed.with_repository().await;
    let store = bed.store();
    let octo = AccountId(1);
    let acme = store.create_account(an_organization("acme", octo)).await.expect("created");
    let mona = store.create_account(a_user("mona")).await.expect("created");
    let directory = store.directory();
    assert_eq!(directory.role(acme.id, octo), Some(OrgRole::Owner), "the first owner");
    store.set_membership(acme.id, mona.id, Some(OrgRole::Member)).await.expect("set");
    store.set_membership(acme.id, mona.id, Some(OrgRole::Owner)).await.expect("set again");
    assert_eq!(directory.role(acme.id, mona.id), Some(OrgRole::Owner));
    store.set_membership(acme.id, mona.id, None).await.expect("removed");
    assert_eq!(directory.role(acme.id, mona.id), None);
    store.set_collaborator(RepositoryId(1), mona.id, Some(Permission::Write)).await.expect("set");
    let widgets = directory.locate("octo", "WIDGETS").expect("exists").repository;
    assert_eq!(directory.permission(&widgets, mona.id), Some(Permission::Write));
    store.set_collaborator(RepositoryId(1), mona.id, None).await.expect("removed");
    assert_eq!(directory.permission(&widgets, mona.id), None, "private");
    let nobody = store.set_membership(acme.id, AccountId(99), Some(OrgRole::Member)).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));
}

pub(crate) async fn repositories_are_named_once_per_owner_and_move(bed: Bed) {
    let bed = bed.with_repository().await;
    let store = bed.store();
    let taken = store.create_repository(a_repository(AccountId(1), "Widgets")).await;
    assert!(matches!(taken, Err(StoreError::NameTaken)));
    let orphan = store.create_repository(a_repository(AccountId(99), "widgets")).await;
    assert!(matches!(orphan, Err(StoreError::NotFound)));
    let acme = store.create_account(an_organization("acme", AccountId(1))).await.expect("created");
    let owner = acme.id;
    let transfer = Box::new(move |repository| Repository { owner, archived: true, ..repository });
    store.update_repository(RepositoryId(1), bed.now(), transfer).await.expect("moved");
    assert!(store.directory().locate("octo", "widgets").is_none());
    assert!(store.directory().locate("acme", "widgets").expect("moved").repository.archived);
}

pub(crate) async fn tokens_authenticate_until_they_are_revoked(bed: Bed) {
    let bed = bed.with_repository().await;
    let store = bed.store();
    let token = store.create_token(a_token(AccountId(1))).await.expect("created");
    let principal = store.directory().authenticate(&TokenHash([7; 32]), bed.now()).expect("known");
    assert_eq!((principal.token, principal.scopes), (token.id, token.scopes));
    assert!(matches!(store.create_token(a_token(AccountId(1))).await, Err(StoreError::NameTaken)));
    assert_eq!(store.directory().take_seen(), [(token.id, bed.now())]);
    assert!(store.directory().take_seen().is_empty(), "told once");
    let used = bed.now().plus(Duration::from_secs(60));
    store.touch_tokens(vec![(token.id, used), (TokenId(99), used)]).await.expect("noted");
    let listed = store.tokens_of(AccountId(1)).await.expect("lists");
    assert_eq!(listed.iter().map(|token| token.last_used_at).collect::<Vec<_>>(), [Some(used)]);
    store.delete_token(token.id).await.expect("revoked");
    assert!(store.directory().authenticate(&TokenHash([7; 32]), bed.now()).is_none());
    assert!(matches!(store.delete_token(token.id).await, Err(StoreError::NotFound)));
}

pub(crate) async fn an_account_takes_everything_it_owns_along_but_not_the_log(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(1).await;
    let store = bed.store();
    store.create_token(a_token(AccountId(1))).await.expect("created");
    let own = a_hook().build();
    let own = bed.hook(domain::hook::NewHook { scope: HookScope::Account(AccountId(1)), ..own }).await;
    let event = store.accept(an_event("a").for_hooks(&hooks).build()).await.expect("accepted");
    store.delete_account(AccountId(1)).await.expect("deleted");
    let directory = store.directory();
    assert!(directory.locate("octo", "widgets").is_none() && directory.hook_count() == 0, "{own:?}");
    assert!(store.tokens_of(AccountId(1)).await.expect("lists").is_empty());
    assert!(store.event(event.id).await.expect("reads").is_some());
    assert!(matches!(store.delete_account(AccountId(1)).await, Err(StoreError::NotFound)));
    let mut bed = bed;
    bed.restart().await;
    assert_eq!(bed.store().directory().hook_count(), 0, "gone from the database, too");
}

pub(crate) async fn a_push_moves_the_repository_and_the_directory_survives_a_restart(bed: Bed) {
    let mut bed = bed.with_repository().await;
    let acme = bed.store().create_account(an_organization("acme", AccountId(1))).await.expect("created");
    bed.store().create_token(a_token(AccountId(1))).await.expect("created");
    bed.store().set_collaborator(RepositoryId(1), acme.id, Some(Permission::Admin)).await.expect("set");
    bed.hook(a_hook().signed_with("s3cret").calling("http://u:p@receiver.test/").build()).await;
    bed.hook(a_hook().inactive().listening_to(&["*"]).build()).await;
    let mut push = an_event("a").build();
    push.moves_refs = true;
    bed.store().accept(push).await.expect("accepted");
    let pushed = bed.store().directory().locate_by_id(RepositoryId(1)).expect("exists").repository.pushed_at;
    assert_eq!(pushed, Some(bed.now()));

    let before = format!("{:?}", sorted(&bed));
    bed.restart().await;
    assert_eq!(format!("{:?}", sorted(&bed)), before, "directory equality");
}

/// All that a directory can tell, in a fixed order.
fn sorted(bed: &Bed) -> impl std::fmt::Debug {
    let directory = bed.store().directory();
    let accounts: Vec<_> =
        [AccountKind::User, AccountKind::Organization].into_iter().flat_map(|kind| directory.accounts(kind)).collect();
    let repositories: Vec<_> = accounts.iter().flat_map(|account| directory.repositories_of(account.id)).collect();
    let members: Vec<_> = accounts.iter().map(|account| directory.members(account.id)).collect();
    let collaborators: Vec<_> = repositories.iter().map(|repository| directory.collaborators(repository.id)).collect();
    let hooks: Vec<_> = repositories
        .iter()
        .flat_map(|repository| directory.hooks_of(HookScope::Repository(repository.id), crate::bed::DIALECTS[0]))
        .map(|hook| (hook.secret.as_ref().map(|secret| secret.expose().to_owned()), hook))
        .collect();
    let principal = directory.authenticate(&TokenHash([7; 32]), bed.now());
    (accounts, repositories, members, collaborators, hooks, principal)
}
