//! Serving: from an open installation to a server that runs until it is told to stop.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use crate::app::acme::Renewal;
use crate::app::backup::make;
use crate::app::backup::restore;
use crate::app::backup::schedule::Schedule;
use crate::app::certificates::Keeper;
pub use crate::app::certificates::tls_folder;
use crate::app::installation::Installation;
use crate::app::installation::Options;
use crate::app::operations;
use crate::app::reload;
use crate::app::reload::Reread;
use crate::app::router;
use crate::app::router::Beside;
use crate::app::running;
use crate::app::running::Commands;
use crate::app::running::Running;
use crate::app::shipping;
use crate::app::stopped::Stopped;
use crate::app::supervised;
use crate::app::supervised::Supervised;
use crate::app::upstreams;
use crate::app::upstreams::Behind;
use crate::app::webhooks;
use crate::base::clock::SystemClock;
use crate::config::Settings;
use crate::config::TlsMode;
use crate::config::TlsVersion;
use crate::http::forwarded::Forwarded;
use crate::ops::Ops;
use crate::ops::failure::Fault;
use crate::outbound::upstream::UpstreamClient;
use crate::server::Ended;
use crate::server::Limits;
use crate::server::Server;
use crate::server::Shutdown;
use crate::server::signals::Hangups;
use crate::server::signals::Signals;
use crate::telemetry::measures;
use crate::tls::acceptor;
use crate::tls::acceptor::MinVersion;

const SWEEP_EVERY: Duration = Duration::from_secs(60);
const FLUSH_EVERY: Duration = Duration::from_secs(5);
const TIDY_EVERY: Duration = Duration::from_secs(1);
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// More than this is no drift but a clock that was wrong at start.
const FAR_AHEAD: Duration = Duration::from_secs(3600);
/// How often it is looked whether a backup is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Everything that serving takes.
pub struct Serving<'a> {
    /// The configuration.
    pub settings: Arc<Settings>,
    /// The open installation.
    pub installation: &'a Installation,
    /// The operations over it.
    pub ops: Ops,
    /// Sockets that listen already.
    pub listeners: Vec<TcpListener>,
    /// The protected surfaces and what stands behind them, if there are any.
    pub behind: Option<Behind>,
    /// How far the clock was told to stand ahead of the machine's.
    pub ahead: Duration,
    /// Who started it.
    pub supervised: Supervised,
    /// What reads the configuration again; none: there is none to read.
    pub reread: Option<Reread>,
    /// What runs the commands that come over the admin socket; none: there is no socket.
    pub commands: Option<Commands>,
}

