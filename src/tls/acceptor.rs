//! What the handshake offers, and the certificate it shows, which may change while serving.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use rustls::ServerConfig;
use rustls::server::ClientHello;
use rustls::server::NoServerSessionStorage;
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;

use crate::telemetry::measures;
use crate::tls::TlsFault;
use crate::tls::material;
use crate::tls::material::Material;
use crate::tls::standing::Source;
use crate::tls::standing::TlsStanding;

/// The oldest protocol version that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MinVersion {
    /// TLS 1.2 and 1.3.
    #[default]
    Tls12,
    /// TLS 1.3 alone.
    Tls13,
}

/// The certificate in use. New material is published whole or not at all: a [`Material`] was
/// checked when it was loaded, and a handshake sees the old one or the new one.
#[derive(Debug)]
pub struct Certificates(RwLock<Served>);

#[derive(Debug)]
struct Served {
    material: Material,
    source: Source,
    reloads: u64,
    failures: u64,
    last_error: Option<String>,
}

impl Certificates {
    /// Starts with `material` of our own authority.
    #[must_use]
    pub fn new(material: &Material) -> Arc<Self> {
        Self::of(material, Source::PrivateCa)
    }

    /// Starts with `material`.
    #[must_use]
    pub fn of(material: &Material, source: Source) -> Arc<Self> {
        shows(material);
        let material = material.clone();
        let served = Served { material, source, reloads: 0, failures: 0, last_error: None };
        Arc::new(Self(RwLock::new(served)))
    }

    /// Every handshake from here on shows `material`; connections that stand are left alone. Whether
    /// it is another than before.
    pub fn publish(&self, material: &Material, source: Source) -> bool {
        let mut served = self.0.write().unwrap_or_else(PoisonError::into_inner);
        served.last_error = None;
        served.source = source;
        let is_new = served.material.chain() != material.chain();
        if is_new {
            served.material = material.clone();
            served.reloads += 1;
            shows(material);
            measures::CERTIFICATE_RELOADS.of("published").count();
        }
        is_new
    }

    /// Newer material was not to be had, and why; what is in use stays.
    pub fn note_failure(&self, why: &dyn std::fmt::Display) {
        let mut served = self.0.write().unwrap_or_else(PoisonError::into_inner);
        served.failures += 1;
        measures::CERTIFICATE_RELOADS.of("refused").count();
        served.last_error = Some(why.to_string());
    }

