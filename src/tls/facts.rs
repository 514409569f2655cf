//! What a certificate says of itself.

use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;
use x509_parser::prelude::X509Certificate;
use x509_parser::time::ASN1Time;

use crate::base::clock::Timestamp;

/// What a certificate says, as people and metrics want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The names and addresses it is for.
    pub names: Vec<String>,
    /// Whom it is of, as a distinguished name.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// From when it is good.
    pub not_before: Timestamp,
    /// The last moment at which clients accept it.
    pub not_after: Timestamp,
    /// SHA-256 of the certificate, as browsers and `openssl x509 -fingerprint -sha256` write it.
    pub fingerprint: String,
}

impl Facts {
    /// `None`: it is no certificate.
    #[must_use]
    pub fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        Some(Self {
            names: hosts_of(&certificate),
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            not_before: moment(&validity.not_before),
            not_after: moment(&validity.not_after),
            fingerprint: fingerprint(der),
        })
    }

    /// Whether clients that ask for `host` accept the certificate for it (RFC 6125 section 6.4).
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        covered(&self.names, host)
    }
}

/// Whether a certificate for `names` is accepted for `host`.
pub(super) fn covered(names: &[String], host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    if let Ok(address) = host.parse::<IpAddr>() {
        return names.iter().any(|name| name.parse() == Ok(address));
    }
    let below = host.split_once('.').map(|(_, rest)| rest);
    names
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .any(|name| name == host || name.strip_prefix("*.").is_some_and(|rest| Some(rest) == below))
}

/// The names and addresses a certificate is for; what it has beside them is no host's.
fn hosts_of(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let names = extension.map(|extension| extension.value.general_names.iter());
    names.into_iter().flatten().filter_map(written_name).collect()
}

/// The names and addresses a certificate is for; `None` if it has one of another kind or no list.
pub(super) fn names_of(certificate: &X509Certificate<'_>) -> Option<Vec<String>> {
    let extension = certificate.subject_alternative_name().ok()??;
    extension.value.general_names.iter().map(written_name).collect()
}

/// The mark of the key that signed a certificate, if it says (RFC 5280 section 4.2.1.1).
pub(super) fn authority_key(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => Some(id.key_identifier.as_ref()?.0.to_vec()),
        _ => None,
    })
}

/// The mark of a certificate's own key, if it says (RFC 5280 section 4.2.1.2).
pub(super) fn subject_key(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

fn written_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|ip| ip.to_string()),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn fingerprint(der: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, der);
    let bytes: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

/// A moment of a certificate; one before 1970 is 1970.
pub(super) fn moment(time: &ASN1Time) -> Timestamp {
    Timestamp::from_seconds(u64::try_from(time.timestamp()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use rcgen::CertificateParams;
    use rcgen::KeyPair;
    use rcgen::SanType;

    use super::*;

    #[test]
    fn a_name_of_another_kind_hides_no_host() {
        let mut params = CertificateParams::new(vec!["auth.example".to_owned()]).unwrap();
        let uri = "spiffe://example/auth".try_into().unwrap();
        params.subject_alt_names.insert(0, SanType::URI(uri));
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let facts = Facts::of(made.der()).unwrap();
        assert_eq!(facts.names, ["auth.example"]);
        assert!(facts.covers("auth.example"));
    }
}