impl Serving<'_> {
    /// Serves; `announce` runs once everything is ready.
    ///
    /// # Errors
    /// Why it could not start, or that the store failed while it ran.
    pub async fn run(self, announce: impl FnOnce() -> Result<(), Stopped>) -> Result<(), Stopped> {
        let Self {
            settings,
            installation,
            ops,
            listeners,
            behind,
            ahead,
            supervised: Supervised { manager, watchdog },
            reread,
            commands,
        } = self;
        let settings = &settings;
        let signals = Signals::register().map_err(|error| Stopped::because(&error))?;
        let hangups = Hangups::register().map_err(|error| Stopped::because(&error))?;
        let keeper = Keeper::start(settings, &installation.clock)?;
        let certificates = keeper.certificates();
        let tls = acceptor::server_config(&certificates, min_version(settings))
            .map_err(|fault| Stopped::because(&fault))?;
        let (clock, entropy) = (&installation.clock, &installation.entropy);
        let forwarded = Arc::new(Forwarded::new(settings.server.trusted_proxies.clone()));
        let beside = Beside { forwarded, certificates: Arc::clone(&certificates) };
        let (protected, upstreams) =
            behind.map(|Behind { protected, clients }| (protected, clients)).unzip();
        let (time, random) = (Arc::clone(clock), Arc::clone(entropy));
        let router = router::build_beside(settings, &ops, time, random, protected, &beside)?;
        let shutdown = Shutdown::new();
        // Not waited for: it listens for the signal that cuts a stop short, to the very end.
        TaskTracker::new().spawn(signals.drive(shutdown.clone()));
        let tasks = TaskTracker::new();
        make::remove_remains(&installation.folder);
        restore::remove_remains(&installation.folder);
        if let Some(listener) =
            operations::listener(settings, &ops, &installation.folder, &certificates).await?
        {
            tasks.spawn(listener.run(shutdown.clone()));
        }
        if let Some(sink) = shipping::sink(settings) {
            tasks.spawn(shipping::run(ops.clone(), sink, shutdown.clone()));
        }
        tasks.spawn(webhooks::run(ops.clone(), shutdown.clone()));
        tasks.spawn(keep_house(ops.clone(), ahead, shutdown.clone()));
        if let Some(schedule) = Schedule::of(settings) {
            tasks.spawn(back_up(schedule, ops.clone(), shutdown.clone()));
        }
        tasks.spawn(stop_backups(ops.clone(), shutdown.clone()));
        let bell = keeper.bell();
        tasks.spawn(keeper.run(shutdown.clone()));
        if settings.tls.mode == TlsMode::Acme {
            let renewal = Renewal::new(settings, clock, entropy, Arc::clone(&certificates))?;
            tasks.spawn(renewal.run(shutdown.clone()));
        }
        ops.keep_signing_keys().await?;
        if let (Some(commands), Some(bound)) = (commands, running::bind(settings)) {
            let executor = Handle::current();
            let (settings, ops) = (Arc::clone(settings), ops.clone());
            let running = Running { ops, executor, settings, ahead, beside };
            tasks.spawn(running::listen(bound, running, commands, shutdown.clone()));
        }
        announce()?;
        manager.ready(&format!("Serving {}", settings.issuer));
        tasks.spawn(reload::run(hangups, reread, bell, manager.clone(), shutdown.clone()));
        let grace = settings.server.shutdown_grace;
        tasks.spawn(supervised::tell_of_stop(manager.clone(), grace, shutdown.clone()));
        if let Some(watchdog) = watchdog {
            let beat = supervised::heartbeat(ops.clone(), manager, watchdog, shutdown.clone());
            tasks.spawn(beat);
        }
        for client in upstreams.into_iter().flatten() {
            tasks.spawn(mind(client, shutdown.clone()));
        }
        let server = Server { listeners, tls, router, limits: limits(settings) };
        let ended = server.run(shutdown).await;
        tasks.close();
        tasks.wait().await;
        finish(&ops, ended).await
    }
}

/// Looks after an upstream: tells at start whether it can be reached, and closes what is unused.
async fn mind(client: Arc<UpstreamClient>, shutdown: Shutdown) {
    tokio::select! {
        () = shutdown.begun() => return,
        () = upstreams::tell(&client) => {}
    }
    until(shutdown, TIDY_EVERY, || {
        client.tidy();
        std::future::ready(())
    })
    .await;
}

fn min_version(settings: &Settings) -> MinVersion {
    match settings.tls.minimum_version {
        TlsVersion::Tls12 => MinVersion::Tls12,
        TlsVersion::Tls13 => MinVersion::Tls13,
    }
}

fn limits(settings: &Settings) -> Limits {
    let chosen = &settings.limits;
    Limits {
        connections: chosen.connections,
        connections_per_address: chosen.connections_per_address,
        handshake: chosen.handshake,
        header_read: chosen.headers,
        write_stall: chosen.write_stall,
        drain: settings.server.shutdown_grace,
        ..Limits::default()
    }
}

