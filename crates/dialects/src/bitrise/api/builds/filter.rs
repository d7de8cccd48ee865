//! Which builds a list is to have (contract bitrise section 4).

use std::str::FromStr;

use domain::ci::{BuildFilter, BuildOrder, BuildStatus, TriggerKind};
use domain::id::Uid;
use domain::time::Timestamp;

use crate::bitrise::api::errors::Reject;
use crate::bitrise::api::paging::{Wanted, unknown_next};
use crate::http::Asked;

/// The words for the order of a list.
const ORDERS: [(&str, BuildOrder); 2] =
    [("created_at", BuildOrder::Created), ("running_first", BuildOrder::RunningFirst)];

/// The words for what triggered a build.
const KINDS: [(&str, TriggerKind); 3] =
    [("push", TriggerKind::Push), ("pull-request", TriggerKind::PullRequest), ("tag", TriggerKind::Tag)];

/// Reads the parameters of a list of builds; an empty one counts as absent.
pub(super) fn filter(asked: &Asked, wanted: &Wanted) -> Result<BuildFilter, Reject> {
    let query = Query(asked);
    Ok(BuildFilter {
        order: query.one_of("sort_by", &ORDERS)?.unwrap_or_default(),
        status: query.status()?,
        pipeline: query.parsed("is_pipeline_build", "must be true or false")?,
        ..common(asked, wanted)?
    })
}

/// Those that a list of pipelines has, too.
pub(super) fn common(asked: &Asked, wanted: &Wanted) -> Result<BuildFilter, Reject> {
    let query = Query(asked);
    Ok(BuildFilter {
        branch: query.text("branch"),
        workflow: query.text("workflow"),
        commit_message: query.text("commit_message"),
        kind: query.one_of("trigger_event_type", &KINDS)?,
        pull_request: query.parsed("pull_request_id", "must be a number")?,
        number: query.parsed("build_number", "must be a number")?,
        after: query.moment("after")?,
        before: query.moment("before")?,
        from: from(wanted)?,
        limit: wanted.limit,
        ..BuildFilter::default()
    })
}

/// The build that the wanted page begins with.
pub(super) fn from(wanted: &Wanted) -> Result<Option<Uid>, Reject> {
    wanted.next.as_deref().map(|next| Uid::parse(next).ok_or_else(unknown_next)).transpose()
}

/// The parameters of a query.
pub(super) struct Query<'a>(pub(super) &'a Asked);

impl<'a> Query<'a> {
    fn given(&self, name: &str) -> Option<&'a str> {
        self.0.query(name).filter(|text| !text.is_empty())
    }

    /// Any text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.given(name).map(str::to_owned)
    }

    /// Something that can be read from text.
    pub(super) fn parsed<T: FromStr>(&self, name: &str, rule: &str) -> Result<Option<T>, Reject> {
        let read = |text: &str| text.parse().map_err(|_| Reject::bad(format!("{name}: {rule}")));
        self.given(name).map(read).transpose()
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Reject> {
        let Some(text) = self.given(name) else { return Ok(None) };
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*meant));
        }
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        Err(Reject::bad(format!("{name}: must be one of {}", known.join(", "))))
    }

    /// Seconds since 1970.
    pub(super) fn moment(&self, name: &str) -> Result<Option<Timestamp>, Reject> {
        let seconds: Option<i64> = self.parsed(name, "must be seconds since 1970")?;
        Ok(seconds.map(|seconds| Timestamp::from_micros(seconds.saturating_mul(1_000_000))))
    }

    /// The code of a status.
    pub(super) fn status(&self) -> Result<Option<BuildStatus>, Reject> {
        let rule = "must be a number from 0 to 4";
        let Some(code) = self.parsed("status", rule)? else { return Ok(None) };
        BuildStatus::of_code(code).map(Some).ok_or_else(|| Reject::bad(format!("status: {rule}")))
    }
}
