//! `countersign tls`, beside a server that runs.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

use crate::authority::Authority;
use crate::authority::DAY;
use crate::authority::Files;
use crate::authority::HOST;
use crate::client::Client;
use crate::program;
use crate::program::LONG;
use crate::program::Program;

/// The JSON that a command answers with.
fn json(folder: &Path, args: &[&str]) -> Value {
    let ran = program::run(folder, &[args, &["--json"]].concat());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// The sentence with which a command fails.
fn failed(folder: &Path, args: &[&str]) -> String {
    let ran = program::run(folder, args);
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stdout));
    let told = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

#[tokio::test]
async fn a_renewed_certificate_of_the_private_ca_is_served_by_the_server_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    assert!(failed(folder.path(), &["tls", "show"]).contains("made when the server first starts"));
    let program = Program::serve(folder.path(), &[]);
    let ca = folder.path().join("data/tls/ca.pem");
    let root = CertificateDer::from_pem_file(&ca).unwrap();
    let client = Client::trusting(program.address, &[root]);
    let before = client.shown().await.unwrap();
    let mut kept = client.connect().await.unwrap();
    let shown = json(folder.path(), &["tls", "show"]);
    let renewed = json(folder.path(), &["tls", "renew"]);
    assert_ne!(shown["fingerprint"], renewed["fingerprint"]);
    assert_eq!(renewed["covers_issuer"], true);
    assert_eq!(renewed["problem"], Value::Null);
    let begin = std::time::Instant::now();
    while client.shown().await.unwrap() == before {
        assert!(begin.elapsed() < LONG, "the renewed certificate was never served");
    }
    kept.ok("/healthz").await.unwrap();
}

#[tokio::test]
async fn the_authority_can_be_downloaded_and_its_fingerprint_compared() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]);
    let pem = fs::read_to_string(folder.path().join("data/tls/ca.pem")).unwrap();
    let root = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let client = Client::trusting(program.address, &[root]);
    let (head, body) = client.connect().await.unwrap().get("/ca.pem").await.unwrap();
    assert_eq!(body, pem);
    assert!(head.contains("content-type: application/x-x509-ca-cert"), "{head}");
    let trust = json(folder.path(), &["tls", "trust"]);
    assert_eq!(trust["url"], format!("https://{HOST}/ca.pem"));
    let told = program::run(folder.path(), &["tls", "trust"]);
    let told = String::from_utf8(told.stdout).unwrap();
    let fingerprint = trust["fingerprint"].as_str().unwrap();
    assert_eq!(fingerprint.split(':').count(), 32);
    for part in [fingerprint, "update-ca-certificates", "add-trusted-cert", "certutil", "Firefox"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[tokio::test]
async fn nothing_of_a_private_ca_is_offered_where_files_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path());
    let authority = Authority::new("One");
    files.put(&authority.issue(HOST));
    let program = Program::with_files(folder.path(), &files);
    let client = Client::trusting(program.address, &[authority.root()]);
    let (head, _) = client.connect().await.unwrap().get("/ca.pem").await.unwrap();
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let (certificate, key) = (files.certificate.display(), files.key.display());
    let set = [
        "--set",
        "tls.mode=files",
        "--set",
        &format!("tls.certificate_file={certificate}"),
        "--set",
        &format!("tls.key_file={key}"),
    ];
    assert!(failed(folder.path(), &[&["tls", "renew"], &set[..]].concat()).contains("tls.mode"));
    assert!(failed(folder.path(), &[&["tls", "trust"], &set[..]].concat()).contains("tls.mode"));
    let shown = json(folder.path(), &[&["tls", "show"], &set[..]].concat());
    assert_eq!((&shown["source"], &shown["names"][0]), (&"files".into(), &HOST.into()));
}

#[test]
fn a_pair_is_checked_before_it_is_put_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path());
    let authority = Authority::new("One");
    let check = ["tls", "check", "fullchain.pem", "privkey.pem"];
    let good = authority.issue(HOST);
    files.put(&good);
    assert_eq!(json(folder.path(), &check)["names"][0], HOST);
    files.put(&authority.issue("other.example"));
    assert!(failed(folder.path(), &check).contains("not for the issuer's host auth.example"));
    files.put(&authority.issue_until(HOST, SystemTime::now() - DAY));
    assert!(failed(folder.path(), &check).contains("expired on"));
    fs::write(&files.key, &good.key).unwrap();
    fs::write(&files.certificate, authority.issue(HOST).certificate).unwrap();
    assert!(failed(folder.path(), &check).contains("does not belong to"));
}
