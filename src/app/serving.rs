//! Serving: from an open installation to a server that runs until it is told to stop.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::app::installation::Installation;
use crate::app::installation::Options;
use crate::app::router;
use crate::app::router::Protected;
use crate::app::stopped::Stopped;
use crate::app::supervised;
use crate::app::upstreams;
use crate::base::clock::SystemClock;
use crate::base::clock::Timestamp;
use crate::config::Settings;
use crate::config::Supervision;
use crate::config::TlsMode;
use crate::config::TlsVersion;
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
use crate::tls::acceptor::Certificates;
use crate::tls::acceptor::MinVersion;
use crate::tls::material::Material;
use crate::tls::private_ca;

const SWEEP_EVERY: Duration = Duration::from_secs(60);
const FLUSH_EVERY: Duration = Duration::from_secs(5);
const TIDY_EVERY: Duration = Duration::from_secs(1);
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// More than this is no drift but a clock that was wrong at start.
const FAR_AHEAD: Duration = Duration::from_secs(3600);
const RENEW_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Everything that serving takes.
pub struct Serving<'a> {
    /// The configuration.
    pub settings: &'a Settings,
    /// The open installation.
    pub installation: &'a Installation,
    /// The operations over it.
    pub ops: Ops,
    /// Sockets that listen already.
    pub listeners: Vec<TcpListener>,
    /// The protected surface, if there is one.
    pub protected: Option<Protected>,
    /// What stands behind it.
    pub upstreams: Vec<Arc<UpstreamClient>>,
    /// How far the clock was told to stand ahead of the machine's.
    pub ahead: Duration,
    /// Who started it.
    pub supervision: Supervision,
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
            protected,
            upstreams,
            ahead,
            supervision,
        } = self;
        let signals = Signals::register().map_err(|error| Stopped::because(&error))?;
        let hangups = Hangups::register().map_err(|error| Stopped::because(&error))?;
        let manager = supervised::manager(&supervision)?;
        let certificates = Certificates::new(&material(settings, installation)?);
        let tls = acceptor::server_config(&certificates, min_version(settings))
            .map_err(|fault| Stopped::because(&fault))?;
        let (clock, entropy) = (&installation.clock, &installation.entropy);
        let router =
            router::build(settings, &ops, Arc::clone(clock), Arc::clone(entropy), protected)?;
        let shutdown = Shutdown::new();
        // Not waited for: it listens for the signal that cuts a stop short, to the very end.
        TaskTracker::new().spawn(signals.drive(shutdown.clone()));
        let tasks = TaskTracker::new();
        tasks.spawn(keep_house(ops.clone(), ahead, shutdown.clone()));
        if settings.tls.mode == TlsMode::PrivateCa {
            let (settings, folder) = (settings.clone(), installation.folder.clone());
            let clock = Arc::clone(clock);
            let renewed = Arc::clone(&certificates);
            tasks.spawn(until(shutdown.clone(), RENEW_EVERY, move || {
                renew(&settings, &folder, clock.as_ref(), &renewed);
                std::future::ready(())
            }));
        }
        ops.keep_signing_keys().await?;
        announce()?;
        let status = format!("Serving {}", settings.issuer);
        manager.ready(&status);
        let grace = settings.server.shutdown_grace;
        tasks.spawn(supervised::tell_of_stop(manager.clone(), grace, shutdown.clone()));
        if let Some(watchdog) = supervision.watchdog {
            let beat =
                supervised::heartbeat(ops.clone(), manager.clone(), watchdog, shutdown.clone());
            tasks.spawn(beat);
        }
        let reload = reload(settings, installation, &certificates);
        tasks.spawn(supervised::reload_when_asked(
            hangups,
            manager,
            status,
            shutdown.clone(),
            reload,
        ));
        for client in upstreams {
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

/// What SIGHUP reads anew: the certificate, checked before it is shown.
fn reload(
    settings: &Settings,
    installation: &Installation,
    certificates: &Arc<Certificates>,
) -> impl Fn() -> Result<(), Stopped> + Send + 'static {
    let (settings, folder) = (settings.clone(), installation.folder.clone());
    let (clock, certificates) = (Arc::clone(&installation.clock), Arc::clone(certificates));
    move || {
        certificates.publish(&material_at(&settings, &folder, clock.now())?);
        Ok(())
    }
}

/// What the server shows: the configured files, or a certificate of the private CA.
fn material(settings: &Settings, installation: &Installation) -> Result<Material, Stopped> {
    material_at(settings, &installation.folder, installation.clock.now())
}

fn material_at(settings: &Settings, folder: &Path, now: Timestamp) -> Result<Material, Stopped> {
    let loaded = match (settings.tls.mode, &settings.tls.certificate_file, &settings.tls.key_file) {
        (TlsMode::Files, Some(certificate), Some(key)) => Material::load(certificate, key, now),
        _ => private_ca::ensure(&tls_folder(folder), &names(settings), now).map(|ca| ca.material),
    };
    loaded.map_err(|fault| Stopped::because(&fault))
}

/// Where the private CA lies under the data folder.
#[must_use]
pub fn tls_folder(data: &Path) -> PathBuf {
    data.join("tls")
}

fn names(settings: &Settings) -> Vec<String> {
    let mut names = vec![settings.issuer.host()];
    names.extend(settings.tls.names.iter().cloned());
    names
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

fn renew(
    settings: &Settings,
    folder: &Path,
    clock: &dyn crate::base::clock::Clock,
    certificates: &Certificates,
) {
    match private_ca::ensure(&tls_folder(folder), &names(settings), clock.now()) {
        Ok(ca) => certificates.publish(&ca.material),
        Err(fault) => tracing::error!(%fault, "the certificate could not be renewed"),
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
    let sweeping = until(shutdown.clone(), SWEEP_EVERY, || async {
        if let Err(fault) = ops.flush().await {
            tracing::warn!(%fault, "counts could not be written down");
        }
        note_time(&ops, ahead).await;
        if let Err(fault) = ops.keep_signing_keys().await {
            tracing::warn!(%fault, "the signing keys could not be looked after");
        }
        if let Err(fault) = ops.sweep().await {
            tracing::warn!(%fault, "the sweep did not finish");
        }
        if let Err(fault) = ops.reclaim().await {
            tracing::warn!(%fault, "space could not be given back");
        }
    });
    let watching = until(shutdown.clone(), WATCH_EVERY, || {
        if ops.has_ended() {
            tracing::error!("the store's writer has ended; stopping");
            shutdown.begin();
        }
        std::future::ready(())
    });
    tokio::join!(flushing, sweeping, watching);
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

/// Does `work` every so often until the server stops.
async fn until<F: Future<Output = ()>>(
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
