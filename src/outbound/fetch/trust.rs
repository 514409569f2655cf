//! Whose certificates are trusted: the machine's own bundle, and what the operator adds.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::client::Resumption;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::outbound::fetch::FetchRefusal;

/// Certificates of authorities beside those of the machine.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    more: Vec<CertificateDer<'static>>,
}

/// The file holds nothing that can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum NotTrustable {
    /// It cannot be read.
    #[error("it cannot be read as PEM: {0}")]
    Unreadable(rustls_pki_types::pem::Error),
    /// It has no certificate.
    #[error("it has no certificate")]
    Empty,
    /// A certificate in it is none of an authority.
    #[error("a certificate in it cannot be trusted: {0}")]
    Certificate(rustls::Error),
}

impl Trust {
    /// With the certificates of a PEM file.
    ///
    /// # Errors
    /// [`NotTrustable`].
    pub fn with_file(file: &Path) -> Result<Self, NotTrustable> {
        let read = CertificateDer::pem_file_iter(file).map_err(NotTrustable::Unreadable)?;
        let more: Vec<_> = read.collect::<Result<_, _>>().map_err(NotTrustable::Unreadable)?;
        let mut checked = RootCertStore::empty();
        for certificate in &more {
            checked.add(certificate.clone()).map_err(NotTrustable::Certificate)?;
        }
        if more.is_empty() { Err(NotTrustable::Empty) } else { Ok(Self { more }) }
    }

    /// Reads the machine's bundle. What cannot be read in it is passed over.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, FetchRefusal> {
        let mut roots = RootCertStore::empty();
        let machine = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(machine.certs);
        roots.add_parsable_certificates(self.more.iter().cloned());
        if roots.is_empty() {
            return Err(FetchRefusal::NoTrust);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| FetchRefusal::NoTrust)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}
