//! Configurations that were read already.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ci::CiApp;
use domain::id::CiAppId;

use super::config::Config;
use super::problem::Problem;

/// What all kept configurations may take together, in bytes; those that go unused longest go first.
const MAX_WEIGHT: usize = 64 * 1024 * 1024;
/// How many are kept at most: finding the one that goes looks at all of them.
const MAX_KEPT: usize = 1_000;

/// Keeps the latest configuration of each app.
#[derive(Debug, Default)]
pub(crate) struct ConfigCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    apps: HashMap<CiAppId, Entry>,
    weight: usize,
    /// Rises with each use.
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    version: u32,
    read: Read,
    weight: usize,
    used: u64,
}

/// What reading one came to: what is wrong with it is kept as well, or each request would find it anew.
type Read = Result<Arc<Config>, Arc<[Problem]>>;

impl ConfigCache {
    /// The configuration of an app; `None` if it has none. Reading happens outside the lock: two at once may both read.
    pub(crate) fn of(&self, app: &CiApp) -> Option<Result<Arc<Config>, Arc<[Problem]>>> {
        let text = app.config.as_deref()?;
        if let Some(read) = self.lock().find(app.id, app.version) {
            return Some(read);
        }
        // A configuration was right when it was saved; another version of this server may judge otherwise. Only the first
        // problem is told.
        let read = Config::parse(text).map(Arc::new).map_err(|problems| problems.into_iter().take(1).collect());
        self.lock().keep(app.id, app.version, &read);
        Some(read)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&mut self, app: CiAppId, version: u32) -> Option<Read> {
        self.clock += 1;
        let entry = self.apps.get_mut(&app).filter(|entry| entry.version == version)?;
        entry.used = self.clock;
        Some(entry.read.clone())
    }

    fn keep(&mut self, app: CiAppId, version: u32, read: &Read) {
        let weight = read.as_ref().map_or(0, |config| config.weight());
        if weight > MAX_WEIGHT {
            return;
        }
        self.drop_app(app);
        while self.weight + weight > MAX_WEIGHT || self.apps.len() >= MAX_KEPT {
            let Some(oldest) = self.apps.iter().min_by_key(|(_, entry)| entry.used).map(|(app, _)| *app) else { break };
            self.drop_app(oldest);
        }
        self.clock += 1;
        self.weight += weight;
        self.apps.insert(app, Entry { version, read: read.clone(), weight, used: self.clock });
    }

    fn drop_app(&mut self, app: CiAppId) {
        if let Some(entry) = self.apps.remove(&app) {
            self.weight -= entry.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(regexes: usize) -> Arc<Config> {
        let items = (0..regexes).map(|n| format!("{{push_branch: {{regex: 'x{n}'}}, workflow: a}}"));
        let items = items.collect::<Vec<_>>().join(", ");
        Arc::new(Config::parse(&format!("workflows: {{a: {{}}}}\ntrigger_map: [{items}]")).expect("right"))
    }

    #[test]
    fn only_the_latest_version_of_an_app_is_kept() {
        let mut kept = Kept::default();
        kept.keep(CiAppId(1), 1, &Ok(config(0)));
        kept.keep(CiAppId(1), 2, &Ok(config(0)));
        assert!(kept.find(CiAppId(1), 1).is_none() && kept.find(CiAppId(1), 2).is_some());
        assert_eq!(kept.apps.len(), 1);
    }

    #[test]
    fn what_is_wrong_with_a_configuration_is_found_once() {
        let mut kept = Kept::default();
        let problems: Read = Err(Arc::from([Problem::new("it is wrong")]));
        kept.keep(CiAppId(1), 1, &problems);
        assert!(matches!(kept.find(CiAppId(1), 1), Some(Err(found)) if found[0] == Problem::new("it is wrong")));
        kept.keep(CiAppId(1), 2, &Ok(config(0)));
        assert!(matches!(kept.find(CiAppId(1), 2), Some(Ok(_))));
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_longest_unused_goes_first() {
        let mut kept = Kept::default();
        let heavy = config(100);
        let fit = i64::try_from(MAX_WEIGHT / heavy.weight()).expect("a few");
        for app in 0..fit {
            kept.keep(CiAppId(app), 1, &Ok(Arc::clone(&heavy)));
        }
        assert!(kept.find(CiAppId(0), 1).is_some(), "just used");
        kept.keep(CiAppId(fit), 1, &Ok(heavy));
        assert!(kept.weight <= MAX_WEIGHT);
        assert!(kept.find(CiAppId(0), 1).is_some() && kept.find(CiAppId(1), 1).is_none());
        let light = config(0);
        for app in 0..2_000 {
            kept.keep(CiAppId(app), 1, &Ok(Arc::clone(&light)));
        }
        assert!(kept.apps.len() <= MAX_KEPT);
    }
}
