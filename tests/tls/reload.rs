//! Certificate files that are replaced while the server serves from them.

use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;
use tokio_util::task::TaskTracker;

use crate::authority::Authority;
use crate::authority::DAY;
use crate::authority::Files;
use crate::authority::HOST;
use crate::authority::replace;
use crate::client::Client;
use crate::client::Failed;
use crate::program::LONG;
use crate::program::Program;
use crate::program::until;

const SECOND: Duration = Duration::from_secs(1);

/// How long it takes until new connections are shown `expected`.
async fn time_to_serve(client: &Client, expected: &CertificateDer<'_>) -> Duration {
    let begin = Instant::now();
    while client.shown().await.unwrap() != *expected {
        assert!(begin.elapsed() < LONG, "the new certificate was never served");
    }
    begin.elapsed()
}

/// Clients that ask until they are told to stop; each failure ends one and is told.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    asking: Vec<tokio::task::JoinHandle<Result<(), Failed>>>,
}

impl Load {
    fn of(client: &Client) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let tasks = TaskTracker::new();
        let asking = [true, true, false, false].map(|keeps| {
            let (client, stop, answered) =
                (client.clone(), Arc::clone(&stop), Arc::clone(&answered));
            tasks.spawn(async move {
                let mut line = client.connect().await?;
                while !stop.load(Relaxed) {
                    if !keeps {
                        line = client.connect().await?;
                    }
                    line.ok("/healthz").await?;
                    answered.fetch_add(1, Relaxed);
                }
                Ok(())
            })
        });
        Self { stop, answered, asking: asking.into() }
    }

    /// How many requests were answered, all of them well.
    async fn end(self) -> usize {
        self.stop.store(true, Relaxed);
        for asking in self.asking {
            asking.await.unwrap().unwrap();
        }
        self.answered.load(Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_replaced_under_load_fail_no_request_and_are_served_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path());
    let (one, other) = (Authority::new("One"), Authority::new("Other"));
    files.put(&one.issue(HOST));
    let program = Program::with_files(folder.path(), &files);
    let client = Client::trusting(program.address, &[one.root(), other.root()]);
    let load = Load::of(&client);
    for authority in [&other, &one, &other] {
        let before = load.answered.load(Relaxed);
        let pair = authority.issue(HOST);
        files.put(&pair);
        let took = time_to_serve(&client, &pair.der).await;
        assert!(took < SECOND, "{took:?}");
        assert!(load.answered.load(Relaxed) > before);
    }
    assert!(load.end().await > 100);
    // A line is written a moment after what it tells.
    let told = || program.log().matches("a new certificate is in use").count();
    until("three lines", || (told() >= 3).then_some(()));
    assert_eq!(told(), 3);
    assert!(!program.log().contains("ERROR"), "{}", program.log());
}

#[tokio::test]
async fn broken_material_is_refused_with_a_line_that_names_it_and_the_old_one_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path());
    let authority = Authority::new("One");
    let (old, new) = (authority.issue(HOST), authority.issue(HOST));
    files.put(&old);
    let program = Program::with_files(folder.path(), &files);
    let client = Client::trusting(program.address, &[authority.root()]);
    let expired = authority.issue_until(HOST, SystemTime::now() - DAY);
    let unordered = format!("{}{}", new.certificate, authority.root_pem());
    let broken = [
        ("junk", new.key.as_str(), "fullchain.pem holds no readable certificate"),
        (&new.certificate, &old.key, "privkey.pem does not belong to the first certificate"),
        (&new.certificate, "junk", "privkey.pem holds no usable private key"),
        (&expired.certificate, &expired.key, "fullchain.pem expired on"),
        (&format!("{}{unordered}", new.certificate), &new.key, "fullchain.pem are not in order"),
    ];
    for (certificate, key, told) in broken {
        replace(&files.certificate, certificate);
        replace(&files.key, key);
        program.hang_up();
        let line = program.logged(told);
        assert!(line.contains("the new certificate is refused; the one in use stays"), "{line}");
        assert_eq!(client.shown().await.unwrap(), old.der, "{told}");
    }
    files.put(&new);
    time_to_serve(&client, &new.der).await;
}

#[tokio::test]
async fn what_stays_broken_is_told_once_without_anybody_asking() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path());
    let authority = Authority::new("One");
    let (old, new) = (authority.issue(HOST), authority.issue(HOST));
    files.put(&old);
    let program = Program::with_files(folder.path(), &files);
    let client = Client::trusting(program.address, &[authority.root()]);
    std::fs::remove_file(&files.key).unwrap();
    program.logged("privkey.pem does not exist");
    assert_eq!(client.shown().await.unwrap(), old.der);
    files.put(&new);
    time_to_serve(&client, &new.der).await;
    assert_eq!(program.log().matches("ERROR").count(), 1, "{}", program.log());
}

#[tokio::test]
async fn a_certificate_behind_links_is_replaced_as_certbot_does() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("One");
    let (old, new) = (authority.issue(HOST), authority.issue(HOST));
    let archive = |generation: &str| {
        let place = folder.path().join(generation);
        std::fs::create_dir(&place).unwrap();
        Files::in_folder(&place)
    };
    let (first, second) = (archive("1"), archive("2"));
    first.put(&old);
    second.put(&new);
    let live = Files::in_folder(folder.path());
    let link = |to: &Files| {
        for (link, to) in [(&live.certificate, &to.certificate), (&live.key, &to.key)] {
            let _ = std::fs::remove_file(link);
            symlink(to, link).unwrap();
        }
    };
    link(&first);
    let program = Program::with_files(folder.path(), &live);
    let client = Client::trusting(program.address, &[authority.root()]);
    assert_eq!(client.shown().await.unwrap(), old.der);
    link(&second);
    time_to_serve(&client, &new.der).await;
}

#[tokio::test]
async fn a_certificate_for_another_host_or_near_its_end_is_served_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path());
    let authority = Authority::new("One");
    files.put(&authority.issue("other.example"));
    let program = Program::with_files(folder.path(), &files);
    program.logged("the certificate is not for the issuer's host");
    files.put(&authority.issue_until(HOST, SystemTime::now() + DAY * 5));
    let line = program.logged("the certificate expires soon");
    assert!(line.contains("days=7"), "{line}");
    files.put(&authority.issue_until(HOST, SystemTime::now() + DAY * 2));
    let line = program.logged("the certificate expires very soon");
    assert!(line.contains("days=3"), "{line}");
}

#[tokio::test]
async fn the_end_of_the_certificate_in_use_is_measured_and_so_are_those_that_were_refused() {
    let ends = "countersign_tls_certificate_expiry_timestamp_seconds";
    let reloads = |outcome| format!("countersign_tls_reloads_total{{outcome=\"{outcome}\"}}");
    let seconds = |end: SystemTime| {
        Some(end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64().floor())
    };
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path());
    let authority = Authority::new("One");
    let (first, second) = (SystemTime::now() + DAY * 40, SystemTime::now() + DAY * 80);
    files.put(&authority.issue_until(HOST, first));
    let program =
        Program::with_files_and(folder.path(), &files, &["operations.listen=127.0.0.1:0"]);
    assert_eq!(program.measured(ends), seconds(first));
    files.put(&authority.issue_until(HOST, second));
    until("the new end", || (program.measured(ends) == seconds(second)).then_some(()));
    assert_eq!(program.measured(&reloads("published")), Some(1.0));
    std::fs::write(&files.certificate, "no certificate").unwrap();
    until("a refusal", || program.measured(&reloads("refused")));
    assert_eq!(program.measured(ends), seconds(second), "the one that is served");
}
