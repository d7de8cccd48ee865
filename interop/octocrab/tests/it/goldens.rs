//! Check 40: octocrab's typed events decode every payload Postrider renders.

use std::path::Path;

use octocrab::models::webhook_events::{WebhookEvent, WebhookEventPayload, WebhookEventType};

/// Goldens octocrab 0.54.9 cannot decode although they are as GitHub documents them: file name, a part of the message
/// it fails with, why the fault is octocrab's.
const UNDECODABLE: &[(&str, &str, &str)] = &[];

#[test]
fn check_40_every_golden_decodes_as_its_event() {
    let goldens = goldens();
    assert!(goldens.len() > 40, "only {} goldens", goldens.len());
    let mut wrong = Vec::new();
    for (name, event, body) in &goldens {
        let expected = UNDECODABLE.iter().find(|(golden, ..)| golden == name);
        match (WebhookEvent::try_from_header_and_body(event, body), expected) {
            (Ok(decoded), None) => wrong.extend(complaint(name, event, &decoded)),
            (Ok(_), Some(_)) => wrong.push(format!("{name}: decodes now, take it off the list")),
            (Err(error), Some((_, message, _))) if error.to_string().contains(message) => {}
            (Err(error), _) => wrong.push(format!("{name}: {error}")),
        }
    }
    for (listed, ..) in UNDECODABLE {
        if !goldens.iter().any(|(name, ..)| name == listed) {
            wrong.push(format!("{listed}: no such golden"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is odd about a decoded event, if anything is.
fn complaint(name: &str, event: &str, decoded: &WebhookEvent) -> Option<String> {
    let typed = !matches!(decoded.kind, WebhookEventType::Unknown(_))
        && !matches!(decoded.specific, WebhookEventPayload::Unknown(_));
    let owned = decoded.repository.is_some() || decoded.organization.is_some();
    let complete = typed && owned && decoded.sender.is_some();
    (!complete).then(|| format!("{name}: {event} lost its type, its owner or its sender"))
}

/// Name, event and bytes of each golden: `{canonical type}.{n}.{event}.json`.
fn goldens() -> Vec<(String, String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/dialects/src/github/fixtures");
    let mut goldens: Vec<_> = std::fs::read_dir(folder)
        .expect("the goldens are in the repository")
        .map(|entry| {
            let path = entry.expect("readable").path();
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            let event = name.rsplit('.').nth(1).expect("an event in the name").to_owned();
            (name, event, std::fs::read(path).expect("readable"))
        })
        .collect();
    goldens.sort();
    goldens
}
