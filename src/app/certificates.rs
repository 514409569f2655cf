//! The certificate while the server runs: looked for anew, renewed, and told of before it ends.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::app::stopped::Stopped;
use crate::base::clock::Clock;
use crate::config::Settings;
use crate::config::TlsMode;
use crate::server::Shutdown;
use crate::tls::TlsFault;
use crate::tls::acceptor::Certificates;
use crate::tls::acme;
use crate::tls::expiry::Warnings;
use crate::tls::material::Material;
use crate::tls::private_ca;
use crate::tls::standing::Source;
use crate::tls::watched::Look;
use crate::tls::watched::Watched;

/// New material is in use within a second of being whole.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const RENEW_EVERY: Duration = Duration::from_secs(3600);

/// Where the private CA lies under the data folder.
#[must_use]
pub fn tls_folder(data: &Path) -> PathBuf {
    data.join("tls")
}

/// The names that the private CA's certificate is asked for.
#[must_use]
pub fn names(settings: &Settings) -> Vec<String> {
    let mut names = vec![settings.issuer.host()];
    names.extend(settings.tls.names.iter().cloned());
    names
}

/// Those of them that are no addresses: what is asked for over ACME.
#[must_use]
pub fn host_names(settings: &Settings) -> Vec<String> {
    let is_name =
        |name: &String| name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_err();
    names(settings).into_iter().filter(is_name).collect()
}

/// The files that are served, and where they come from.
#[must_use]
pub fn files(settings: &Settings) -> (PathBuf, PathBuf, Source) {
    let given = (settings.tls.mode, &settings.tls.certificate_file, &settings.tls.key_file);
    if let (TlsMode::Files, Some(certificate), Some(key)) = given {
        return (certificate.clone(), key.clone(), Source::Files);
    }
    let folder = tls_folder(&settings.data.folder);
    if settings.tls.mode == TlsMode::Acme {
        let file = acme::file(&folder);
        return (file.clone(), file, Source::Acme);
    }
    let (certificate, key) = private_ca::server_files(&folder);
    (certificate, key, Source::PrivateCa)
}

/// Looks after the certificate in use.
pub(super) struct Keeper {
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    certificates: Arc<Certificates>,
    source: Source,
    watched: Watched,
    warnings: Warnings,
    renewed: Option<Instant>,
    bell: Bell,
    rung: mpsc::Receiver<oneshot::Sender<()>>,
}

/// Has the keeper look at once.
#[derive(Clone)]
pub(super) struct Bell(mpsc::Sender<oneshot::Sender<()>>);

impl Bell {
    /// Returns when it has looked, or looks no more.
    pub(super) async fn look_now(&self) {
        let (looked, done) = oneshot::channel();
        if self.0.send(looked).await.is_ok() {
            let _ = done.await;
        }
    }
}

impl Keeper {
    /// With what the configuration says is served.
    ///
    /// # Errors
    /// There is nothing to start with.
    pub(super) fn start(settings: &Arc<Settings>, clock: &Arc<dyn Clock>) -> Result<Self, Stopped> {
        let (certificate, key, source) = files(settings);
        let load = || Material::load(&certificate, &key, clock.now());
        let (loaded, first) = match source {
            Source::Files => (load(), source),
            Source::Acme => match load() {
                Ok(kept) => (Ok(kept), source),
                Err(fault) => {
                    tracing::warn!(%fault, "a temporary certificate of the private CA is served until the ACME server has issued one");
                    (ensure(settings, clock.as_ref()), Source::Temporary)
                }
            },
            _ => (ensure(settings, clock.as_ref()), source),
        };
        let material = loaded.map_err(|fault| Stopped::because(&fault))?;
        warn_of_host(settings, &material);
        let (bell, rung) = mpsc::channel(1);
        Ok(Self {
            settings: Arc::clone(settings),
            clock: Arc::clone(clock),
            certificates: Certificates::of(&material, first),
            source,
            watched: Watched::new(certificate, key),
            warnings: Warnings::default(),
            renewed: None,
            bell: Bell(bell),
            rung,
        })
    }

