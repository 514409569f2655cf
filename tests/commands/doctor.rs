//! `doctor`, on real files: what is wrong is named with its fix, and the exit status says so. How each
//! thing is judged stands beside the judgement, in `src/domain/checkup/`.

use std::fs;
use std::fs::Permissions;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use countersign::base::clock::SystemClock;
use countersign::base::clock::Timestamp;
use countersign::crypto::keyring::Keyring;
use countersign::crypto::keyring::MasterKey;
use countersign::crypto::keyring::TokenKey;
use countersign::ops::administration::installation::CreateInstallation;
use countersign::ops::administration::installation::FIRST_TOKEN_KEY;
use countersign::ops::administration::installation::Kind;
use countersign::store::Store;
use rustix::process::geteuid;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::Folder;
use crate::Ran;
use crate::running::Server;

#[path = "fuse.rs"]
mod fuse;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3600);
const KEY: [u8; 32] = [7; 32];

/// The report, and whether the exit status fits it.
fn report(folder: &Folder, args: &[&str]) -> Value {
    read(&folder.run(&[&["doctor", "--json"], args].concat()))
}

fn read(ran: &Ran) -> Value {
    assert_eq!(ran.stderr, "");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["healthy"], ran.status == 0, "{report}");
    report
}

/// What is said of `code`; nothing if it was not found.
fn found(report: &Value, code: &str) -> Option<Value> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["code"] == code).cloned()
}

/// Codes of what somebody must mend, but for what this machine itself has (little space, memory).
fn to_mend(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["level"] == "attention")
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .filter(|code| !code.starts_with("disk."))
        .collect()
}

/// The report while the server does not run, and while it does.
fn both(folder: &Folder) -> [Value; 2] {
    let stopped = report(folder, &[]);
    let server = Server::over(folder);
    let running = report(folder, &[]);
    assert_eq!(found(&running, "server").unwrap()["about"], "the server runs");
    assert!(server.stop());
    [stopped, running]
}

/// An installation as a server left it that went by the time `at`.
fn left_behind(at: Timestamp) -> Folder {
    let folder = Folder::new();
    let data = folder.path("data");
    fs::create_dir(&data).unwrap();
    set_mode(&folder, "data", 0o700);
    fs::write(data.join("master.key"), KEY).unwrap();
    set_mode(&folder, "data/master.key", 0o400);
    let key = MasterKey::new(KEY);
    let token_key = TokenKey { version: FIRST_TOKEN_KEY, bytes: Zeroizing::new([8; 32]) };
    let store = Store::open(&data.join("countersign.redb"), 64 * 1024 * 1024).unwrap();
    let creation = CreateInstallation {
        key_check: key.check_value(),
        issuer: "https://localhost:8443".to_owned(),
        kind: Kind::Real,
        token_key: Keyring::seal_token_key(&key, &token_key, [9; 32]).unwrap(),
        now: at,
    };
    store.submit_blocking(creation).unwrap();
    store.close();
    folder
}

/// Files of a certificate for `host` that ends in so many days, and the configuration that names them.
fn with_certificate(host: &str, days: u64) -> Folder {
    let folder = Folder::with_installation();
    let now = std::time::SystemTime::now();
    let mut params = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_before = (now - 30 * DAY).into();
    params.not_after = (now + Duration::from_secs(days * 86_400 + 3600)).into();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    folder.write("full.pem", &params.self_signed(&key).unwrap().pem());
    folder.write("key.pem", &key.serialize_pem());
    set_mode(&folder, "key.pem", 0o640);
    let files = "certificate_file = \"full.pem\"\nkey_file = \"key.pem\"";
    folder.write("config.toml", &format!("[tls]\nmode = \"files\"\n{files}\n"));
    folder
}