    /// How the certificate in use stands.
    #[must_use]
    pub fn standing(&self) -> TlsStanding {
        let served = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let facts = served.material.facts();
        TlsStanding {
            source: served.source,
            names: facts.names.clone(),
            issuer: facts.issuer.clone(),
            fingerprint: facts.fingerprint.clone(),
            not_before: facts.not_before,
            not_after: facts.not_after,
            reloads: served.reloads,
            failures: served.failures,
            last_error: served.last_error.clone(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown, never reckoned with")]
fn shows(material: &Material) {
    measures::CERTIFICATE_ENDS.set(material.not_after().seconds() as f64);
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let served = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(served.material.certified())
    }
}

/// The settings of every TLS connection: our order of cipher suites, HTTP/2 before HTTP/1.1.
///
/// Sessions are not resumed: a full handshake costs a tenth of a millisecond, and without
/// tickets no key lies around whose theft would open recorded connections.
pub fn server_config(
    certificates: &Arc<Certificates>,
    oldest: MinVersion,
) -> Result<Arc<ServerConfig>, TlsFault> {
    let versions: &[_] = match oldest {
        MinVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        MinVersion::Tls13 => &[&rustls::version::TLS13],
    };
    let resolver: Arc<Certificates> = Arc::clone(certificates);
    let mut config = ServerConfig::builder_with_provider(material::provider())
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ignore_client_order = true;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use rustls::ClientConfig;
    use rustls::ProtocolVersion;
    use rustls::RootCertStore;
    use rustls::SupportedProtocolVersion;
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::ServerName;
    use rustls_pki_types::pem::PemObject as _;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::base::clock::SystemClock;
    use crate::tls::private_ca;
    use crate::tls::private_ca::PrivateCa;

    fn made(dir: &tempfile::TempDir, name: &str) -> PrivateCa {
        private_ca::ensure(dir.path(), &[name.to_owned()], SystemClock::wall()).unwrap()
    }

    /// The version agreed on and the certificate shown.
    async fn shake(
        server: &Arc<ServerConfig>,
        ca: &PrivateCa,
        version: &'static SupportedProtocolVersion,
        name: &str,
    ) -> std::io::Result<(ProtocolVersion, Vec<u8>)> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&ca.ca_file).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(material::provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (near, far) = tokio::io::duplex(64 * 1024);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connecting = TlsConnector::from(Arc::new(client)).connect(name, near);
        let accepting = TlsAcceptor::from(Arc::clone(server)).accept(far);
        let (connected, _) = tokio::join!(connecting, accepting);
        let connected = connected?;
        let session = connected.get_ref().1;
        let shown = session.peer_certificates().unwrap()[0].to_vec();
        Ok((session.protocol_version().unwrap(), shown))
    }

    #[tokio::test]
    async fn both_versions_are_spoken_by_default() {
        let dir = tempfile::tempdir().unwrap();
        let ca = made(&dir, "auth.example");
        let server = server_config(&Certificates::new(&ca.material), MinVersion::Tls12).unwrap();
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let (spoken, _) = shake(&server, &ca, version, "auth.example").await.unwrap();
            assert_eq!(spoken, version.version);
        }
        assert!(shake(&server, &ca, &rustls::version::TLS13, "127.0.0.1").await.is_ok());
        assert!(shake(&server, &ca, &rustls::version::TLS13, "::1").await.is_ok());
        assert!(shake(&server, &ca, &rustls::version::TLS13, "other.example").await.is_err());
    }

    #[tokio::test]
    async fn tls_1_2_is_refused_where_1_3_is_the_oldest() {
        let dir = tempfile::tempdir().unwrap();
        let ca = made(&dir, "auth.example");
        let server = server_config(&Certificates::new(&ca.material), MinVersion::Tls13).unwrap();
        assert!(shake(&server, &ca, &rustls::version::TLS12, "auth.example").await.is_err());
        assert!(shake(&server, &ca, &rustls::version::TLS13, "auth.example").await.is_ok());
    }

    #[tokio::test]
    async fn a_published_certificate_is_shown_from_the_next_handshake_on() {
        let dir = tempfile::tempdir().unwrap();
        let ca = made(&dir, "auth.example");
        let certificates = Certificates::new(&ca.material);
        let server = server_config(&certificates, MinVersion::Tls12).unwrap();
        let before = shake(&server, &ca, &rustls::version::TLS13, "auth.example").await.unwrap();
        let renewed = made(&dir, "new.example");
        assert!(certificates.publish(&renewed.material, Source::PrivateCa));
        let after = shake(&server, &ca, &rustls::version::TLS13, "new.example").await.unwrap();
        assert_ne!(before.1, after.1);
    }

    #[test]
    fn the_standing_tells_of_reloads_and_failures() {
        let dir = tempfile::tempdir().unwrap();
        let ca = made(&dir, "auth.example");
        let certificates = Certificates::new(&ca.material);
        assert!(!certificates.publish(&ca.material, Source::PrivateCa));
        certificates.note_failure(&"the disk is full");
        let standing = certificates.standing();
        assert_eq!((standing.reloads, standing.failures), (0, 1));
        assert_eq!(standing.last_error.as_deref(), Some("the disk is full"));
        let before = standing.fingerprint;
        certificates.publish(&made(&dir, "new.example").material, Source::Acme);
        let standing = certificates.standing();
        assert_eq!((standing.reloads, standing.failures, standing.last_error), (1, 1, None));
        assert_eq!(standing.source, Source::Acme);
        assert_ne!(standing.fingerprint, before);
        assert!(standing.names.contains(&"new.example".to_owned()));
    }
}
