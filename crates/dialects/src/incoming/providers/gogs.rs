//! Gogs, and Gitea and Forgejo, which speak as Gogs does: pushes of branches, and new tags.

use domain::ci::BuildParams;
use serde::Deserialize;

use crate::incoming::reading::{Candidate, Commit, Given, Reading, Ref, Text, ignored, refused};
use crate::incoming::request::{JSON, Request, unsupported};

/// The header that names the event.
pub(crate) const EVENT: &str = "X-Gogs-Event";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Push {
    #[serde(rename = "ref")]
    name: Text,
    after: Text,
    commits: Given<Vec<Commit>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Create {
    #[serde(rename = "ref")]
    name: Text,
    ref_type: Text,
}

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let content_type = request.content_type()?;
    let event = request.event(EVENT)?;
    if content_type != JSON {
        return Err(unsupported(content_type));
    }
    match event {
        "push" => push(&request.json()?),
        "create" => create(&request.json()?),
        other => Err(refused(format!("Unsupported Webhook event: {other}"))),
    }
}

fn push(push: &Push) -> Reading {
    let branch = match Ref::of(&push.name) {
        Ref::Branch(branch) => branch,
        Ref::Tag(_) => return Err(ignored(format!("Ref ({}) is a tag ref", *push.name))),
        Ref::Other => return Err(ignored(format!("Ref ({}) is not a head ref", *push.name))),
    };
    let last = push.commits.iter().find(|commit| *commit.id == *push.after).ok_or_else(|| {
        refused("The commit specified by 'after' was not included in the 'commits' array - no match found")
    })?;
    let params = BuildParams {
        branch: branch.to_owned(),
        commit_hash: last.id.text(),
        commit_message: last.message.text(),
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by_nobody(params)])
}

fn create(create: &Create) -> Reading {
    if *create.ref_type != "tag" {
        return Err(ignored("Not a tag create event - ignoring"));
    }
    Ok(vec![Candidate::by_nobody(BuildParams { tag: create.name.text(), ..BuildParams::default() })])
}
