//! The built server under a service manager: readiness, watchdog, and sockets that outlive it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at a surprise, and has threads of its own"
)]

use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;
use rustls::ClientConfig;
use rustls::ClientConnection;
use rustls::RootCertStore;
use rustls::StreamOwned;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

#[path = "service/backup.rs"]
mod backup;

/// Nothing here takes so long; without it a defect would be a wait without end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service manager: it holds the socket and hears what the server says.
struct Manager {
    folder: tempfile::TempDir,
    socket: TcpListener,
    ear: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ear = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        ear.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { folder, socket: TcpListener::bind("127.0.0.1:0").unwrap(), ear }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .env("COUNTERSIGN__ISSUER", format!("https://localhost:{}", self.address().port()))
            .env("COUNTERSIGN__DATA__FOLDER", self.path("data"))
            .env("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:1")
            .env("COUNTERSIGN__PASSWORDS__MEMORY_KIB", "19456")
            .env("COUNTERSIGN__PASSWORDS__PASSES", "2")
            .current_dir(self.folder.path())
            .stderr(Stdio::inherit())
            .stdout(Stdio::null())
    }

    /// Starts the server as systemd does: the socket is its third file descriptor.
    fn start(&self, more: &[(&str, &str)]) -> Server {
        let socket = OwnedFd::from(self.socket.try_clone().unwrap());
        let script = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve";
        let mut command = Command::new("/bin/sh");
        let command = self.environment(command.arg("-c").arg(script));
        command.arg(env!("CARGO_BIN_EXE_countersign"));
        command.env("NOTIFY_SOCKET", self.path("notify")).stdin(socket);
        Server(command.envs(more.iter().copied()).spawn().unwrap())
    }

    /// The next thing that the server says and that is not a sign of life.
    fn heard(&self) -> String {
        loop {
            let word = self.word();
            if word != "WATCHDOG=1" {
                return word;
            }
        }
    }

    fn word(&self) -> String {
        let mut bytes = [0; 1024];
        let length = self.ear.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// Runs a command on the data, and returns its JSON.
    fn command(&self, args: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        let command = self.environment(command.args(args)).arg("--json");
        let output = command.stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{args:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn client(&self) -> Client {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(self.path("data/tls/ca.pem")).unwrap();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Client { address: self.address(), config: Arc::new(config) }
    }
}

/// A server that was started; it does not outlive the test.
struct Server(Child);

impl Server {
    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.0.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Stops it in order.
    fn stop(mut self) {
        self.signal(Signal::TERM);
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks over a new connection each time.
#[derive(Clone)]
struct Client {
    address: SocketAddr,
    config: Arc<ClientConfig>,
}

impl Client {
    fn post(&self, path: &str, form: &str) -> std::io::Result<Value> {
        let tcp = TcpStream::connect(self.address)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.address.port(),
            form.len(),
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if !head.starts_with("HTTP/1.1 200 ") {
            return Err(std::io::Error::other(format!("not answered: {head}")));
        }
        serde_json::from_str(body).map_err(std::io::Error::other)
    }
}

/// An app with a secret, as `client_id` and `client_secret` of a form.
fn app(manager: &Manager, args: &[&str]) -> String {
    let made = manager.command(&[&["app", "create"], args].concat());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    format!("client_id={}&client_secret={}", text(&made["client_id"]), text(&made["client_secret"]))
}

#[test]
fn the_service_manager_hears_how_the_server_does() {
    let manager = Manager::new();
    let server = manager.start(&[("WATCHDOG_USEC", "200000")]);
    let ready = manager.word();
    let issuer = format!("https://localhost:{}", manager.address().port());
    assert_eq!(ready, format!("READY=1\nSTATUS=Serving {issuer}"));
    assert_eq!(manager.word(), "WATCHDOG=1");
    assert_eq!(manager.word(), "WATCHDOG=1");

    for _ in 0..2 {
        let before = now();
        server.signal(Signal::HUP);
        let reloading = manager.heard();
        let moment = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        let moment = Duration::from_micros(moment.parse().unwrap());
        assert!((before..=now()).contains(&moment), "{moment:?}");
        assert_eq!(manager.heard(), "READY=1", "it is over when all was looked at");
    }
    assert_eq!(manager.word(), "WATCHDOG=1", "a reload ends nothing");
    server.signal(Signal::TERM);
    assert!(manager.heard().starts_with("STOPPING=1\n"));
    server.stop();
}

/// The clock of the service manager's own.
fn now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // What is told is cut to microseconds.
    Duration::from_micros(Duration::try_from(now).unwrap().as_micros().try_into().unwrap())
}

#[test]
fn the_unit_asks_for_what_the_server_says_and_does() {
    let unit = include_str!("../packaging/systemd/countersign.service");
    let said = |key: &str| {
        let mut lines = unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let value = lines.next().unwrap_or_else(|| panic!("{key} is missing"));
        assert_eq!(lines.next(), None, "{key} is said once");
        value
    };
    // systemd 253 and later know the type notify-reload, which sends the signal by itself.
    match said("Type") {
        "notify" => assert!(said("ExecReload").contains("kill -HUP $MAINPID")),
        kind => assert_eq!(kind, "notify-reload"),
    }
    assert_eq!(said("NotifyAccess"), "main");
    assert!(said("WatchdogSec").parse::<u32>().unwrap() >= 10);
    assert!(said("RestartPreventExitStatus").split(' ').any(|status| status == "78"));
    // The server asks for more at a stop; until it does, its grace must fit.
    assert!(said("TimeoutStopSec").parse::<u32>().unwrap() >= 30 + 15);
    let socket = include_str!("../packaging/systemd/countersign.socket");
    assert!(socket.contains("\nFileDescriptorName=https\n"), "the one name that is taken");
}

#[test]
fn a_socket_that_is_not_for_the_public_is_refused() {
    let manager = Manager::new();
    let mut server = manager.start(&[("LISTEN_FDNAMES", "operations")]);
    assert_eq!(server.0.wait().unwrap().code(), Some(1));
}

#[test]
fn a_restart_under_load_refuses_nobody_and_loses_nothing() {
    const CLIENTS: usize = 3;
    const RESTARTS: usize = 3;
    let manager = Manager::new();
    manager.command(&["init", "--email", "o@acme.example", "--name", "Olive", "--company", "Acme"]);
    let of_acme = ["--kind", "api-credentials", "--name", "Load", "--company", "acme"];
    let rights = ["--scope", "customers:readonly", "--delegated-by", "o@acme.example"];
    let credentials = app(&manager, &[&of_acme[..], &rights[..]].concat());
    let asking = app(&manager, &["--kind", "resource-server", "--name", "Ledger"]);

    let mut server = manager.start(&[]);
    assert!(manager.heard().starts_with("READY=1"));
    let client = manager.client();
    let over = AtomicBool::new(false);
    let issue = || {
        let mut tokens = Vec::new();
        let form = format!("grant_type=client_credentials&{credentials}");
        while !over.load(Ordering::Relaxed) {
            let answer = client.post("/oauth/token", &form).expect("every request is answered");
            tokens.push(answer["access_token"].as_str().unwrap().to_owned());
        }
        tokens
    };
    let tokens: Vec<String> = std::thread::scope(|threads| {
        let running: Vec<_> = (0..CLIENTS).map(|_| threads.spawn(issue)).collect();
        for _ in 0..RESTARTS {
            client.post("/oauth/introspect", &format!("token=none&{asking}")).unwrap();
            server.signal(Signal::TERM);
            assert!(server.0.wait().unwrap().success());
            assert!(manager.heard().starts_with("STOPPING=1"));
            server = manager.start(&[]);
            assert!(manager.heard().starts_with("READY=1"));
        }
        over.store(true, Ordering::Relaxed);
        running.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    assert!(tokens.len() > CLIENTS * RESTARTS, "{} tokens are no load", tokens.len());
    for token in &tokens {
        let answer = client.post("/oauth/introspect", &format!("token={token}&{asking}")).unwrap();
        assert_eq!(answer["active"], true, "an acknowledged token was lost: {token}");
    }
    server.stop();
}