    /// What has it look at once.
    pub(super) fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// What the handshake shows.
    pub(super) fn certificates(&self) -> Arc<Certificates> {
        Arc::clone(&self.certificates)
    }

    /// Until the server stops. Files are read on a thread where waiting for a disk does no harm.
    pub(super) async fn run(mut self, shutdown: Shutdown) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                () = shutdown.begun() => return,
                asked = self.rung.recv() => asked,
                _ = tick.tick() => None,
            };
            let by_somebody = asked.is_some();
            let turn = tokio::task::spawn_blocking(move || {
                self.turn(by_somebody);
                self
            });
            match turn.await {
                Ok(back) => {
                    self = back;
                    // Whoever waits no longer need not be told.
                    let _ = asked.map(|looked| looked.send(()));
                }
                Err(error) => {
                    tracing::error!(%error, "the certificate is looked after no more; restart the server");
                    return;
                }
            }
        }
    }

    fn turn(&mut self, asked: bool) {
        self.renew_if_due();
        let (now, at) = (self.clock.now(), Instant::now().into_std());
        let look = if asked { self.watched.look_now(now, at) } else { self.watched.look(now, at) };
        self.take(look, asked);
        self.warn();
    }

    /// The private CA's certificate is renewed into its files, from where it is taken as any other.
    fn renew_if_due(&mut self) {
        let is_due = self.renewed.is_none_or(|last| last.elapsed() >= RENEW_EVERY);
        if self.source != Source::PrivateCa || !is_due {
            return;
        }
        self.renewed = Some(Instant::now());
        if let Err(fault) = ensure(&self.settings, self.clock.as_ref()) {
            self.certificates.note_failure(&fault);
            tracing::error!(%fault, "the certificate could not be renewed");
        }
    }

    fn take(&self, look: Look, asked: bool) {
        match look {
            Look::Nothing => {}
            // There is none yet: the one who asks for it tells why.
            Look::Fault(_) if self.certificates.standing().source == Source::Temporary => {}
            Look::Fault(fault) => {
                self.certificates.note_failure(&fault);
                tracing::error!(%fault, "the new certificate is refused; the one in use stays");
            }
            Look::Good(material) => {
                let is_new = self.certificates.publish(&material, self.source);
                let facts = material.facts();
                let (until, fingerprint) = (facts.not_after.rfc3339(), &facts.fingerprint);
                if is_new {
                    tracing::info!(until, fingerprint, "a new certificate is in use");
                    warn_of_host(&self.settings, &material);
                } else if asked {
                    tracing::info!(until, fingerprint, "the certificate is the same as before");
                }
            }
        }
    }

    fn warn(&mut self) {
        let standing = self.certificates.standing();
        let Some(days) = self.warnings.due(&standing, self.clock.now()) else { return };
        let until = standing.not_after.rfc3339();
        let source = standing.source.as_str();
        match days {
            0 => tracing::error!(until, source, "the certificate has expired: clients refuse it"),
            1..=3 => tracing::error!(until, source, days, "the certificate expires very soon"),
            _ => tracing::warn!(until, source, days, "the certificate expires soon"),
        }
    }
}

fn ensure(settings: &Settings, clock: &dyn Clock) -> Result<Material, TlsFault> {
    let folder = tls_folder(&settings.data.folder);
    private_ca::ensure(&folder, &names(settings), clock.now()).map(|ca| ca.material)
}

fn warn_of_host(settings: &Settings, material: &Material) {
    let host = settings.issuer.host();
    if !material.covers(&host) {
        let names = material.facts().names.join(", ");
        tracing::warn!(
            host,
            names,
            "the certificate is not for the issuer's host: clients refuse it"
        );
    }
}
