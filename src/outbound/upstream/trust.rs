//! Which certificate authorities may vouch for an upstream.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::outbound::upstream::NotUsable;

/// Settings of TLS: those of `ca_file` alone, or else those that this machine trusts.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, NotUsable> {
    let roots = match ca_file {
        Some(file) => of_file(file)?,
        None => of_machine()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn of_file(file: &Path) -> Result<RootCertStore, NotUsable> {
    let unreadable = |why| NotUsable::CaFile { file: file.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
        roots.add(certificate.map_err(unreadable)?)?;
    }
    if roots.is_empty() { Err(NotUsable::NoCa(file.to_owned())) } else { Ok(roots) }
}

/// A bundle holds what webpki does not read: those are left out, as everywhere.
fn of_machine() -> Result<RootCertStore, NotUsable> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(NotUsable::NoRoots) } else { Ok(roots) }
}
