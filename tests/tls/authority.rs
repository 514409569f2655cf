//! An authority of a test, and what it issues.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::KeyPair;
use rcgen::PKCS_ECDSA_P256_SHA256;
use rustls_pki_types::CertificateDer;

pub const HOST: &str = "auth.example";
pub const DAY: Duration = Duration::from_secs(86_400);

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, as PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
    pub der: CertificateDer<'static>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, key()).unwrap())
    }

    pub fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub fn root_pem(&self) -> String {
        self.0.pem()
    }

    /// For `host`, for 90 days.
    pub fn issue(&self, host: &str) -> Pair {
        self.issue_until(host, SystemTime::now() + 90 * DAY)
    }

    pub fn issue_until(&self, host: &str, end: SystemTime) -> Pair {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_before = (end - 90 * DAY).into();
        params.not_after = end.into();
        let key = key();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let chain = format!("{}{}", certificate.pem(), self.0.pem());
        Pair { certificate: chain, key: key.serialize_pem(), der: certificate.der().clone() }
    }
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

/// The two files that a server is given.
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Files {
    pub fn in_folder(folder: &Path) -> Self {
        Self { certificate: folder.join("fullchain.pem"), key: folder.join("privkey.pem") }
    }

    /// One after the other, each renamed into its place.
    pub fn put(&self, pair: &Pair) {
        replace(&self.certificate, &pair.certificate);
        replace(&self.key, &pair.key);
    }
}

pub fn replace(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(&beside, file).unwrap();
}
