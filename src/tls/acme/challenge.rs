//! The certificate that proves to the authority that this server answers for a name (RFC 8737
//! section 3): it names only that name and carries the digest of the key authorization.

use std::sync::Arc;

use rcgen::CertificateParams;
use rcgen::CustomExtension;
use rcgen::KeyPair;
use rcgen::PKCS_ECDSA_P256_SHA256;
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivatePkcs8KeyDer;

use crate::tls::acme::AcmeFault;
use crate::tls::material;

/// For `name`, proving `digest`.
pub(super) fn certificate(
    name: &str,
    digest: impl AsRef<[u8]>,
) -> Result<Arc<CertifiedKey>, AcmeFault> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
    let certificate = params.self_signed(&key)?;
    let signer = PrivatePkcs8KeyDer::from(key.serialize_der());
    let signer = material::provider()
        .key_provider
        .load_private_key(signer.into())
        .map_err(|_| AcmeFault::Making(rcgen::Error::RemoteKeyError))?;
    Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signer)))
}