/// Sweeps what is over, writes down what is counted in memory, and stops the server if the store's
/// writer is gone. A data file that fails stops nothing: the store opens it anew by itself, and until
/// that works `/readyz` says no.
async fn keep_house(ops: Ops, ahead: Duration, shutdown: Shutdown) {
    let flushing = until(shutdown.clone(), FLUSH_EVERY, || async {
        if let Err(fault) = ops.flush_refusals().await {
            tracing::warn!(%fault, "refusals could not be written down");
        }
    });
    let sweeping = until(shutdown.clone(), SWEEP_EVERY, || sweep(&ops, ahead));
    let watching = until(shutdown.clone(), WATCH_EVERY, || {
        if ops.has_ended() {
            tracing::error!("the store's writer has ended; stopping");
            shutdown.begin();
        }
        std::future::ready(())
    });
    tokio::join!(flushing, sweeping, watching);
}

/// Writes down what is counted in memory, and has go what is over. Nothing goes and no time is noted while
/// the date is doubted, or while nobody can say whether it is.
async fn sweep(ops: &Ops, ahead: Duration) {
    if let Err(fault) = ops.flush().await {
        tracing::warn!(%fault, "counts could not be written down");
    }
    let doubted = ops.clock_doubted_since();
    if matches!(doubted, Ok(None)) {
        note_time(ops, ahead).await;
    }
    if let Err(fault) = ops.keep_signing_keys().await {
        tracing::warn!(%fault, "the signing keys could not be looked after");
    }
    let swept = match doubted {
        Ok(None) => ops.sweep().await.map(|()| operations::swept()),
        Ok(Some(_)) => {
            tracing::warn!(
                "the date is more than a year after the last that was noted, so nothing old is removed; if it is right: countersign doctor --accept-clock",
            );
            Ok(())
        }
        Err(fault) => Err(fault),
    };
    if let Err(fault) = swept {
        measures::HOUSEKEEPING.of("failed").count();
        tracing::warn!(%fault, "the sweep did not finish");
    }
    if let Err(fault) = ops.reclaim().await {
        tracing::warn!(%fault, "space could not be given back");
    }
}

/// Notes how far time has come; not while the wall clock says that ours runs further ahead than it was
/// told to, since what is noted holds for every later start.
async fn note_time(ops: &Ops, ahead: Duration) {
    if ops.now() > SystemClock::wall().plus(ahead).plus(FAR_AHEAD) {
        tracing::error!("time runs far ahead of the machine's clock; restart the server");
    } else if let Err(fault) = ops.note_time().await {
        tracing::warn!(%fault, "the time could not be noted");
    }
}

/// A backup that is being made when the server stops is given up, whoever asked for it.
async fn stop_backups(ops: Ops, shutdown: Shutdown) {
    shutdown.begun().await;
    ops.stop_backups();
}

/// Makes backups when they are due.
async fn back_up(schedule: Schedule, ops: Ops, shutdown: Shutdown) {
    let schedule = Arc::new(schedule);
    let (beginning, known) = (Arc::clone(&schedule), ops.clone());
    let _ = tokio::task::spawn_blocking(move || beginning.begin(&known)).await;
    until(shutdown, LOOK_EVERY, || {
        let (schedule, ops) = (Arc::clone(&schedule), ops.clone());
        async move {
            let known = ops.clone();
            // It tells what failed by itself, unless it fell over a page that cannot be.
            if let Err(error) = tokio::task::spawn_blocking(move || schedule.run(&ops)).await {
                known.note_failed_backup("reading the data file stopped short; see the log");
                tracing::error!(%error, "a backup could not be made");
            }
        }
    })
    .await;
}

/// Does `work` every so often until the server stops.
pub(in crate::app) async fn until<F: Future<Output = ()>>(
    shutdown: Shutdown,
    every: Duration,
    mut work: impl FnMut() -> F,
) {
    let mut tick = tokio::time::interval(every);
    tick.tick().await;
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            _ = tick.tick() => work().await,
        }
    }
}

/// What is still in memory at the end.
async fn write_all(ops: &Ops) -> Result<(), Fault> {
    ops.flush_all_refusals().await?;
    ops.flush().await
}

