//! Starts and stops the engine's tasks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::flow::Ports;
use domain::id::HookId;
use domain::ports::Bell;
use domain::rules::breaker::Breaker;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::builds::Builds;
use crate::courier::Courier;
use crate::dispatcher::{Dispatcher, hand_back};
use crate::errands::Errands;
use crate::report::Report;
use crate::scheduler::{Snapshot, State};
use crate::settings::EngineSettings;
use crate::settler::Settler;
use crate::shared::Shared;

/// Pause between two tries to recover at start.
const RECOVER_RETRY: Duration = Duration::from_secs(1);
/// How often gauges are set.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// How long the last settlements may take once exchanges are over; then recovery repeats them.
const SETTLE_GRACE: Duration = Duration::from_secs(5);

/// The running engine.
pub struct Engine {
    ports: Ports,
    settings: Arc<EngineSettings>,
    shared: Arc<Shared>,
    settler: Arc<Settler>,
    dispatcher: Arc<Dispatcher>,
    errands: Arc<Errands>,
    builds: Arc<Builds>,
    started: watch::Receiver<bool>,
    /// Ends claiming and polling.
    stop: CancellationToken,
    /// Ends the settler, after the couriers.
    stop_settler: CancellationToken,
    tasks: Mutex<Option<Tasks>>,
}

struct Tasks {
    builds: JoinSet<()>,
    couriers: JoinSet<()>,
    loops: JoinSet<()>,
    settler: JoinSet<()>,
}

impl Engine {
    /// Starts the tasks; must be called inside a tokio runtime. The queue is recovered first, then the store's bell is
    /// connected: a delivery must not be both in memory and made into a row by recovery.
    pub fn start(ports: Ports, settings: EngineSettings) -> Self {
        let settings = Arc::new(settings);
        let mut state = State::new(settings.clone(), ports.directory().clone());
        let counting = ports.dialects.iter().filter(|dialect| dialect.counters().is_some());
        state.count_publishes(counting.map(|dialect| dialect.name()));
        let seats = settings.bulkheads.total;
        let shared = Arc::new(Shared::new(state, seats, ports.clock.clone()));
        let settler = Arc::new(Settler::new(settings.clone()));
        let dispatcher = Arc::new(Dispatcher::new(ports.clone(), shared.clone(), settings.clone()));
        let courier = Arc::new(Courier {
            ports: ports.clone(),
            settings: settings.clone(),
            shared: shared.clone(),
            settler: settler.clone(),
            report: Report::new(&ports.dialects, settings.log_attempts),
        });
        let errands = Arc::new(Errands::new(ports.clone(), shared.errands.clone()));
        let builds = Arc::new(Builds::new(ports.clone(), settings.builds.clone(), shared.builds.clone()));
        let (stop, stop_settler) = (CancellationToken::new(), CancellationToken::new());
        let (is_started, started) = watch::channel(false);

        let mut couriers = JoinSet::new();
        for seat in 0..seats {
            let courier = courier.clone();
            couriers.spawn(async move { courier.run(seat).await });
        }
        couriers.spawn({
            let courier = courier.clone();
            async move { courier.end_skipped().await }
        });
        couriers.spawn({
            let (errands, stop, mut started) = (errands.clone(), stop.clone(), started.clone());
            async move {
                // Not before recovery has freed what earlier processes had claimed.
                recovered(&mut started, &stop).await;
                errands.run(&stop).await;
            }
        });
        let mut build_task = JoinSet::new();
        build_task.spawn({
            let (builds, stop, mut started) = (builds.clone(), stop.clone(), started.clone());
            async move {
                // Not before the bell is connected.
                recovered(&mut started, &stop).await;
                builds.run(&stop).await;
            }
        });
        let mut loops = JoinSet::new();
        loops.spawn(dispatch(ports.clone(), shared.clone(), dispatcher.clone(), is_started, stop.clone()));
        loops.spawn(watch_state(courier, stop.clone()));
        let mut settler_task = JoinSet::new();
        settler_task.spawn({
            let (ports, shared, settler, stop) = (ports.clone(), shared.clone(), settler.clone(), stop_settler.clone());
            async move { settler.run(&*ports.store, &shared, &stop).await }
        });
        let tasks = Mutex::new(Some(Tasks { builds: build_task, couriers, loops, settler: settler_task }));
        Self { ports, settings, shared, settler, dispatcher, errands, builds, started, stop, stop_settler, tasks }
    }

    /// Waits until the queue is recovered and the bell connected.
    pub async fn started(&self) {
        // An error means the task is gone, which only a shutdown does.
        let _ = self.started.clone().wait_for(|started| *started).await;
    }

    /// What the store rings.
    pub fn bell(&self) -> Arc<dyn Bell> {
        self.shared.clone()
    }

    /// What is going on.
    pub fn snapshot(&self) -> Snapshot {
        snapshot(&self.shared, &self.settler)
    }

