//! Upstreams over TLS, with certificates right and wrong.

use std::path::Path;
use std::sync::Arc;

use countersign::app::upstreams;
use countersign::base::clock::SystemClock;
use http::StatusCode;

use crate::harness::House;
use crate::harness::Recorder;
use crate::harness::Reply;
use crate::harness::tls;
use crate::proxy::config;

async fn status(tls: Arc<rustls::ServerConfig>, host: &str, ca_file: &Path) -> StatusCode {
    let upstream = Recorder::over_tls(tls, |_, _| Reply::ok("ok")).await;
    let url = format!("https://{host}:{}", upstream.address.port());
    let more = format!("ca_file = \"{}\"", ca_file.display());
    let house = House::guarding(&config(&url, &more)).await;
    let token = house.client_token().await;
    let answer = house.call(&token, "/customers/7").await;
    let told = usize::from(answer.status == StatusCode::OK);
    assert_eq!(upstream.seen().len(), told, "a request went over a connection that is not trusted");
    answer.status
}

#[tokio::test]
async fn the_right_certificate_is_trusted_by_name_and_by_address() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, ca) = tls(folder.path(), &["localhost"]);
    assert_eq!(status(Arc::clone(&tls), "localhost", &ca).await, StatusCode::OK);
    assert_eq!(status(tls, "127.0.0.1", &ca).await, StatusCode::OK);
}

#[tokio::test]
async fn a_certificate_of_a_foreign_authority_is_not_trusted() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, ca) = tls(ours.path(), &["localhost"]);
    let (tls, _) = tls(theirs.path(), &["localhost"]);
    assert_eq!(status(tls, "localhost", &ca).await, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, ca) = foreign_name(folder.path());
    assert_eq!(status(tls, "localhost", &ca).await, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn an_expired_certificate_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, ca) = made(folder.path(), "localhost", -30);
    assert_eq!(status(tls, "localhost", &ca).await, StatusCode::BAD_GATEWAY);
    let (tls, ca) = made(folder.path(), "localhost", 30);
    assert_eq!(status(tls, "localhost", &ca).await, StatusCode::OK);
}

#[test]
fn an_authority_that_cannot_be_read_stops_the_start_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    for text in [None, Some("")] {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let flag = |key: &str, value: String| countersign::config::Flag {
            name: "test".to_owned(),
            key: key.to_owned(),
            value,
        };
        let flags = vec![
            flag("api.upstream", "https://127.0.0.1:1".to_owned()),
            flag("api.ca_file", file.display().to_string()),
        ];
        let sources = countersign::config::Sources { flags, ..Default::default() };
        let settings = countersign::config::load(&sources).unwrap().settings;
        let Err(why) = upstreams::behind(&settings) else { panic!("it starts") };
        assert!(format!("{why:?}").contains("ca.pem"), "{why:?}");
    }
}

fn foreign_name(folder: &Path) -> (Arc<rustls::ServerConfig>, std::path::PathBuf) {
    made(folder, "other.example", 30)
}

/// A certificate for `name` alone that ends so many days from now, and its authority.
fn made(folder: &Path, name: &str, days: i64) -> (Arc<rustls::ServerConfig>, std::path::PathBuf) {
    use rcgen::BasicConstraints;
    use rcgen::CertificateParams;
    use rcgen::IsCa;
    use rcgen::Issuer;
    use rcgen::KeyPair;

    let now = i64::try_from(SystemClock::wall().millis() / 1000).unwrap();
    let day =
        |from_now: i64| time::OffsetDateTime::from_unix_timestamp(now + from_now * 86_400).unwrap();
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let file = folder.join("made-ca.pem");
    std::fs::write(&file, ca_certificate.pem()).unwrap();
    let issuer = Issuer::from_params(&ca, &ca_key);
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (leaf.not_before, leaf.not_after) = (day(days.min(0) - 60), day(days));
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key.into())
        .unwrap();
    (Arc::new(tls), file)
}
