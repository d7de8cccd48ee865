//! Accounts at git hosts.

use domain::ci::{GitAccount, GitHost};
use domain::id::AccountId;
use domain::ports::StoreError;
use domain::secret::Secret;

use crate::bed::{Bed, a_user};

const OCTO: AccountId = AccountId(1);

fn at(host: GitHost, token: &str, bed: &Bed) -> GitAccount {
    GitAccount {
        owner: OCTO,
        host,
        api: "https://git.test/api".to_owned(),
        user: Some("octo@git.test".to_owned()),
        token: Secret::new(token),
        created_at: bed.now(),
    }
}

pub(crate) async fn an_account_has_one_credential_for_each_host_and_the_newest_counts(bed: Bed) {
    let mut bed = bed.with_repository().await;
    assert_eq!(bed.store().git_account(OCTO, GitHost::GitHub).await.expect("reads"), None);
    let bitbucket = at(GitHost::Bitbucket, "one", &bed);
    bed.store().set_git_account(bitbucket.clone()).await.expect("set");
    bed.store().set_git_account(at(GitHost::GitHub, "two", &bed)).await.expect("set");
    let newest = GitAccount { user: None, api: "https://other.test".to_owned(), ..at(GitHost::GitHub, "three", &bed) };
    bed.store().set_git_account(newest.clone()).await.expect("set");
    for _ in 0..2 {
        assert_eq!(bed.store().git_account(OCTO, GitHost::GitHub).await.expect("reads"), Some(newest.clone()));
        let all = bed.store().git_accounts(OCTO).await.expect("lists");
        assert_eq!(all, [newest.clone(), bitbucket.clone()], "in the order of hosts");
        bed.restart().await;
    }
    let nobody = GitAccount { owner: AccountId(99), ..newest };
    assert!(matches!(bed.store().set_git_account(nobody).await, Err(StoreError::NotFound)));
}

pub(crate) async fn a_credential_is_removed_once_and_goes_with_its_account(bed: Bed) {
    let bed = bed.with_repository().await;
    let store = bed.store();
    let mona = store.create_account(a_user("mona")).await.expect("created").id;
    store.set_git_account(at(GitHost::GitLab, "one", &bed)).await.expect("set");
    store.set_git_account(GitAccount { owner: mona, ..at(GitHost::GitLab, "two", &bed) }).await.expect("set");
    store.remove_git_account(OCTO, GitHost::GitLab).await.expect("removed");
    assert!(matches!(store.remove_git_account(OCTO, GitHost::GitLab).await, Err(StoreError::NotFound)));
    assert_eq!(store.git_accounts(OCTO).await.expect("lists"), []);
    assert!(store.git_account(mona, GitHost::GitLab).await.expect("reads").is_some(), "another's stays");
    store.delete_account(mona).await.expect("deleted");
    assert_eq!(store.git_accounts(mona).await.expect("lists"), []);
}
