//! The private CA: for sites without a public certificate. Made on first use, kept for ten years;
//! clients trust its `ca.pem` once and every server certificate after that.
//!
//! Everything lies under one directory: `ca.pem`, `ca-key.pem`, `server.pem`, `server-key.pem`.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::ExtendedKeyUsagePurpose;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rcgen::KeyUsagePurpose;
use rcgen::PKCS_ECDSA_P256_SHA256;
use rcgen::PublicKeyData as _;
use rustls_pki_types::DnsName;
use time::OffsetDateTime;
use x509_parser::prelude::FromDer as _;
use x509_parser::prelude::X509Certificate;
use zeroize::Zeroizing;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::tls::TlsFault;
use crate::tls::durable;
use crate::tls::durable::Readers;
use crate::tls::facts;
use crate::tls::material::Material;

const CA_LIFE: Duration = Duration::from_secs(3_652 * 86_400);
/// Less than 90 days, as Mozilla's "modern" has it: it is issued anew by itself, so that costs nobody
/// anything.
const SERVER_LIFE: Duration = Duration::from_secs(90 * 86_400 - 1);
/// A server certificate with less than this left is issued anew.
const RENEW_BEFORE: Duration = Duration::from_secs(30 * 86_400);
/// Certificates begin a little in the past: clients' clocks differ.
const BACKDATED: Duration = Duration::from_secs(3_600);

/// The private CA with a server certificate that is good now.
#[derive(Debug)]
pub struct PrivateCa {
    /// The certificate that clients must trust.
    pub ca_file: PathBuf,
    /// What to serve with.
    pub material: Material,
}

/// The CA and a server certificate for `names` (and this machine's loopback names) under `dir`.
/// What is there is used again; the server certificate is issued anew when `names` changed or
/// less than 30 days remain. Call it at start and from time to time. Of several processes that call it at once
/// one works at a time.
pub fn ensure(dir: &Path, names: &[String], now: Timestamp) -> Result<PrivateCa, TlsFault> {
    let files = Files::under(dir);
    let names = subject_names(names)?;
    fs::create_dir_all(dir).map_err(|e| TlsFault::file(dir, e))?;
    let _turn = turn(dir)?;
    if !files.ca.exists() {
        make_ca(&files, now)?;
    }
    let ca = read_certificate(&files.ca)?;
    let material = match reusable(&files, &ca, &names, now) {
        Some(material) => material,
        None => {
            issue_server(&files, &ca, &names, now)?;
            Material::load(&files.server, &files.server_key, now)?
        }
    };
    Ok(PrivateCa { ca_file: files.ca, material })
}

/// A new server certificate for `names`, though the one that is there may still be good.
pub fn renew(dir: &Path, names: &[String], now: Timestamp) -> Result<PrivateCa, TlsFault> {
    let files = Files::under(dir);
    let names = subject_names(names)?;
    if !files.ca.exists() {
        return Err(TlsFault::Missing(files.ca));
    }
    let _turn = turn(dir)?;
    let ca = read_certificate(&files.ca)?;
    issue_server(&files, &ca, &names, now)?;
    let material = Material::load(&files.server, &files.server_key, now)?;
    Ok(PrivateCa { ca_file: files.ca, material })
}

/// Held while files are looked at and replaced; it goes with the process. Where the file system knows
/// no locks nobody waits: what two write at once is then a pair that does not match, and replaced.
fn turn(dir: &Path) -> Result<fs::File, TlsFault> {
    let folder = fs::File::open(dir).map_err(|e| TlsFault::file(dir, e))?;
    let _ = folder.lock();
    Ok(folder)
}

/// The files of the server's certificate and its key under `dir`.
#[must_use]
pub fn server_files(dir: &Path) -> (PathBuf, PathBuf) {
    let files = Files::under(dir);
    (files.server, files.server_key)
}

/// Where the authority's certificate lies under `dir`.
#[must_use]
pub fn ca_file(dir: &Path) -> PathBuf {
    Files::under(dir).ca
}

struct Files {
    ca: PathBuf,
    ca_key: PathBuf,
    server: PathBuf,
    server_key: PathBuf,
}

impl Files {
    fn under(dir: &Path) -> Self {
        Self {
            ca: dir.join("ca.pem"),
            ca_key: dir.join("ca-key.pem"),
            server: dir.join("server.pem"),
            server_key: dir.join("server-key.pem"),
        }
    }
}

/// A name as it stands in a certificate: lower case, an address without brackets.
type Names = BTreeSet<String>;

fn subject_names(given: &[String]) -> Result<Names, TlsFault> {
    let mut names: Names = given.iter().map(|name| subject_name(name)).collect::<Result<_, _>>()?;
    names.insert("localhost".to_owned());
    names.insert(Ipv4Addr::LOCALHOST.to_string());
    names.insert(Ipv6Addr::LOCALHOST.to_string());
    Ok(names)
}

fn subject_name(given: &str) -> Result<String, TlsFault> {
    let bare = given.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    DnsName::try_from(given)
        .map(|name| name.as_ref().to_ascii_lowercase())
        .map_err(|_| TlsFault::Name(given.to_owned()))
}

