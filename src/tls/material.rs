//! A certificate chain with its key, checked: whoever holds a [`Material`] can serve with it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::FromDer as _;
use x509_parser::prelude::X509Certificate;
use zeroize::Zeroizing;

use crate::base::clock::Timestamp;
use crate::tls::TlsFault;
use crate::tls::facts;
use crate::tls::facts::Facts;

/// A certificate chain and the key of its first certificate. It exists only when the two belong
/// together, each certificate names the next as its issuer, and the first was valid when it was loaded.
#[derive(Debug, Clone)]
pub struct Material {
    certified: Arc<CertifiedKey>,
    facts: Arc<Facts>,
}

impl Material {
    /// Reads both files and checks them at `now`.
    pub fn load(certificate: &Path, key: &Path, now: Timestamp) -> Result<Self, TlsFault> {
        let chain = read_chain(certificate)?;
        let leaf = chain.first().ok_or_else(|| TlsFault::NoCertificate(certificate.to_owned()))?;
        let facts =
            Facts::of(leaf).ok_or_else(|| TlsFault::NoCertificate(certificate.to_owned()))?;
        check_validity(&facts, certificate, now)?;
        check_order(&chain, certificate)?;
        let signer = provider()
            .key_provider
            .load_private_key(read_key(key)?)
            .map_err(|_| TlsFault::NoKey(key.to_owned()))?;
        let certified = CertifiedKey::new(chain, signer);
        certified.keys_match().map_err(|_| TlsFault::Mismatch {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        })?;
        Ok(Self { certified: Arc::new(certified), facts: Arc::new(facts) })
    }

    /// The last moment at which clients accept the certificate.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.facts.not_after
    }

    /// What the server's own certificate says.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether clients that ask for `host` accept the certificate for it.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        self.facts.covers(host)
    }

    /// The chain, the server's own certificate first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }

    /// What the handshake signs with.
    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }
}

/// What the first certificate in `file` says, whether it can be served or not.
pub fn facts_in(file: &Path) -> Result<Facts, TlsFault> {
    let chain = read_chain(file)?;
    let leaf = chain.first().and_then(|leaf| Facts::of(leaf));
    leaf.ok_or_else(|| TlsFault::NoCertificate(file.to_owned()))
}

/// The one provider of primitives, always named, never taken from the process.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let pem = fs::read(path).map_err(|e| TlsFault::file(path, e))?;
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsFault::NoCertificate(path.to_owned()))
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let pem = Zeroizing::new(fs::read(path).map_err(|e| TlsFault::file(path, e))?);
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsFault::NoKey(path.to_owned()))
}

fn check_validity(facts: &Facts, path: &Path, now: Timestamp) -> Result<(), TlsFault> {
    let (from, until) = (facts.not_before, facts.not_after);
    if now < from {
        return Err(TlsFault::NotYetValid(path.to_owned(), from.rfc3339()));
    }
    // Validity ends with its last second, inclusive (RFC 5280 section 4.1.2.5).
    if now.seconds() > until.seconds() {
        return Err(TlsFault::Expired(path.to_owned(), until.rfc3339()));
    }
    Ok(())
}

