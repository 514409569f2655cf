//! A certificate over ACME: from the first start on, renewed, and what happens when there is none.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::acme_server::AcmeServer;
use crate::acme_server::Mood;
use crate::client;
use crate::client::Client;
use crate::program;
use crate::program::LONG;
use crate::program::Program;

/// The program, asking `server`, which looks at it.
fn start(folder: &Path, server: &AcmeServer) -> Program {
    server.look_away();
    let trusted = folder.join("trusted.pem");
    std::fs::write(&trusted, server.authority.root_pem()).unwrap();
    let program = Program::serve(
        folder,
        &[
            "tls.mode=acme",
            "operations.listen=127.0.0.1:0",
            "tls.acme.accept_terms=true",
            "tls.acme.contacts=admin@auth.example",
            &format!("tls.acme.directory={}", server.directory),
            &format!("outbound.ca_file={}", trusted.display()),
        ],
    );
    server.look_at(program.address);
    program
}

/// A client that trusts the authority that issues, and one that trusts the private CA.
fn clients(folder: &Path, program: &Program, server: &AcmeServer) -> (Client, Client) {
    let private = CertificateDer::from_pem_file(folder.join("data/tls/ca.pem")).unwrap();
    let issued = Client::trusting(program.address, &[server.authority.root()]);
    (issued, Client::trusting(program.address, &[private]))
}

/// Once a client that trusts the authority alone is shown what it trusts.
async fn issued(client: &Client) -> CertificateDer<'static> {
    let begin = Instant::now();
    loop {
        if let Ok(shown) = client.shown().await {
            return shown;
        }
        assert!(begin.elapsed() < LONG, "no certificate was issued");
    }
}

fn mode(file: &Path) -> u32 {
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_gets_a_certificate_though_its_nonces_are_refused_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = AcmeServer::start(Mood { stale_nonces: 2, ..Mood::default() }).await;
    let program = start(folder.path(), &server);
    let (client, _) = clients(folder.path(), &program, &server);
    let first = issued(&client).await;
    let ready = client.connect().await.unwrap().ok("/readyz").await.unwrap();
    assert_eq!(ready, "ready\n");
    for file in ["acme.pem", "acme-account.json"] {
        assert_eq!(mode(&folder.path().join("data/tls").join(file)), 0o600, "{file}");
    }
    assert!(client::challenge(program.address, "auth.example").await.is_err());
    drop(program);
    let program = start(folder.path(), &server);
    let (client, _) = clients(folder.path(), &program, &server);
    assert_eq!(client.shown().await.unwrap(), first);
    assert_eq!((server.accounts(), server.orders()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_past_two_thirds_of_its_life_is_renewed_with_the_same_account() {
    let folder = tempfile::tempdir().unwrap();
    let server = AcmeServer::start(Mood { ages: vec![65, 0], ..Mood::default() }).await;
    let program = start(folder.path(), &server);
    let (client, _) = clients(folder.path(), &program, &server);
    issued(&client).await;
    program::until("a second order", || (server.orders() == 2).then_some(()));
    let fresh = || program.log().matches("the ACME server issued a certificate").count() == 2;
    program::until("a second certificate", || fresh().then_some(()));
    assert_eq!(server.accounts(), 1);
    assert!(!program.log().contains("ERROR"), "{}", program.log());
    let kept = folder.path().join("data/tls/acme.pem");
    let kept = CertificateDer::from_pem_file(&kept).unwrap();
    let begin = Instant::now();
    while client.shown().await.unwrap() != kept {
        assert!(begin.elapsed() < LONG, "the renewed certificate was never served");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_certificate_a_temporary_one_is_served_and_that_is_said() {
    const HOUR: u64 = 3600;
    let too_many = Mood { too_many: 1, retry_after: Some(5 * HOUR), ..Mood::default() };
    let never = Mood { never_satisfied: true, ..Mood::default() };
    for (mood, told, wait) in [
        (too_many, "too many certificates for this name", 5 * HOUR..7 * HOUR),
        (never, "could not confirm auth.example", 1..HOUR),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = AcmeServer::start(mood).await;
        let program = start(folder.path(), &server);
        let line = program.logged("no certificate over ACME; the one in use stays");
        assert!(line.contains(told), "{line}");
        let again =
            line.split_once("again=").unwrap().1.split([' ', '"']).find(|it| !it.is_empty());
        let again: jiff::Timestamp = again.unwrap().parse().unwrap();
        let in_seconds = again.as_second().abs_diff(jiff::Timestamp::now().as_second());
        assert!(wait.contains(&in_seconds), "as the server asked for: {line}");
        let ready = program.operations("/readyz");
        assert!(ready.starts_with("ready with a temporary certificate"), "{ready}");
        let (issued_by_acme, private) = clients(folder.path(), &program, &server);
        let ready = private.connect().await.unwrap().ok("/readyz").await.unwrap();
        assert!(ready.starts_with("ready with a temporary certificate"), "{ready}");
        assert!(issued_by_acme.shown().await.is_err());
        drop(program);
        // The next start asks at once, as the same account.
        server.change_mood(Mood::default());
        let program = start(folder.path(), &server);
        issued(&clients(folder.path(), &program, &server).0).await;
        assert_eq!(server.accounts(), 1);
    }
}

#[test]
fn terms_that_were_not_accepted_are_a_fault_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let ran = program::run(folder.path(), &["config", "check", "--set", "tls.mode=acme"]);
    assert_eq!(ran.status.code(), Some(78));
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(told.contains("tls.acme.accept_terms") && told.contains("terms of service"), "{told}");
}
