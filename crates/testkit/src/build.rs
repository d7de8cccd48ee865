//! Values with only the fields a test cares about.

use bytes::Bytes;
use domain::ci::{BuildParams, NewBuild, NewCiApp, Provider, Target};
use domain::delivery::{Message, Plan, PlannedDelivery};
use domain::dialect::Sending;
use domain::directory::Directory;
use domain::event::{NewEvent, Place};
use domain::hook::{BodyFormat, DialectName, HookScope, NewHook};
use domain::id::{AccountId, CiAppId, HookId, RepositoryId, Uid};
use domain::rules::backoff::Schedule;
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use uuid::Uuid;

use crate::entropy::SeededEntropy;
use crate::time::START;

/// Repository 1 of account 1: where builders put things unless told otherwise.
pub const PLACE: Place = Place { account: AccountId(1), repository: Some(RepositoryId(1)), app: None };

/// Builds a [`NewHook`]: GitHub, JSON, `push`, active, without secret, on repository 1.
#[derive(Clone, Debug)]
pub struct AHook(NewHook);

/// A hook to be.
pub fn a_hook() -> AHook {
    AHook(NewHook {
        uid: Uid(Uuid::nil()),
        dialect: DialectName("github"),
        scope: HookScope::Repository(RepositoryId(1)),
        active: true,
        url: TargetUrl::trusted("http://receiver.test/hook".to_owned()),
        events: vec!["push".to_owned()],
        secret: None,
        credentials: None,
        headers: Vec::new(),
        format: BodyFormat::Json,
        insecure_tls: false,
        timeout: None,
        retries: None,
        extra: serde_json::Map::new(),
        creator: AccountId(1),
        app: None,
        expires_at: None,
        created_at: START,
    })
}

impl AHook {
    /// On this repository.
    #[must_use]
    pub fn on(mut self, repository: RepositoryId) -> Self {
        self.0.scope = HookScope::Repository(repository);
        self
    }

    /// Calling this URL.
    #[must_use]
    pub fn calling(mut self, url: &str) -> Self {
        self.0.url = TargetUrl::trusted(url.to_owned());
        self
    }

    /// Listening to these events.
    #[must_use]
    pub fn listening_to(mut self, events: &[&str]) -> Self {
        self.0.events = events.iter().map(|event| (*event).to_owned()).collect();
        self
    }

    /// Signing with this secret.
    #[must_use]
    pub fn signed_with(mut self, secret: &str) -> Self {
        self.0.secret = Some(Secret::new(secret));
        self
    }

    /// Switched off.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.0.active = false;
        self
    }

    /// Retrying by this schedule.
    #[must_use]
    pub fn retrying(mut self, schedule: Schedule) -> Self {
        self.0.retries = Some(schedule);
        self
    }

    /// The finished value.
    pub fn build(self) -> NewHook {
        self.0
    }
}

/// What an attempt on `acme/widgets` (repository 1 of account 1) may know, with nothing in the directory.
#[derive(Debug)]
pub struct Surroundings {
    /// Empty until filled.
    pub directory: Directory,
    entropy: SeededEntropy,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { directory: Directory::default(), entropy: SeededEntropy::new(7) }
    }
}

impl Surroundings {
    /// Attempt `number` at [`START`].
    pub fn sending(&self, number: u32) -> Sending<'_> {
        Sending {
            number,
            earlier: 0,
            redelivery: false,
            now: START,
            place: PLACE,
            content_type: "application/json",
            hops: 1,
            public_url: "http://postrider.test",
            directory: &self.directory,
            entropy: &self.entropy,
        }
    }
}

/// Builds a [`NewEvent`]: `github.push` of repository 1, `{"n":1}`, for nobody.
#[derive(Clone, Debug)]
pub struct AnEvent(NewEvent);