/// Each certificate was signed by the one after it (RFC 5246 section 7.4.2), as far as names and marks of
/// keys tell.
fn check_order(chain: &[CertificateDer<'_>], path: &Path) -> Result<(), TlsFault> {
    let parsed: Result<Vec<_>, _> =
        chain.iter().map(|der| X509Certificate::from_der(der).map(|(_, one)| one)).collect();
    let parsed = parsed.map_err(|_| TlsFault::NoCertificate(path.to_owned()))?;
    let broken = parsed
        .iter()
        .zip(parsed.iter().skip(1))
        .position(|(lower, upper)| !names_as_issuer(lower, upper));
    match broken {
        None => Ok(()),
        Some(at) => {
            let (lower, upper) = (at + 1, at + 2);
            Err(TlsFault::OutOfOrder { file: path.to_owned(), lower, upper })
        }
    }
}

fn names_as_issuer(lower: &X509Certificate<'_>, upper: &X509Certificate<'_>) -> bool {
    let keys = (facts::authority_key(lower), facts::subject_key(upper));
    let same_key = !matches!(&keys, (Some(signed), Some(has)) if signed != has);
    same_key && lower.issuer().as_raw() == upper.subject().as_raw()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tls::private_ca;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn made() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        private_ca::ensure(dir.path(), &["auth.example".to_owned()], NOW).unwrap();
        dir
    }

    fn load(dir: &Path, certificate: &str, key: &str, now: Timestamp) -> TlsFault {
        Material::load(&dir.join(certificate), &dir.join(key), now).unwrap_err()
    }

    #[test]
    fn a_missing_file_is_named() {
        let dir = made();
        let fault = load(dir.path(), "nowhere.pem", "server-key.pem", NOW);
        assert!(matches!(fault, TlsFault::Missing(_)), "{fault}");
        assert!(fault.to_string().contains("nowhere.pem does not exist"), "{fault}");
    }

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let dir = made();
        let fault = load(dir.path(), "server-key.pem", "server-key.pem", NOW);
        assert!(matches!(fault, TlsFault::NoCertificate(_)), "{fault}");
        fs::write(dir.path().join("junk.pem"), b"\x00\xff-----BEGIN CERTIFICATE-----").unwrap();
        let fault = load(dir.path(), "junk.pem", "server-key.pem", NOW);
        assert!(matches!(fault, TlsFault::NoCertificate(_)), "{fault}");
    }

    #[test]
    fn a_file_without_a_key_is_refused() {
        let dir = made();
        let fault = load(dir.path(), "server.pem", "server.pem", NOW);
        assert!(matches!(fault, TlsFault::NoKey(_)), "{fault}");
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let dir = made();
        let fault = load(dir.path(), "server.pem", "ca-key.pem", NOW);
        assert!(matches!(fault, TlsFault::Mismatch { .. }), "{fault}");
    }

    #[test]
    fn an_expired_certificate_and_one_of_the_future_are_refused() {
        let dir = made();
        let late = NOW.plus(Duration::from_secs(398 * 86_400));
        let fault = load(dir.path(), "server.pem", "server-key.pem", late);
        assert!(matches!(fault, TlsFault::Expired(..)), "{fault}");
        let early = NOW.minus(Duration::from_secs(2 * 86_400));
        let fault = load(dir.path(), "server.pem", "server-key.pem", early);
        assert!(matches!(fault, TlsFault::NotYetValid(..)), "{fault}");
    }

    #[test]
    fn a_chain_out_of_order_is_refused_and_the_place_is_named() {
        let dir = made();
        let read = |file: &str| fs::read_to_string(dir.path().join(file)).unwrap();
        let (server, ca) = (read("server.pem"), read("ca.pem"));
        fs::write(dir.path().join("chain.pem"), format!("{server}{ca}")).unwrap();
        let key = dir.path().join("server-key.pem");
        assert!(Material::load(&dir.path().join("chain.pem"), &key, NOW).is_ok());
        fs::write(dir.path().join("chain.pem"), format!("{server}{server}{ca}")).unwrap();
        let fault = load(dir.path(), "chain.pem", "server-key.pem", NOW);
        assert!(matches!(fault, TlsFault::OutOfOrder { lower: 1, .. }), "{fault}");
        let other = made();
        fs::copy(other.path().join("ca.pem"), dir.path().join("other-ca.pem")).unwrap();
        let other = read("other-ca.pem");
        fs::write(dir.path().join("chain.pem"), format!("{server}{ca}{other}")).unwrap();
        let fault = load(dir.path(), "chain.pem", "server-key.pem", NOW);
        assert!(matches!(fault, TlsFault::OutOfOrder { lower: 2, .. }), "{fault}");
    }

    #[test]
    fn a_chain_through_another_authority_of_the_same_name_is_refused() {
        use rcgen::BasicConstraints;
        use rcgen::CertificateParams;
        use rcgen::CertifiedIssuer;
        use rcgen::DnType;
        use rcgen::IsCa;
        use rcgen::KeyPair;
        let authority = || {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, "One of two");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
        };
        let (signs, other) = (authority(), authority());
        let mut params = CertificateParams::new(vec!["auth.example".to_owned()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &signs).unwrap().pem();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("key.pem"), key.serialize_pem()).unwrap();
        let chain = dir.path().join("chain.pem");
        fs::write(&chain, format!("{leaf}{}", signs.pem())).unwrap();
        assert!(Material::load(&chain, &dir.path().join("key.pem"), NOW).is_ok());
        fs::write(&chain, format!("{leaf}{}", other.pem())).unwrap();
        let fault = load(dir.path(), "chain.pem", "key.pem", NOW);
        assert!(matches!(fault, TlsFault::OutOfOrder { lower: 1, .. }), "{fault}");
    }

    #[test]
    fn it_says_which_names_it_is_good_for() {
        let dir = made();
        let (file, key) = (dir.path().join("server.pem"), dir.path().join("server-key.pem"));
        let material = Material::load(&file, &key, NOW).unwrap();
        for host in ["auth.example", "AUTH.example", "127.0.0.1", "[::1]"] {
            assert!(material.covers(host), "{host}");
        }
        for host in ["other.example", "auth.example.evil", "10.0.0.1", ""] {
            assert!(!material.covers(host), "{host}");
        }
    }
}