    /// Claims what is due now, without waiting for the loop: for tests that move the clock by hand.
    pub async fn tick(&self) -> domain::ports::Stored<()> {
        self.dispatcher.tick().await
    }

    /// Does the hub's tasks that are due now, without waiting for the loop: for tests that move the clock by hand.
    pub async fn run_errands(&self) -> domain::ports::Stored<()> {
        self.errands.tick().await
    }

    /// Ends leases, topics and builds whose time has come, without waiting for the minute: for tests.
    pub async fn sweep(&self) {
        self.errands.sweep().await;
        self.builds.sweep().await;
    }

    /// Ends all tasks where they stand, as a crash would: for tests.
    pub async fn abort(&self) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut tasks) = tasks else { return };
        tasks.builds.shutdown().await;
        tasks.loops.shutdown().await;
        tasks.couriers.shutdown().await;
        tasks.settler.shutdown().await;
    }

    /// Stops claiming, lets exchanges in flight finish, settles them, hands back what did not start (N-8). A second call
    /// does nothing.
    pub async fn shutdown(&self) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut tasks) = tasks else { return };
        self.stop.cancel();
        let unstarted = self.shared.with(State::close);
        self.shared.wake_all();
        hand_back(&self.ports, &unstarted).await;
        while tasks.loops.join_next().await.is_some() {}
        let finished = async { while tasks.couriers.join_next().await.is_some() {} };
        let built = async { while tasks.builds.join_next().await.is_some() {} };
        let (finished, built) =
            tokio::join!(timeout(self.settings.grace, finished), timeout(self.settings.grace, built));
        if built.is_err() {
            tracing::warn!("builds could not be ended in time; the next start does that");
            tasks.builds.shutdown().await;
        }
        if finished.is_err() {
            tracing::warn!(
                unfinished = tasks.couriers.len(),
                "exchanges did not finish in time; recovery repeats them"
            );
            tasks.couriers.shutdown().await;
        }
        self.stop_settler.cancel();
        let settled = async { while tasks.settler.join_next().await.is_some() {} };
        if timeout(SETTLE_GRACE, settled).await.is_err() {
            tracing::error!(
                unsettled = self.settler.unsettled(),
                "attempts could not be recorded; recovery repeats them"
            );
            tasks.settler.shutdown().await;
        }
    }
}

fn snapshot(shared: &Shared, settler: &Settler) -> Snapshot {
    Snapshot { unsettled: settler.unsettled(), ..shared.with(|state| state.snapshot()) }
}

/// Waits until the queue is recovered and the bell connected, or the server stops.
async fn recovered(started: &mut watch::Receiver<bool>, stop: &CancellationToken) {
    tokio::select! {
        () = async { drop(started.wait_for(|started| *started).await) } => {}
        () = stop.cancelled() => {}
    }
}

/// Recovers, puts breakers as they were, connects the bell, then dispatches until the stop.
async fn dispatch(
    ports: Ports,
    shared: Arc<Shared>,
    dispatcher: Arc<Dispatcher>,
    is_started: watch::Sender<bool>,
    stop: CancellationToken,
) {
    let recovered = tokio::select! {
        recovered = recover(&ports) => recovered,
        () = stop.cancelled() => return,
    };
    if recovered > 0 {
        tracing::info!(recovered, "deliveries found unsettled were queued again");
    }
    let breakers = tokio::select! {
        breakers = read_breakers(&ports) => breakers,
        () = stop.cancelled() => return,
    };
    shared.with(|state| {
        for (hook, version, breaker) in breakers {
            state.restore(hook, version, breaker);
        }
    });
    ports.store.set_bell(shared);
    is_started.send_replace(true);
    dispatcher.run(&stop).await;
}

async fn recover(ports: &Ports) -> u64 {
    loop {
        match ports.store.recover(ports.clock.now()).await {
            Ok(recovered) => return recovered,
            Err(error) => tracing::error!(%error, "the queue could not be recovered; trying again"),
        }
        sleep(RECOVER_RETRY).await;
    }
}

/// Breakers as they stood: a restart does not storm dead hooks (D-20).
async fn read_breakers(ports: &Ports) -> Vec<(HookId, u32, Breaker)> {
    loop {
        match ports.store.breakers().await {
            Ok(breakers) => return breakers,
            Err(error) => tracing::error!(%error, "the breakers could not be read; trying again"),
        }
        sleep(RECOVER_RETRY).await;
    }
}

/// Sets the gauges until the stop.
async fn watch_state(courier: Arc<Courier>, stop: CancellationToken) {
    loop {
        let snapshot = snapshot(&courier.shared, &courier.settler);
        let now = courier.ports.clock.now();
        courier.report.state(&snapshot, snapshot.oldest_due.map_or(Duration::ZERO, |due| now.since(due)));
        let (breakers, publishes) = courier.shared.with(|state| (state.breakers(now), state.publishes().to_vec()));
        courier.report.breakers(&breakers, &publishes);
        tokio::select! {
            () = sleep(REPORT_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}
