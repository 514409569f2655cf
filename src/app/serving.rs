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
use crate::app::housekeeping;
use crate::app::housekeeping::until;
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
use crate::tls::acceptor;
use crate::tls::acceptor::MinVersion;

const TIDY_EVERY: Duration = Duration::from_secs(1);

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
        if let Some(listener) =
            operations::listener(settings, &ops, &installation.folder, &certificates).await?
        {
            tasks.spawn(listener.run(shutdown.clone()));
        }
        if let Some(sink) = shipping::sink(settings) {
            tasks.spawn(shipping::run(ops.clone(), sink, shutdown.clone()));
        }
        tasks.spawn(webhooks::run(ops.clone(), shutdown.clone()));
        tasks.spawn(housekeeping::run(ops.clone(), ahead, shutdown.clone()));
        if let Some(schedule) = Schedule::of(settings) {
            tasks.spawn(housekeeping::back_up(schedule, ops.clone(), shutdown.clone()));
        }
        tasks.spawn(housekeeping::stop_backups(ops.clone(), shutdown.clone()));
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

/// Opens the installation in `folder`, away from the executor's threads: opening waits for disks. What
/// killed backups and restores left there goes, since the data file is held now, and so does what was issued
/// while the clock was ahead.
///
/// # Errors
/// As [`Installation::open`].
pub async fn open(folder: &Path, opening: Options) -> Result<Installation, Stopped> {
    let folder = folder.to_owned();
    let open = move || {
        let opened = Installation::open(&folder, &opening)?;
        opened.forget_what_lies_ahead().map_err(|fault| Stopped::because(&fault))?;
        make::remove_remains(&folder);
        restore::remove_remains(&folder);
        Ok::<_, Stopped>(opened)
    };
    let opened = tokio::task::spawn_blocking(open).await;
    opened.map_err(|error| Stopped::because(&error))?
}

/// Runs the future of a whole command.
///
/// # Errors
/// What it said, or the machine gave no threads.
pub fn block_on(future: impl Future<Output = Result<(), Stopped>>) -> Result<(), Stopped> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Stopped::because(&error))?.block_on(future)
}