fn set_mode(folder: &Folder, name: &str, mode: u32) {
    fs::set_permissions(folder.path(name), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_sound_installation_needs_nothing_whether_its_server_runs_or_not() {
    let folder = Folder::with_installation();
    assert_eq!(to_mend(&report(&folder, &[])), Vec::<String>::new());
    let _server = Server::over(&folder);
    let running = report(&folder, &[]);
    assert_eq!(to_mend(&running), Vec::<String>::new());
    for code in ["configuration", "clock", "server", "proxy", "certificate", "files"] {
        assert_eq!(found(&running, code).unwrap()["level"], "good", "{code}: {running}");
    }
    let screen = folder.run(&["doctor"]).stdout;
    assert!(screen.contains("ok    clock") && screen.contains("For support: countersign "));
    assert!(screen.lines().count() < 25, "one screen: {screen}");
}

#[test]
fn a_wrong_mode_is_named_with_the_command_that_mends_it() {
    let folder = Folder::with_installation();
    set_mode(&folder, "data/countersign.redb", 0o644);
    set_mode(&folder, "data", 0o755);
    let report = report(&folder, &[]);
    assert_eq!(to_mend(&report), ["files.mode", "files.mode"]);
    let fix = found(&report, "files.mode").unwrap()["fix"].as_str().unwrap().to_owned();
    assert!(fix.starts_with("chmod 0700 ") && fix.ends_with("/data"), "{fix}");
}

#[test]
fn a_wrong_mode_is_named_while_the_server_runs() {
    let folder = Folder::with_installation();
    let _server = Server::over(&folder);
    set_mode(&folder, "data/tls/server-key.pem", 0o644);
    set_mode(&folder, "data/admin.sock", 0o666);
    let report = report(&folder, &[]);
    assert_eq!(to_mend(&report), ["files.mode", "files.mode"], "{report}");
    assert!(report.to_string().contains("chmod 0600 ") && report["healthy"] == false);
}

#[test]
fn what_cannot_be_opened_is_a_finding_and_hides_no_other() {
    let folder = Folder::with_installation();
    set_mode(&folder, "data/master.key", 0o444);
    let report = report(&folder, &[]);
    assert_eq!(to_mend(&report), ["data.unopened", "files.mode"]);
    let unopened = found(&report, "data.unopened").unwrap();
    assert!(
        unopened["about"].as_str().unwrap().ends_with("can be read by other users"),
        "{report}"
    );
    assert!(unopened["fix"].as_str().unwrap().starts_with("run `chmod 0400 "), "{report}");
}

/// Only root can become somebody else.
#[test]
fn somebody_else_is_told_whom_to_be_and_of_no_fault_that_only_they_have() {
    if !geteuid().is_root() {
        return;
    }
    let folder = Folder::with_installation_for_all();
    drop(Server::over(&folder));
    for (name, mode) in [("", 0o755), ("data", 0o755), ("data/tls", 0o755)] {
        set_mode(&folder, name, mode);
    }
    let binary = folder.path("countersign");
    fs::copy(env!("CARGO_BIN_EXE_countersign"), &binary).unwrap();
    let mut strange = Command::new(&binary);
    strange.args(["doctor", "--json"]).env("COUNTERSIGN__DATA__FOLDER", folder.path("data"));
    let report = read(&crate::ran(strange.current_dir(folder.0.path()).uid(1234).gid(1234)));
    let fix = found(&report, "data.unopened").unwrap()["fix"].as_str().unwrap().to_owned();
    assert!(fix.contains("run the command as the user that owns it"), "{report}");
    let unseen = found(&report, "files.unseen").unwrap();
    assert!(unseen["fix"].as_str().unwrap().starts_with("run doctor as root"), "{report}");
    assert_eq!(to_mend(&report), ["data.unopened", "files.mode"], "{report}");
}

#[test]
fn every_fault_of_the_configuration_is_a_finding() {
    let folder = Folder::new();
    folder.write("config.toml", "[data]\ncache_mib = 1\n\n[server]\nlissen = [\"127.0.0.1:1\"]\n");
    let report = report(&folder, &[]);
    assert_eq!(to_mend(&report), ["configuration.fault", "configuration.fault"]);
}

#[test]
fn an_issuer_that_the_certificate_is_not_for_is_named() {
    let folder = with_certificate("books.example", 90);
    for report in both(&folder) {
        assert_eq!(to_mend(&report), ["certificate.issuer"], "{report}");
        let about = found(&report, "certificate.issuer").unwrap()["about"].to_string();
        assert!(about.contains("localhost") && about.contains("books.example"), "{about}");
    }
    let folder = with_certificate("localhost", 90);
    for report in both(&folder) {
        assert_eq!(to_mend(&report), Vec::<String>::new());
    }
}

#[test]
fn a_certificate_that_expires_soon_is_named_with_the_days_it_has() {
    let folder = with_certificate("localhost", 5);
    for report in both(&folder) {
        assert_eq!(to_mend(&report), ["certificate.expiring"], "{report}");
        let finding = found(&report, "certificate.expiring").unwrap();
        assert!(finding["about"].as_str().unwrap().contains("in 5 days"), "{finding}");
        assert!(finding["fix"].as_str().unwrap().contains("tls.certificate_file"), "{finding}");
    }
}

#[test]
fn a_clock_that_is_an_hour_behind_is_named_and_by_how_much() {
    let folder = left_behind(SystemClock::wall().plus(HOUR));
    let [stopped, running] = both(&folder);
    assert_eq!(to_mend(&stopped), ["clock.behind"], "{stopped}");
    assert_eq!(to_mend(&running), ["clock.drift"], "{running}");
    let drift = found(&running, "clock.drift").unwrap();
    let about = drift["about"].as_str().unwrap();
    assert!(about.contains("behind the time that the server goes by"), "{about}");
    let seconds = about.split(' ').find_map(|word| word.parse::<u64>().ok()).unwrap();
    assert!((3500..=3600).contains(&seconds), "{about}");
    assert!(drift["fix"].as_str().unwrap().contains("timedatectl"), "{drift}");
}

#[test]
fn a_date_that_jumped_is_doubted_by_the_running_server_until_it_is_accepted() {
    let folder = left_behind(SystemClock::wall().minus(400 * DAY));
    assert_eq!(to_mend(&report(&folder, &[])), ["clock.jumped"]);
    let server = Server::over(&folder);
    Server::logged(&folder, "nothing old is removed until `countersign doctor --accept-clock`");
    let doubted = report(&folder, &[]);
    assert_eq!(to_mend(&doubted), ["clock.jumped"], "{doubted}");
    let fix = found(&doubted, "clock.jumped").unwrap()["fix"].as_str().unwrap().to_owned();
    assert!(fix.contains("doctor --accept-clock"), "{fix}");
    assert!(server.stop());
    let server = Server::over(&folder);
    assert_eq!(to_mend(&report(&folder, &[])), ["clock.jumped"], "a restart accepts nothing");
    assert_eq!(to_mend(&report(&folder, &["--accept-clock"])), Vec::<String>::new());
    assert!(server.stop());
    for report in both(&folder) {
        assert_eq!(to_mend(&report), Vec::<String>::new(), "accepted once and for all");
    }
}

/// Says `headers` to the server over TLS, as a client that looks at no certificate.
fn say(server: &Server, headers: &str) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let tls = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let tcp = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let mut stream = rustls::StreamOwned::new(tls, tcp);
    let request = format!(
        "GET /sign-in HTTP/1.1\r\nHost: localhost:8443\r\nConnection: close\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}

#[derive(Debug)]
struct Anybody(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &[rustls_pki_types::CertificateDer<'_>],
        _: &rustls_pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls_pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[test]
fn forwarded_headers_from_a_proxy_that_is_not_trusted_are_named_with_its_address() {
    let folder = Folder::with_installation();
    let server = Server::over(&folder);
    say(&server, "");
    assert_eq!(found(&report(&folder, &[]), "proxy").unwrap()["level"], "good");
    say(&server, "X-Forwarded-For: 203.0.113.9\r\n");
    say(&server, "Forwarded: for=203.0.113.9\r\n");
    let told = report(&folder, &[]);
    assert_eq!(to_mend(&told), ["proxy.untrusted"], "{told}");
    let finding = found(&told, "proxy.untrusted").unwrap();
    assert!(finding["about"].as_str().unwrap().starts_with("2 requests came with"), "{finding}");
    assert!(finding["fix"].as_str().unwrap().contains("127.0.0.1"), "{finding}");
    assert!(!told.to_string().contains("203.0.113.9"), "what a stranger claims is not repeated");
    drop(server);

    let server = Server::with(&folder, &["server.trusted_proxies=127.0.0.1"]);
    say(&server, "X-Forwarded-For: 203.0.113.9\r\n");
    assert_eq!(found(&report(&folder, &[]), "proxy").unwrap()["level"], "good");
}

/// A shell in a mount namespace of its own, where the machine lets us have one.
fn apart() -> Option<Command> {
    let flags: &[&str] = if geteuid().is_root() { &["-m"] } else { &["-r", "-m"] };
    let mut unshare = Command::new("unshare");
    let can = unshare.args(flags).arg("true").stderr(Stdio::null()).status();
    if !can.is_ok_and(|status| status.success()) {
        not_looked_at("this machine gives no mount namespace");
        return None;
    }
    let mut shell = Command::new("unshare");
    shell.args(flags).args(["sh", "-euc"]);
    Some(shell)
}

fn told(folder: &Folder, name: &str) -> Value {
    let stdout = fs::read_to_string(folder.path(name)).unwrap();
    let report = serde_json::from_str(&stdout);
    assert!(report.is_ok(), "{name}: {stdout}");
    report.unwrap()
}

#[expect(clippy::print_stderr, reason = "whoever runs it should know what was not tried")]
fn not_looked_at(why: &str) {
    eprintln!("not looked at: {why}");
}

/// On a real disk that is filled to its last byte, with and without the server.
#[test]
fn a_full_disk_is_named_even_by_a_server_that_cannot_write_any_more() {
    let Some(mut shell) = apart() else { return };
    let folder = Folder::new();
    fs::create_dir(folder.path("data")).unwrap();
    let script = r#"
        mount -t tmpfs -o size=280m,mode=700 countersign data
        "$0" init --email o@acme.example --name Olive --company Acme >&2
        "$0" doctor --json > before || true
        "$0" serve --listen 127.0.0.1:0 > serving 2> log & server=$!
        trap 'kill $server' EXIT
        until grep -q serves serving; do sleep 0.05; done
        cat /dev/zero > data/filling 2>/dev/null || true
        "$0" doctor --json > running || true
        for i in 1 2 3 4 5 6 7 8; do
            "$0" company create --name "Company $i" >&2 || { echo "$i" > refused; break; }
        done
        "$0" doctor --json > failing || true
        kill $server; wait $server || true
        trap - EXIT
        "$0" doctor --json > stopped || true
    "#;
    let plain = folder.command(&[]);
    let mut command = shell.arg(script).arg(env!("CARGO_BIN_EXE_countersign"));
    for (name, value) in plain.get_envs() {
        command = command.env(name, value.unwrap());
    }
    let ran = crate::ran(command.current_dir(folder.0.path()).stdin(Stdio::null()));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let before = told(&folder, "before");
    assert!(found(&before, "disk.memory").is_some(), "{before}");
    assert!(found(&before, "disk.full").is_none(), "{before}");
    assert!(folder.path("refused").exists(), "a full disk takes no company: {}", ran.stderr);
    for name in ["running", "failing", "stopped"] {
        let report = told(&folder, name);
        let full = found(&report, "disk.full").unwrap_or_else(|| panic!("{name}: {report}"));
        assert!(full["fix"].as_str().unwrap().contains("free space"), "{full}");
        assert!(found(&report, "files").is_some(), "it hides nothing else: {report}");
    }
    assert_eq!(found(&told(&folder, "running"), "server").unwrap()["about"], "the server runs");
    let failing = told(&folder, "failing");
    assert!(found(&failing, "server").is_some() && found(&failing, "proxy").is_some(), "{failing}");
}

/// On a file system that the kernel itself takes for one of FUSE, as SSHFS and its like are. That NFS,
/// SMB and others are known by their numbers stands in `domain::checkup::disk`.
#[test]
fn a_data_folder_on_a_network_file_system_is_named() {
    let Some(mut shell) = apart() else { return };
    let Some(device) = fuse::Device::open() else {
        not_looked_at("this machine gives no FUSE");
        return;
    };
    let folder = Folder::new();
    fs::create_dir(folder.path("data")).unwrap();
    let script = r#"
        mount -i -t fuse -o fd=0,rootmode=40000,user_id=0,group_id=0 countersign data
        "$0" doctor --json < /dev/null || true
    "#;
    let plain = folder.command(&[]);
    let mut command = shell.arg(script).arg(env!("CARGO_BIN_EXE_countersign"));
    for (name, value) in plain.get_envs() {
        command = command.env(name, value.unwrap());
    }
    command.current_dir(folder.0.path()).stdin(device.handle());
    let ran = device.serving(|| crate::ran(command));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let network = found(&report, "disk.network").unwrap_or_else(|| panic!("{report}"));
    assert!(network["about"].as_str().unwrap().contains("FUSE"), "{network}");
    assert!(network["fix"].as_str().unwrap().contains("disk of this machine"), "{network}");
}

#[test]
fn a_key_of_another_certificate_is_named() {
    let folder = Folder::with_installation();
    drop(Server::over(&folder));
    fs::copy(folder.path("data/tls/ca-key.pem"), folder.path("data/tls/server-key.pem")).unwrap();
    assert_eq!(to_mend(&report(&folder, &[])), ["certificate.unusable"]);
}

#[test]
fn the_line_for_support_names_no_place_no_person_and_no_secret() {
    let folder = Folder::new();
    let planted = "canary-in-the-mine";
    let key = "c0ffee".repeat(11)[..64].to_owned();
    folder.write("canary.key", &key);
    folder.write("canary.pass", &format!("{planted} passphrase\n"));
    folder.write(
        "config.toml",
        &format!(
            "issuer = \"https://{planted}.example\"\n[data]\nfolder = \"{planted}\"\nmaster_key_file = \"canary.key\"\n\
             [backup]\nfolder = \"{planted}-backups\"\npassphrase_file = \"canary.pass\"\n"
        ),
    );
    set_mode(&folder, "canary.key", 0o644);
    set_mode(&folder, "canary.pass", 0o644);
    let run = |args: &[&str]| {
        let mut command = folder.command(args);
        crate::ran(command.env_remove("COUNTERSIGN__DATA__FOLDER"))
    };
    let init =
        ["init", "--name", planted, "--company", planted, "--email", "canary@canary.example"];
    assert_eq!(run(&init).status, 0);
    set_mode(&folder, planted, 0o755);
    let report = read(&run(&["doctor", "--json"]));
    let mended = to_mend(&report);
    assert!(mended.contains(&"files.mode".to_owned()) && mended.len() >= 3, "{report}");
    let support = report["support"].as_str().unwrap();
    assert!(support.contains("files.mode") && support.contains("stopped"), "{support}");
    let place = folder.path("").display().to_string();
    let place = place.trim_end_matches('/');
    for secret in ["canary", "mine", "c0ffee", place, "example", "://"] {
        assert!(!support.to_lowercase().contains(secret), "{secret}: {support}");
    }
    for secret in ["c0ffee", "passphrase\n"] {
        assert!(!report.to_string().contains(secret), "{report}");
    }
}

#[test]
fn many_things_at_once_are_one_screen_with_a_fix_beside_each() {
    let folder = with_certificate("books.example", 5);
    set_mode(&folder, "data", 0o755);
    set_mode(&folder, "key.pem", 0o644);
    let server = Server::over(&folder);
    say(&server, "Forwarded: for=203.0.113.9\r\n");
    let ran = folder.run(&["doctor"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
    let screen: Vec<&str> = ran.stdout.lines().collect();
    assert!(screen.len() <= 36, "{}", ran.stdout);
    let mended = screen.iter().filter(|line| line.starts_with("MEND")).count();
    let noted = screen.iter().filter(|line| line.starts_with("note")).count();
    let fixes = screen.iter().filter(|line| line.trim_start().starts_with('→')).count();
    assert!(mended >= 5 && fixes == mended + noted, "{}", ran.stdout);
    let good = screen.iter().position(|line| line.starts_with("ok")).unwrap();
    let last = screen.iter().rposition(|line| line.starts_with("MEND")).unwrap();
    assert!(last < good, "what must be mended comes first: {}", ran.stdout);
    for line in screen.iter().filter(|line| line.starts_with(' ') && !line.contains('→')) {
        assert!(line.chars().count() <= 80 || !line.trim().contains(' '), "{line}");
    }
}

#[test]
fn backups_that_are_off_missing_or_too_old_are_told_of() {
    let folder = Folder::with_installation();
    let off = found(&report(&folder, &[]), "backup.off").unwrap();
    assert_eq!(off["level"], "note");
    assert!(off["fix"].as_str().unwrap().contains("backup.folder"), "{off}");
    let set = ["--set", "backup.folder=backups"];
    let none = found(&report(&folder, &set), "backup.none").unwrap();
    assert_eq!(none["level"], "note", "{none}");
    fs::create_dir(folder.path("backups")).unwrap();
    folder.write("backups/countersign-20200102T030405.678Z.backup", "of long ago");
    let old = found(&report(&folder, &set), "backup.old").unwrap();
    assert_eq!(old["level"], "attention");
    assert!(old["about"].as_str().unwrap().contains("2020-01-02T03:04:05"), "{old}");
    folder.done(&["backup", "create", "--set", "backup.folder=backups"]);
    assert_eq!(found(&report(&folder, &set), "backup").unwrap()["level"], "good");
    folder.write("file", "where a folder is meant to be");
    let failed = found(&report(&folder, &["--set", "backup.folder=file"]), "backup.failed");
    assert_eq!(failed.unwrap()["level"], "attention");
}
