//! `mirror:repo_synchronized`.

use domain::canonical::{Mirror, MirrorSync, MirrorSynchronized};
use serde::Serialize;

use super::Tale;
use super::shapes::{ChangeObject, Repository};

/// The message; nobody in particular need have done it.
pub(super) fn tell(event: &MirrorSynchronized, tale: &mut Tale<'_>) {
    tale.tell("mirror:repo_synchronized", event.actor.as_ref(), |stage| Synchronized {
        mirror_server: &event.mirror,
        // The documentation writes these small; recordings do not.
        sync_type: match event.sync {
            MirrorSync::Snapshot => "SNAPSHOT",
            MirrorSync::Incremental => "INCREMENTAL",
        },
        ref_limit_exceeded: event.ref_limit_exceeded,
        repository: stage.repository(),
        changes: if event.ref_limit_exceeded { Vec::new() } else { event.refs.iter().map(ChangeObject::of).collect() },
    });
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Synchronized<'a> {
    mirror_server: &'a Mirror,
    sync_type: &'static str,
    ref_limit_exceeded: bool,
    repository: Repository<'a>,
    changes: Vec<ChangeObject<'a>>,
}
