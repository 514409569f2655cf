//! Gathers what `doctor` judges: the machine, the files, the running server.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::admin::peer;
use crate::app::certificates;
use crate::app::installation::DATA_FILE;
use crate::app::running::Running;
use crate::base::clock::SystemClock;
use crate::base::clock::Timestamp;
use crate::config::MasterKey;
use crate::config::Settings;
use crate::domain::checkup::Finding;
use crate::domain::checkup::certificate;
use crate::domain::checkup::clock;
use crate::domain::checkup::clock::Clocks;
use crate::domain::checkup::disk;
use crate::domain::checkup::disk::FileSystem;
use crate::domain::checkup::files;
use crate::domain::checkup::files::Looked;
use crate::domain::checkup::issuer;
use crate::domain::checkup::proxy;
use crate::ops::Ops;
use crate::ops::failure::Fault;
use crate::outbound::reach;
use crate::tls::acme;
use crate::tls::material::Material;
use crate::tls::standing::Source;

/// What can be looked at without the data file. Whoever asks in a running server is its user.
#[must_use]
pub fn of_the_machine(settings: &Settings, running: Option<&Running>) -> Vec<Finding> {
    let folder = &settings.data.folder;
    let owner = || fs::metadata(folder).ok().map(|folder| peer::user(folder.uid()));
    let server = running.map(|_| peer::own()).or_else(owner).unwrap_or_else(peer::own);
    let mut seen = Seen::at(settings);
    let mut found = match running {
        Some(running) => certificate_in_use(running),
        None if peer::may_call(peer::own().uid(), server.uid()) => {
            certificate_of(settings, SystemClock::wall())
        }
        // Somebody else cannot tell whether the server can use it.
        None => {
            seen.unseen.push(certificates::files(settings).1.display().to_string());
            Vec::new()
        }
    };
    found.extend(files::judge(&seen.files, &seen.unseen, server));
    found.extend(file_system(folder).map(disk::judge).unwrap_or_default());
    found
}

/// The clock, as the data file and the running server have it.
///
/// # Errors
/// The store failed.
pub fn of_the_clock(ops: &Ops, running: Option<&Running>) -> Result<Vec<Finding>, Fault> {
    Ok(clock::judge(Clocks {
        wall: SystemClock::wall(),
        server: running.map(|running| running.ops.now().minus(running.ahead)),
        noted: ops.last_noted()?,
        doubted_since: ops.clock_doubted_since()?,
    }))
}

/// What only a running server knows.
pub async fn of_the_server(running: &Running) -> Vec<Finding> {
    let name = &running.settings.issuer;
    let reached = reach::reach(&name.host(), name.port()).await;
    vec![proxy::judge(running.beside.forwarded.seen()), issuer::judge(name.as_str(), reached)]
}

/// The file system under `folder`.
#[must_use]
pub fn file_system(folder: &Path) -> Option<FileSystem> {
    let kind = rustix::fs::statfs(folder).ok()?;
    let space = rustix::fs::statvfs(folder).ok()?;
    Some(FileSystem {
        magic: u64::try_from(kind.f_type).unwrap_or_default(),
        total: space.f_blocks.saturating_mul(space.f_frsize),
        free: space.f_bavail.saturating_mul(space.f_frsize),
    })
}

/// The one that a running server shows.
fn certificate_in_use(running: &Running) -> Vec<Finding> {
    let standing = running.beside.certificates.standing();
    let facts = certificate::Facts {
        from: standing.not_before,
        until: standing.not_after,
        temporary: standing.source == Source::Temporary,
        covers: standing.covers(&running.settings.issuer.host()),
        names: standing.names,
        renews: standing.source.renews_itself(),
        refused: standing.last_error,
    };
    certificate::judge(&facts, &running.settings.issuer.host(), SystemClock::wall())
}

/// The one that the next start would show.
fn certificate_of(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    let (certificate, key, source) = certificates::files(settings);
    let (renews, host) = (source.renews_itself(), settings.issuer.host());
    if renews && !certificate.exists() {
        return vec![Finding::good("certificate", "the server sees to one when it starts")];
    }
    match Material::load(&certificate, &key, now) {
        Ok(material) => {
            let said = material.facts();
            let facts = certificate::Facts {
                from: said.not_before,
                until: said.not_after,
                names: said.names.clone(),
                covers: said.covers(&host),
                renews,
                temporary: false,
                refused: None,
            };
            certificate::judge(&facts, &host, now)
        }
        Err(fault) => {
            let fix = if renews {
                "start the server, which sees to a new one; its log says if it cannot"
            } else {
                "put a certificate and its own key where tls.certificate_file and tls.key_file say"
            };
            vec![Finding::attention("certificate.unusable", fault.to_string(), fix)]
        }
    }
}

/// The files of an installation, as far as they can be looked at.
#[derive(Default)]
struct Seen {
    files: Vec<Looked>,
    unseen: Vec<String>,
}

impl Seen {
    fn at(settings: &Settings) -> Self {
        let mut seen = Self::default();
        let folder = &settings.data.folder;
        seen.look(folder, 0o077, 0o700, true);
        seen.look(&folder.join(DATA_FILE), 0o077, 0o600, true);
        seen.look(&settings.admin_socket(), 0o077, 0o600, true);
        match settings.master_key() {
            MasterKey::InFolder(key) => seen.look(&key, 0o077, 0o400, true),
            MasterKey::Named(key) => seen.look(&key, 0o007, 0o400, false),
            // systemd's own to guard.
            MasterKey::Credential(_) => {}
        }
        let (_, key, source) = certificates::files(settings);
        if source == Source::Files {
            seen.look(&key, 0o007, 0o640, false);
        } else {
            let tls = certificates::tls_folder(folder);
            let own = [key, tls.join("ca-key.pem"), acme::account_file(&tls)];
            own.iter().for_each(|key| seen.look(key, 0o077, 0o600, true));
        }
        if let Some(passphrase) = &settings.backup.passphrase_file {
            seen.look(passphrase, 0o007, 0o400, false);
        }
        seen
    }

    /// One that is not there is no matter here: whoever needs it says so.
    fn look(&mut self, path: &Path, closed: u32, wanted: u32, ours: bool) {
        let shown = path.display().to_string();
        match fs::metadata(path) {
            Ok(there) => {
                let (mode, owner) = (there.mode() & 0o7777, peer::user(there.uid()));
                self.files.push(Looked { path: shown, mode, owner, closed, wanted, ours });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => self.unseen.push(shown),
        }
    }
}
