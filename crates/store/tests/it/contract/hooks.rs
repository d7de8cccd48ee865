//! Hooks: edits, the sibling rule, secrets.

use std::sync::Arc;
use std::time::Duration;

use domain::hook::{BasicAuth, BodyFormat, Hook, HookConflict, HookScope, SiblingRule};
use domain::id::{HookId, RepositoryId};
use domain::ports::StoreError;
use domain::rules::backoff::Schedule;
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use testkit::a_hook;

use crate::bed::{Bed, DIALECTS, anything_goes};

/// No two hooks of one URL.
fn one_per_url() -> SiblingRule {
    Arc::new(|candidate, siblings| {
        let taken = siblings.iter().any(|sibling| sibling.url == *candidate.url);
        if taken { Err(HookConflict::Duplicate) } else { Ok(()) }
    })
}

pub(crate) async fn a_hook_is_edited_within_its_identity(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(1).await;
    let old = bed.store().directory().hook(hooks[0]).expect("exists");
    bed.clock.advance(Duration::from_secs(3));
    let edit = Box::new(|hook: Hook| Hook {
        id: HookId(99),
        scope: HookScope::Repository(RepositoryId(99)),
        dialect: DIALECTS[1],
        version: 40,
        active: false,
        url: TargetUrl::trusted("https://user:pass@elsewhere.test/".to_owned()),
        events: vec!["create".to_owned(), "delete".to_owned()],
        secret: Some(Secret::new("hunter2")),
        credentials: Some(BasicAuth { user: "ci".to_owned(), password: Secret::new("hunter3") }),
        format: BodyFormat::Form,
        insecure_tls: true,
        timeout: Some(Duration::from_secs(20)),
        retries: Some(Schedule::Custom(vec![1, 2])),
        extra: serde_json::Map::from_iter([("title".to_owned(), "ci".into())]),
        ..hook
    });
    let new = bed.store().update_hook(hooks[0], bed.now(), edit, anything_goes()).await.expect("edited");
    assert_eq!((new.id, new.scope, new.dialect, new.version), (old.id, old.scope, old.dialect, 2));
    assert_eq!((new.updated_at, new.created_at), (bed.now(), old.created_at));
    bed.restart().await;
    let read = bed.store().directory().hook(hooks[0]).expect("exists");
    assert_eq!(*read, *new, "every field is stored");
}

pub(crate) async fn the_sibling_rule_judges_creations_and_edits_without_the_hook_itself(bed: Bed) {
    let (bed, hooks) = bed.with_hooks(2).await;
    let taken = a_hook().calling("http://receiver.test/0").build();
    let refused = bed.store().create_hook(taken.clone(), one_per_url()).await;
    assert!(matches!(refused, Err(StoreError::Conflict(HookConflict::Duplicate))));
    let other_dialect = domain::hook::NewHook { dialect: DIALECTS[1], ..taken };
    bed.store().create_hook(other_dialect, one_per_url()).await.expect("no sibling");
    let moved = Box::new(|hook| Hook { url: TargetUrl::trusted("http://receiver.test/0".to_owned()), ..hook });
    let refused = bed.store().update_hook(hooks[1], bed.now(), moved, one_per_url()).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    let same = bed.store().update_hook(hooks[1], bed.now(), Box::new(|hook| hook), one_per_url()).await;
    assert_eq!(same.expect("is no sibling of itself").version, 2);
}

pub(crate) async fn of_many_equal_creations_at_once_one_stands(bed: Bed) {
    let bed = bed.with_repository().await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let store = bed.store().clone();
            tokio::spawn(async move { store.create_hook(a_hook().build(), one_per_url()).await })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.expect("runs") {
            Ok(_) => made += 1,
            Err(error) => assert!(matches!(error, StoreError::Conflict(_)), "{error}"),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(bed.store().directory().hook_count(), 1);
}

pub(crate) async fn a_deleted_hook_is_gone_and_its_id_never_comes_back(bed: Bed) {
    let (mut bed, hooks) = bed.with_hooks(1).await;
    bed.store().delete_hook(hooks[0]).await.expect("deleted");
    assert!(bed.store().directory().hook(hooks[0]).is_none());
    assert!(matches!(bed.store().delete_hook(hooks[0]).await, Err(StoreError::NotFound)));
    let edit = bed.store().update_hook(hooks[0], bed.now(), Box::new(|hook| hook), anything_goes()).await;
    assert!(matches!(edit, Err(StoreError::NotFound)));
    bed.restart().await;
    assert!(bed.hook(a_hook().build()).await.id > hooks[0]);
    let nowhere = bed.store().create_hook(a_hook().on(RepositoryId(99)).build(), anything_goes()).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound)));
}
