//! The program as it runs, with what it writes to its log.

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Pid;
use rustix::process::Signal;

use crate::authority::Files;
use crate::authority::HOST;

/// Nothing that a test waits for takes as long.
pub const LONG: Duration = Duration::from_secs(60);

/// Stopped when dropped.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    operations: Option<u16>,
    log: Arc<Mutex<String>>,
    /// Kept open: it writes more than one line.
    _stdout: BufReader<ChildStdout>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program in `folder`, away from the real environment.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command
        .args(args)
        .env_clear()
        .env("COUNTERSIGN__ISSUER", format!("https://{HOST}"))
        .env("COUNTERSIGN__DATA__FOLDER", folder.join("data"))
        .env("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0")
        .env("COUNTERSIGN__PASSWORDS__MEMORY_KIB", "19456")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

pub fn run(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

impl Program {
    /// Serves from `files`.
    pub fn with_files(folder: &Path, files: &Files) -> Self {
        Self::with_files_and(folder, files, &[])
    }

    /// Serves from `files`, with more settings.
    pub fn with_files_and(folder: &Path, files: &Files, settings: &[&str]) -> Self {
        let certificate = format!("tls.certificate_file={}", files.certificate.display());
        let key = format!("tls.key_file={}", files.key.display());
        Self::serve(folder, &[&["tls.mode=files", &certificate, &key], settings].concat())
    }

    pub fn serve(folder: &Path, settings: &[&str]) -> Self {
        let set = settings.iter().flat_map(|setting| ["--set", setting]);
        let args: Vec<&str> = std::iter::once("serve").chain(set).collect();
        let mut child =
            command(folder, &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, writing) = (child.stderr.take().unwrap(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                writing.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let mut told = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut told).unwrap();
        assert!(told.starts_with("Countersign serves"), "{told} {}", log.lock().unwrap());
        let ports = listening_ports(child.id());
        // With an operations listener there are two, and that one speaks without TLS.
        let is_public = |port: &&u16| ports.len() == 1 || asked(**port, "/healthz").is_none();
        let public = *ports.iter().find(is_public).unwrap();
        let operations = ports.iter().copied().find(|port| *port != public);
        let address = SocketAddr::from(([127, 0, 0, 1], public));
        Self { child, address, operations, log, _stdout: stdout }
    }

    /// What the operations listener answers.
    pub fn operations(&self, path: &str) -> String {
        asked(self.operations.unwrap(), path).unwrap()
    }

    /// The value of one series of the metrics.
    pub fn measured(&self, series: &str) -> Option<f64> {
        let text = self.operations("/metrics");
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map(|value| value.parse().unwrap())
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The first line of the log that holds `text`, once it is there.
    pub fn logged(&self, text: &str) -> String {
        let line = || self.log().lines().find(|line| line.contains(text)).map(str::to_owned);
        until(text, line)
    }

    pub fn hang_up(&self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::HUP).unwrap();
    }
}

/// What `look` finds, tried until it finds something.
pub fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < LONG, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What is answered without TLS, if that is 200.
fn asked(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(LONG)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}

/// The ports on which a process listens, as the kernel tells it.
fn listening_ports(process: u32) -> Vec<u16> {
    let mut inodes = Vec::new();
    for entry in fs::read_dir(format!("/proc/{process}/fd")).unwrap() {
        let Ok(link) = fs::read_link(entry.unwrap().path()) else { continue };
        let link = link.to_string_lossy().into_owned();
        inodes.extend(
            link.strip_prefix("socket:[").map(|rest| rest.trim_end_matches(']').to_owned()),
        );
    }
    let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap();
    let ports = table.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let is_listening = cells[3] == "0A" && inodes.iter().any(|inode| inode == cells[9]);
        is_listening.then(|| u16::from_str_radix(cells[1].split(':').nth(1).unwrap(), 16).unwrap())
    });
    ports.collect()
}