async fn finish(ops: &Ops, ended: Ended) -> Result<(), Stopped> {
    if let Err(fault) = write_all(ops).await {
        tracing::warn!(%fault, "counts could not be written down");
    }
    let (ended_early, sound) = (ops.has_ended(), ops.is_sound());
    ops.close();
    if ended == Ended::Cut {
        tracing::warn!("some requests were cut, since they took longer than the shutdown grace");
    }
    if ended_early {
        return Err(Stopped::because(
            &"the store's writer ended while the server ran, so it stopped",
        )
        .hint("the log says why; this is a defect, please report it"));
    }
    if !sound {
        return Err(Stopped::because(&"the data file could not be used when the server stopped")
            .hint("the log says why; free disk space if the disk is full, then start it again"));
    }
    Ok(())
}

/// Opens the installation in `folder`, away from the executor's threads: opening waits for disks.
///
/// # Errors
/// As [`Installation::open`].
pub async fn open(folder: &Path, opening: Options) -> Result<Installation, Stopped> {
    let folder = folder.to_owned();
    let opened = tokio::task::spawn_blocking(move || Installation::open(&folder, &opening)).await;
    Ok(opened.map_err(|error| Stopped::because(&error))??)
}

/// Runs the future of a whole command.
///
/// # Errors
/// What it said, or the machine gave no threads.
pub fn block_on(future: impl Future<Output = Result<(), Stopped>>) -> Result<(), Stopped> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Stopped::because(&error))?.block_on(future)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::wire;
    use crate::base::clock::ManualClock;
    use crate::base::entropy::SystemEntropy;
    use crate::config;
    use crate::config::Sources;
    use crate::crypto::keyring::Keyring;
    use crate::crypto::keyring::MasterKey;
    use crate::crypto::keyring::TokenKey;
    use crate::domain::audit::Origin;
    use crate::domain::link::LinkPurpose;
    use crate::ops::administration::clock_doubt;
    use crate::ops::administration::installation::CreateInstallation;
    use crate::ops::administration::installation::Kind;
    use crate::store::Store;
    use crate::store::tables::Links;

    #[test]
    fn while_the_date_is_doubted_nothing_old_goes_and_no_time_is_noted() {
        let wall = SystemClock::wall();
        let then = wall.minus(Duration::from_secs(400 * 86_400));
        let store = Store::in_memory().unwrap();
        let made = CreateInstallation {
            key_check: [0; 32],
            issuer: "https://localhost:8443".to_owned(),
            kind: Kind::Real,
            token_key: Vec::new(),
            now: then,
        };
        store.submit_blocking(made).unwrap();
        let clock = Arc::new(ManualClock::at(then));
        let token_key = TokenKey { version: 1, bytes: zeroize::Zeroizing::new([2; 32]) };
        let installation = Installation {
            store: store.clone(),
            keyring: Arc::new(Keyring::new(&MasterKey::new([1; 32]), &[token_key])),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::new()),
            folder: std::path::PathBuf::new(),
            is_new: true,
        };
        let settings = config::load(&Sources::default()).unwrap().settings;
        let ops = wire::ops(&settings, &installation).unwrap();
        let executor = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let link = ops.issue_link(LinkPurpose::FirstOwner, Origin::default());
        executor.block_on(link).unwrap();
        let links = || store.read(|reader| Ok(reader.all::<Links>()?.len())).unwrap();
        assert!(clock_doubt::judge_clock(&store, then, wall).unwrap());
        clock.set(wall);

        executor.block_on(sweep(&ops, Duration::ZERO));
        assert_eq!((links(), ops.last_noted().unwrap()), (1, then));
        executor.block_on(ops.accept_clock()).unwrap();
        executor.block_on(sweep(&ops, Duration::ZERO));
        assert_eq!((links(), ops.last_noted().unwrap()), (0, wall));
    }
}