/// The key goes first: a CA certificate that clients may come to trust is never without its key.
fn make_ca(files: &Files, now: Timestamp) -> Result<(), TlsFault> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = ca_params(&key, now).self_signed(&key)?;
    write_key(&files.ca_key, &key)?;
    write_certificate(&files.ca, &certificate.pem())
}

fn ca_params(key: &KeyPair, now: Timestamp) -> CertificateParams {
    let mut params = lasting(now, CA_LIFE);
    // A part of the new random key tells two CAs of the same site apart.
    let mark = ring::digest::digest(&ring::digest::SHA256, key.der_bytes());
    let mark = encoding::hex(mark.as_ref().get(..4).unwrap_or_default());
    params.distinguished_name.push(DnType::CommonName, format!("Countersign private CA {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn issue_server(files: &Files, ca: &[u8], names: &Names, now: Timestamp) -> Result<(), TlsFault> {
    let issuer = issuer(files, ca)?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = server_params(ca, names, now, &files.ca)?.signed_by(&key, &issuer)?;
    // A crash between the two leaves a pair that does not match, which the next call replaces.
    write_key(&files.server_key, &key)?;
    write_certificate(&files.server, &certificate.pem())
}

fn issuer(files: &Files, ca: &[u8]) -> Result<Issuer<'static, KeyPair>, TlsFault> {
    let broken = || TlsFault::CaBroken(files.ca_key.clone());
    let pem = fs::read_to_string(&files.ca_key).map(Zeroizing::new).map_err(|_| broken())?;
    let key = KeyPair::from_pem(&pem).map_err(|_| broken())?;
    let (_, certificate) = X509Certificate::from_der(ca).map_err(|_| broken())?;
    if certificate.public_key().raw != key.subject_public_key_info() {
        return Err(broken());
    }
    Ok(Issuer::from_ca_cert_der(&ca.into(), key)?)
}

/// The serial number is rcgen's: 160 bits of a digest of the key, which is new each time.
fn server_params(
    ca: &[u8],
    names: &Names,
    now: Timestamp,
    ca_file: &Path,
) -> Result<CertificateParams, TlsFault> {
    let mut params = lasting(now, SERVER_LIFE);
    params.not_after = params.not_after.min(end_of(ca, ca_file)?);
    params.distinguished_name.push(DnType::CommonName, "Countersign server");
    params.subject_alt_names =
        CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?.subject_alt_names;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Parameters with an empty name that are valid from a little before `now`.
fn lasting(now: Timestamp, life: Duration) -> CertificateParams {
    let begin = now.minus(BACKDATED);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = calendar(begin);
    params.not_after = calendar(begin.plus(life));
    params
}

fn calendar(moment: Timestamp) -> OffsetDateTime {
    let seconds = i64::try_from(moment.seconds()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn end_of(ca: &[u8], path: &Path) -> Result<OffsetDateTime, TlsFault> {
    X509Certificate::from_der(ca)
        .map(|(_, certificate)| certificate.validity().not_after.to_datetime())
        .map_err(|_| TlsFault::NoCertificate(path.to_owned()))
}

/// The server certificate on disk, if it still serves: whole, from this CA, for exactly these
/// names, with enough time left.
fn reusable(files: &Files, ca: &[u8], names: &Names, now: Timestamp) -> Option<Material> {
    let material = Material::load(&files.server, &files.server_key, now).ok()?;
    let (_, leaf) = X509Certificate::from_der(material.chain().first()?).ok()?;
    let (_, ca) = X509Certificate::from_der(ca).ok()?;
    let remains = material.not_after().since(now);
    // A CA near its own end shortens its certificates: renewing them would not help.
    let due = remains < RENEW_BEFORE && leaf.validity().not_after < ca.validity().not_after;
    let same = facts::authority_key(&leaf) == facts::subject_key(&ca) && names_of(&leaf)? == *names;
    (same && !due).then_some(material)
}

fn names_of(leaf: &X509Certificate<'_>) -> Option<Names> {
    facts::names_of(leaf).map(|names| names.into_iter().collect())
}

fn read_certificate(path: &Path) -> Result<Vec<u8>, TlsFault> {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;
    let pem = fs::read(path).map_err(|e| TlsFault::file(path, e))?;
    CertificateDer::from_pem_slice(&pem)
        .map(|der| der.to_vec())
        .map_err(|_| TlsFault::NoCertificate(path.to_owned()))
}

fn write_key(path: &Path, key: &KeyPair) -> Result<(), TlsFault> {
    let pem = Zeroizing::new(key.serialize_pem());
    durable::write(path, pem.as_bytes(), Readers::Owner).map_err(|e| TlsFault::file(path, e))
}

fn write_certificate(path: &Path, pem: &str) -> Result<(), TlsFault> {
    durable::write(path, pem.as_bytes(), Readers::All).map_err(|e| TlsFault::file(path, e))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    fn names(of: &[&str]) -> Vec<String> {
        of.iter().map(|name| (*name).to_owned()).collect()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn read(dir: &Path, file: &str) -> Vec<u8> {
        fs::read(dir.join(file)).unwrap()
    }

    #[test]
    fn keys_are_readable_by_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let made = ensure(dir.path(), &names(&["auth.example"]), NOW).unwrap();
        assert_eq!(made.ca_file, dir.path().join("ca.pem"));
        assert_eq!(mode(&dir.path().join("ca-key.pem")), 0o600);
        assert_eq!(mode(&dir.path().join("server-key.pem")), 0o600);
        assert_eq!(mode(&made.ca_file), 0o644);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
    }

    #[test]
    fn what_was_made_is_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let of = names(&["auth.example", "10.0.0.5"]);
        ensure(dir.path(), &of, NOW).unwrap();
        let before = (read(dir.path(), "ca.pem"), read(dir.path(), "server.pem"));
        let reordered = names(&["10.0.0.5", "AUTH.example"]);
        ensure(dir.path(), &reordered, NOW.plus(50 * DAY)).unwrap();
        assert_eq!(before, (read(dir.path(), "ca.pem"), read(dir.path(), "server.pem")));
    }

    #[test]
    fn other_names_get_another_certificate_from_the_same_ca() {
        let dir = tempfile::tempdir().unwrap();
        ensure(dir.path(), &names(&["auth.example"]), NOW).unwrap();
        let before = (read(dir.path(), "ca.pem"), read(dir.path(), "server.pem"));
        ensure(dir.path(), &names(&["other.example"]), NOW).unwrap();
        assert_eq!(before.0, read(dir.path(), "ca.pem"));
        assert_ne!(before.1, read(dir.path(), "server.pem"));
    }

    #[test]
    fn a_certificate_with_less_than_thirty_days_is_renewed() {
        let dir = tempfile::tempdir().unwrap();
        let of = names(&["auth.example"]);
        ensure(dir.path(), &of, NOW).unwrap();
        let later = NOW.plus(61 * DAY);
        let renewed = ensure(dir.path(), &of, later).unwrap();
        assert!(renewed.material.not_after().since(later) > 85 * DAY);
    }

    #[test]
    fn a_pair_torn_by_a_crash_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let of = names(&["auth.example"]);
        ensure(dir.path(), &of, NOW).unwrap();
        fs::copy(dir.path().join("ca-key.pem"), dir.path().join("server-key.pem")).unwrap();
        ensure(dir.path(), &of, NOW).unwrap();
        assert_ne!(read(dir.path(), "ca-key.pem"), read(dir.path(), "server-key.pem"));
    }

    #[test]
    fn a_ca_that_lost_its_key_says_so_when_it_must_sign() {
        let dir = tempfile::tempdir().unwrap();
        ensure(dir.path(), &names(&["auth.example"]), NOW).unwrap();
        fs::remove_file(dir.path().join("ca-key.pem")).unwrap();
        ensure(dir.path(), &names(&["auth.example"]), NOW).unwrap();
        let fault = ensure(dir.path(), &names(&["other.example"]), NOW).unwrap_err();
        assert!(fault.to_string().contains("ca-key.pem is missing"), "{fault}");
    }

    #[test]
    fn a_name_that_no_certificate_carries_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let fault = ensure(dir.path(), &names(&["https://auth.example"]), NOW).unwrap_err();
        assert!(matches!(fault, TlsFault::Name(_)), "{fault}");
    }

    #[test]
    fn the_server_certificate_lives_less_than_ninety_days_and_says_what_it_is_for() {
        let dir = tempfile::tempdir().unwrap();
        let made = ensure(dir.path(), &names(&["auth.example", "[2001:db8::1]"]), NOW).unwrap();
        let (_, leaf) = X509Certificate::from_der(&made.material.chain()[0]).unwrap();
        let life = leaf.validity().not_after - leaf.validity().not_before;
        assert!(life.unwrap() < time::Duration::days(90));
        let expected = ["127.0.0.1", "2001:db8::1", "::1", "auth.example", "localhost"];
        assert_eq!(names_of(&leaf).unwrap(), expected.map(String::from).into());
        assert!(leaf.extended_key_usage().unwrap().unwrap().value.server_auth);
        assert!(!leaf.basic_constraints().unwrap().unwrap().value.ca);
        assert!(facts::subject_key(&leaf).is_some());
    }

    #[test]
    fn the_ca_may_sign_servers_and_nothing_below_them() {
        let dir = tempfile::tempdir().unwrap();
        let made = ensure(dir.path(), &names(&["auth.example"]), NOW).unwrap();
        let der = read_certificate(&made.ca_file).unwrap();
        let (_, ca) = X509Certificate::from_der(&der).unwrap();
        let constraints = ca.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical && constraints.value.ca);
        assert_eq!(constraints.value.path_len_constraint, Some(0));
        let usage = ca.key_usage().unwrap().unwrap();
        assert!(usage.critical && usage.value.key_cert_sign());
        assert!(ca.subject().to_string().starts_with("CN=Countersign private CA "));
    }
}
