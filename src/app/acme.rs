//! The certificate over ACME while the server runs: asked for when there is none or two thirds of its
//! life are over, and again and again until there is one.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::app::certificates;
use crate::app::stopped::Stopped;
use crate::app::wire;
use crate::base::clock::Clock;
use crate::base::clock::Timestamp;
use crate::base::entropy::Entropy;
use crate::config::Settings;
use crate::outbound::fetch::Caller;
use crate::outbound::fetch::SystemResolver;
use crate::server::Shutdown;
use crate::tls::acceptor::Certificates;
use crate::tls::acme;
use crate::tls::acme::Acme;
use crate::tls::acme::NotIssued;
use crate::tls::material::Material;

/// How often the clock is looked at: it may be set while the server runs.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Asks for the certificate.
pub(super) struct Renewal {
    acme: Acme,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    failures: u32,
}

impl Renewal {
    /// As the settings say.
    ///
    /// # Errors
    /// The file of authorities to trust cannot be used.
    pub(super) fn new(
        settings: &Settings,
        clock: &Arc<dyn Clock>,
        entropy: &Arc<dyn Entropy>,
        certificates: Arc<Certificates>,
    ) -> Result<Self, Stopped> {
        let acme = Acme {
            directory: settings.acme.directory.to_string(),
            contacts: settings.acme.contacts.clone(),
            names: certificates::host_names(settings),
            folder: certificates::tls_folder(&settings.data.folder),
            call: call(settings, &settings.acme.directory)?,
            certificates,
        };
        let (clock, entropy) = (Arc::clone(clock), Arc::clone(entropy));
        Ok(Self { acme, clock, entropy, failures: 0 })
    }

    /// Until the server stops.
    pub(super) async fn run(mut self, shutdown: Shutdown) {
        let mut due = self.due();
        loop {
            if self.clock.now() < due {
                tokio::select! {
                    () = shutdown.begun() => return,
                    () = tokio::time::sleep(LOOK_EVERY) => continue,
                }
            }
            let issued = tokio::select! {
                () = shutdown.begun() => return,
                issued = self.acme.issue(self.clock.as_ref()) => issued,
            };
            due = match issued {
                Ok(material) => {
                    self.failures = 0;
                    let until = material.not_after().rfc3339();
                    tracing::info!(until, "the ACME server issued a certificate");
                    acme::renew_at(material.facts(), self.chance())
                }
                Err(NotIssued { fault, wait: asked }) => {
                    self.failures = self.failures.saturating_add(1);
                    let (limited, chance) = (fault.is_rate_limit(), self.chance());
                    let wait = acme::wait_after(self.failures, limited, asked, chance);
                    self.acme.certificates.note_failure(&fault);
                    let again = self.clock.now().plus(wait).rfc3339();
                    tracing::error!(%fault, again, "no certificate over ACME; the one in use stays");
                    self.clock.now().plus(wait)
                }
            };
        }
    }

    /// When the one that is kept is to be renewed; at once if it is none, or for other names.
    fn due(&self) -> Timestamp {
        let (file, now) = (acme::file(&self.acme.folder), self.clock.now());
        match Material::load(&file, &file, now) {
            Ok(kept) if self.acme.names.iter().all(|name| kept.covers(name)) => {
                acme::renew_at(kept.facts(), self.chance())
            }
            _ => now,
        }
    }

    fn chance(&self) -> u16 {
        let mut bytes = [0; 2];
        self.entropy.fill(&mut bytes);
        u16::from_be_bytes(bytes)
    }
}

/// The authority is dialled by the one who dials, and nothing but its origin.
fn call(settings: &Settings, directory: &Url) -> Result<acme::Call, Stopped> {
    let trust = wire::trust(settings)?;
    let caller = Arc::new(Caller::new(directory, trust, Arc::new(SystemResolver)));
    Ok(Arc::new(move |request| {
        let caller = Arc::clone(&caller);
        Box::pin(async move { caller.call(request).await.map_err(Into::into) })
    }))
}