/// An event to be, with this CloudEvents id.
pub fn an_event(ce_id: &str) -> AnEvent {
    AnEvent(NewEvent {
        uid: uid_of(ce_id),
        source: "/repos/acme/widgets".to_owned(),
        ce_id: ce_id.to_owned(),
        kind: "github.push".to_owned(),
        subject: None,
        occurred_at: None,
        accepted_at: START,
        place: PLACE,
        content_type: "application/json".to_owned(),
        data: Bytes::from_static(b"{\"n\":1}"),
        moves_refs: false,
        plan: Plan::default(),
        topics: Vec::new(),
        hops: 0,
    })
}

impl AnEvent {
    /// With this data.
    #[must_use]
    pub fn saying(mut self, data: &str) -> Self {
        self.0.data = Bytes::copy_from_slice(data.as_bytes());
        self
    }

    /// In this repository.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = place;
        self
    }

    /// Planned for these hooks, as one message passed through.
    #[must_use]
    pub fn for_hooks(mut self, hooks: &[HookId]) -> Self {
        self.0.plan = Plan {
            messages: vec![Message {
                dialect: DialectName("github"),
                uid: self.0.uid,
                kind: "push".into(),
                action: None,
                body: self.0.data.clone(),
                passed_through: true,
            }],
            deliveries: hooks.iter().map(|hook| PlannedDelivery { hook: *hook, message: 0 }).collect(),
            direct: false,
        };
        self
    }

    /// Published in answer to a chain of so many deliveries.
    #[must_use]
    pub fn after_hops(mut self, hops: u8) -> Self {
        self.0.hops = hops;
        self
    }

    /// Its messages, planned before, in this dialect.
    #[must_use]
    pub fn in_dialect(mut self, dialect: DialectName) -> Self {
        self.0.plan.messages.iter_mut().for_each(|message| message.dialect = dialect);
        self
    }

    /// The finished value.
    pub fn build(self) -> NewEvent {
        self.0
    }
}

/// Builds a [`NewCiApp`]: `Rocket` of account 1, on GitHub, private, without a repository of ours.
#[derive(Clone, Debug)]
pub struct AnApp(NewCiApp);

/// An app to be.
pub fn an_app() -> AnApp {
    AnApp(NewCiApp {
        uid: uid_of("rocket"),
        owner: AccountId(1),
        repository: None,
        title: "Rocket".to_owned(),
        project_type: None,
        provider: Provider::GitHub,
        repo_url: "https://github.com/acme/rocket.git".to_owned(),
        is_public: false,
        default_branch: "main".to_owned(),
        manual_approval: true,
        relay: false,
        trigger_token: Secret::new("prh_trigger"),
        webhook_secret: None,
        config: None,
        created_at: START,
    })
}

impl AnApp {
    /// With another uid, that this text decides.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        self.0.uid = uid_of(name);
        name.clone_into(&mut self.0.title);
        self
    }

    /// Building this repository of ours.
    #[must_use]
    pub fn of(mut self, repository: RepositoryId) -> Self {
        self.0.repository = Some(repository);
        self
    }

    /// With this `bitrise.yml`.
    #[must_use]
    pub fn configured(mut self, config: &str) -> Self {
        self.0.config = Some(config.into());
        self
    }

    /// Whose hosts sign with this secret.
    #[must_use]
    pub fn signed_with(mut self, secret: &str) -> Self {
        self.0.webhook_secret = Some(Secret::new(secret));
        self
    }

    /// The finished value.
    pub fn build(self) -> NewCiApp {
        self.0
    }
}

/// A build of that app to be: workflow `primary` on `main`. The text decides its uid.
pub fn a_build(app: CiAppId, name: &str) -> NewBuild {
    let params = BuildParams { branch: "main".to_owned(), ..BuildParams::default() };
    let original = serde_json::to_string(&params).unwrap_or_default().into();
    NewBuild {
        uid: uid_of(name),
        app,
        target: Target::Workflow("primary".to_owned()),
        params,
        original,
        secrets: Vec::new(),
        triggered_by: None,
        triggered_at: START,
        hops: 0,
    }
}

/// A uid that depends on the text alone.
pub(crate) fn uid_of(text: &str) -> Uid {
    let folded = text.bytes().fold(7_u128, |fold, byte| fold.wrapping_mul(1_099_511_628_211) ^ u128::from(byte));
    Uid(Uuid::from_u128(folded))
}
