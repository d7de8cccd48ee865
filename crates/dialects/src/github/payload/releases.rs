//! `release`.

use domain::canonical::{ReleaseAction, ReleaseChanges, ReleaseEvent};
use serde::Serialize;

use super::shapes::ReleaseObject;
use super::{From, Tale};

/// Publishing is three messages on GitHub: `created` (unless it was saved as a draft before), `published`, and then
/// `released` or `prereleased`.
pub(super) fn tell(action: ReleaseAction, event: &ReleaseEvent, tale: &mut Tale<'_>) {
    let mut plain = |action, published| {
        tale.tell("release", Some(action), &event.actor, |stage| Plain {
            release: ReleaseObject::of(event, published, stage),
        });
    };
    match action {
        ReleaseAction::Created => plain("created", false),
        ReleaseAction::Deleted => plain("deleted", false),
        ReleaseAction::Unpublished => plain("unpublished", false),
        ReleaseAction::Published => {
            if !event.was_draft {
                plain("created", true);
            }
            plain("published", true);
            plain(if event.release.prerelease { "prereleased" } else { "released" }, true);
        }
        ReleaseAction::Updated => {
            if let Some(ReleaseChanges { name, body }) = &event.changes {
                let changes = Changes { name: name.as_ref().map(From::of), body: body.as_ref().map(From::of) };
                tale.tell("release", Some("edited"), &event.actor, |stage| Edited {
                    changes,
                    release: ReleaseObject::of(event, false, stage),
                });
            }
        }
    }
}

#[derive(Serialize)]
struct Plain<'a> {
    release: ReleaseObject<'a>,
}

#[derive(Serialize)]
struct Edited<'a> {
    changes: Changes<'a>,
    release: ReleaseObject<'a>,
}

#[derive(Serialize)]
struct Changes<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<From<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<From<'a>>,
}
