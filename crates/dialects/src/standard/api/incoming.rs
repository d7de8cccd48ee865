//! `/api/v1/apps/{slug}/incoming`: requests that hooks of git hosts have sent for an app, what was answered, and taking
//! one in again (docs/incoming.md).

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ci::{AppRole, CiApp, Incoming, IncomingFilter, TakenIn, Verdict};
use domain::id::{IncomingId, Uid};
use serde::{Deserialize, Serialize};

use super::apps::managed;
use super::caller::Caller;
use super::errors::Reject;
use super::paging::{Items, Page};
use super::request::{Names, Params};
use super::{Answer, Api, Context};
use crate::incoming::{Desk, HookProvider};

/// A request as it is listed.
#[derive(Debug, Serialize)]
pub(crate) struct IncomingJson {
    uid: String,
    provider: String,
    event: Option<String>,
    delivery_id: Option<String>,
    verdict: &'static str,
    received_at: String,
    status: u16,
    repeats: u64,
    replay_of: Option<String>,
}

impl IncomingJson {
    fn new(logged: &Incoming) -> Self {
        Self {
            uid: logged.uid.to_string(),
            provider: logged.provider.clone(),
            event: logged.event.clone(),
            delivery_id: logged.delivery_id.clone(),
            verdict: logged.verdict.as_str(),
            received_at: logged.received_at.rfc3339_millis(),
            status: logged.answer.status,
            repeats: logged.repeats,
            replay_of: logged.replay_of.map(|uid| uid.to_string()),
        }
    }
}

/// A request with everything that is known of it.
#[derive(Debug, Serialize)]
pub(crate) struct WholeJson {
    #[serde(flatten)]
    listed: IncomingJson,
    headers: Vec<(String, String)>,
    body: String,
    body_encoding: &'static str,
    answer: String,
}

impl WholeJson {
    fn new(logged: Incoming) -> Self {
        let listed = IncomingJson::new(&logged);
        let (body, body_encoding) = match std::str::from_utf8(&logged.body) {
            Ok(text) => (text.to_owned(), "utf-8"),
            Err(_) => (STANDARD.encode(&logged.body), "base64"),
        };
        Self { listed, headers: logged.headers, body, body_encoding, answer: logged.answer.body }
    }
}

/// Which requests.
#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    provider: Option<String>,
    verdict: Option<String>,
    status: Option<String>,
}

impl Which {
    fn filter(self, before: Option<i64>) -> Answer<IncomingFilter> {
        let known = |word: &String| HookProvider::parse(word).is_some();
        if self.provider.as_ref().is_some_and(|word| !known(word)) {
            return Err(Reject::bad_request("is not a provider").at("provider"));
        }
        let verdict = self.verdict.map(|word| {
            let named = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word);
            let problem = "must be verified, authenticated, failed or unattempted";
            named.ok_or_else(|| Reject::bad_request(problem).at("verdict"))
        });
        let status = self.status.map(|text| {
            statuses(&text).ok_or_else(|| Reject::bad_request("must be a status, or a class such as 4xx").at("status"))
        });
        Ok(IncomingFilter {
            before: before.map(IncomingId),
            provider: self.provider,
            verdict: verdict.transpose()?,
            status: status.transpose()?,
        })
    }
}

/// The first and the last status that `404` or `4xx` stands for.
fn statuses(text: &str) -> Option<(u16, u16)> {
    if let Some(class) = text.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some((class * 100, class * 100 + 99));
    }
    let status: u16 = text.parse().ok().filter(|status| (100..=599).contains(status))?;
    Some((status, status))
}

/// Lists requests, newest first.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Names(slug): Names<String>,
    Params(page): Params<Page>,
    Params(which): Params<Which>,
) -> Answer<Json<Items<IncomingJson>>> {
    let (app, _) = managed(&context, &caller, &slug, AppRole::Developer)?;
    let window = page.window()?;
    let found = context.ports.store.incoming(app.id, which.filter(window.from)?, window.limit + 1).await?;
    let page = &found[..found.len().min(window.limit)];
    let next = page.last().filter(|_| found.len() > page.len()).map(|last| last.id.0);
    Ok(Items::new(page.iter().map(IncomingJson::new).collect(), next))
}

/// Shows one request, with its headers, body and answer.
pub(crate) async fn show(
    State(context): Api,
    caller: Caller,
    Names((slug, uid)): Names<(String, String)>,
) -> Answer<Json<WholeJson>> {
    let (app, _) = managed(&context, &caller, &slug, AppRole::Developer)?;
    find(&context, &app, &uid).await.map(WholeJson::new).map(Json)
}

/// What came of taking a request in again.
#[derive(Debug, Serialize)]
pub(crate) struct ReplayedJson {
    replay_of: String,
    status: u16,
    answer: String,
    builds: Vec<BuildJson>,
}

#[derive(Debug, Serialize)]
struct BuildJson {
    slug: String,
    number: u64,
}

/// Takes a request in again, as a new one: with today's triggers, whatever its delivery id.
pub(crate) async fn replay(
    State(context): Api,
    caller: Caller,
    Names((slug, uid)): Names<(String, String)>,
) -> Answer<Json<ReplayedJson>> {
    let (app, _) = managed(&context, &caller, &slug, AppRole::Developer)?;
    let logged = find(&context, &app, &uid).await?;
    let desk = Desk::new(context.ports.clone(), context.settings.git_hosts.clone());
    let taken = desk.replay(&app, &logged).await?;
    let taken = taken.ok_or_else(|| Reject::conflict("the request did not show the app's webhook secret"))?;
    let (answer, builds) = match taken {
        TakenIn::Now { answer, builds, .. } => (answer, builds),
        TakenIn::Before(answer) => (answer, Vec::new()),
    };
    let builds = builds.iter().map(|build| BuildJson { slug: build.slug(), number: build.number }).collect();
    Ok(Json(ReplayedJson { replay_of: logged.uid.to_string(), status: answer.status, answer: answer.body, builds }))
}

async fn find(context: &Context, app: &CiApp, uid: &str) -> Answer<Incoming> {
    let unknown = || Reject::not_found("there is no such request");
    let uid = Uid::parse(uid).ok_or_else(unknown)?;
    let found = context.ports.store.incoming_by_uid(uid).await?;
    found.filter(|logged| logged.app == app.id).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_or_a_class() {
        assert_eq!(statuses("404"), Some((404, 404)));
        assert_eq!(statuses("4xx"), Some((400, 499)));
        for odd in ["", "xx", "6xx", "0xx", "99", "600", "-1xx"] {
            assert_eq!(statuses(odd), None, "{odd}");
        }
    }
}
