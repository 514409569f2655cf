//! Where entries of the audit trail are sent beside their own place: the journal, a file, a syslog server.
//!
//! A sink blocks its thread, each step for seconds at most. It answers well only when the whole batch was
//! handed over; then the caller goes on behind it. So an entry may come twice and is never left out, as
//! far as the way can tell: nobody acknowledges a datagram.

use std::fmt::Write as _;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// For one step of one sink.
const PATIENCE: Duration = Duration::from_secs(5);
/// `log audit` (RFC 5424 section 6.2.1).
const FACILITY: u8 = 13;
const WARNING: u8 = 4;
const INFORMATIONAL: u8 = 6;
/// Where systemd's journal listens.
pub const JOURNAL: &str = "/run/systemd/journal/socket";

/// An entry on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its number in the chain.
    pub sequence: u64,
    /// When it happened (RFC 3339).
    pub at: String,
    /// Its kind.
    pub kind: String,
    /// Whether something was refused.
    pub refusal: bool,
    /// The whole entry, one line of JSON.
    pub json: String,
}

impl Shipped {
    const fn severity(&self) -> u8 {
        if self.refusal { WARNING } else { INFORMATIONAL }
    }
}

/// Where a syslog server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syslog {
    /// A datagram for each entry, which nobody acknowledges.
    Udp(SocketAddr),
    /// Octet counting (RFC 6587 section 3.4.1).
    Tcp(SocketAddr),
    /// A datagram for each entry, on this machine.
    Unix(PathBuf),
}

/// Where entries go.
#[derive(Debug)]
pub enum Sink {
    /// The journal's own protocol, at its socket.
    Journal(PathBuf),
    /// A file of JSON lines, rotated when it is as large as this; so many former ones are kept.
    File {
        /// The file.
        path: PathBuf,
        /// Bytes at which it is rotated.
        bytes: u64,
        /// Former ones that are kept.
        keep: u32,
    },
    /// A syslog server, and the name by which this one is known to it.
    Syslog {
        /// The server.
        server: Syslog,
        /// This host.
        host: String,
        /// The connection, if there is one.
        open: Option<TcpStream>,
    },
}

impl Sink {
    /// Hands all of `entries` over.
    ///
    /// # Errors
    /// It did not take them all.
    pub fn send(&mut self, entries: &[Shipped]) -> io::Result<()> {
        match self {
            Self::Journal(socket) => {
                let socket = connected(socket)?;
                entries.iter().try_for_each(|entry| socket.send(&journal(entry)).map(|_| ()))
            }
            Self::File { path, bytes, keep } => append(path, *bytes, *keep, entries),
            Self::Syslog { server, host, open } => match server {
                Syslog::Udp(address) => {
                    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    let socket = UdpSocket::bind(any)?;
                    socket.set_write_timeout(Some(PATIENCE))?;
                    socket.connect(*address)?;
                    let mut lines = entries.iter().map(|entry| syslog(entry, host));
                    lines.try_for_each(|line| socket.send(line.as_bytes()).map(|_| ()))
                }
                Syslog::Unix(path) => {
                    let socket = connected(path)?;
                    let mut lines = entries.iter().map(|entry| syslog(entry, host));
                    lines.try_for_each(|line| socket.send(line.as_bytes()).map(|_| ()))
                }
                Syslog::Tcp(address) => {
                    let sent = send_tcp(*address, host, open, entries);
                    if sent.is_err() {
                        *open = None;
                    }
                    sent
                }
            },
        }
    }
}

fn connected(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.connect(path)?;
    Ok(socket)
}

/// The journal's native protocol: a field a line. The JSON holds no line break.
fn journal(entry: &Shipped) -> Vec<u8> {
    let Shipped { sequence, kind, json, .. } = entry;
    let severity = entry.severity();
    format!(
        "MESSAGE={json}\nPRIORITY={severity}\nSYSLOG_FACILITY={FACILITY}\nSYSLOG_IDENTIFIER=countersign-audit\nCOUNTERSIGN_SEQUENCE={sequence}\nCOUNTERSIGN_KIND={kind}\n"
    )
    .into_bytes()
}

/// RFC 5424 section 6.
fn syslog(entry: &Shipped, host: &str) -> String {
    let priority = FACILITY * 8 + entry.severity();
    let Shipped { at, kind, json, .. } = entry;
    let process = std::process::id();
    let mut line = format!("<{priority}>1 {at} {host} countersign {process} {kind} - ");
    // Writing to a string does not fail.
    let _ = line.write_str(json);
    line
}

fn send_tcp(
    address: SocketAddr,
    host: &str,
    open: &mut Option<TcpStream>,
    entries: &[Shipped],
) -> io::Result<()> {
    let stream = match open.take() {
        Some(stream) if is_open(&stream) => stream,
        _ => {
            let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            stream
        }
    };
    let mut framed = String::new();
    for line in entries.iter().map(|entry| syslog(entry, host)) {
        framed.push_str(&format!("{} {line}", line.len()));
    }
    (&stream).write_all(framed.as_bytes())?;
    *open = Some(stream);
    Ok(())
}

/// A server that went away is noticed before the next batch is given to the dead connection.
fn is_open(stream: &TcpStream) -> bool {
    let quiet = || {
        stream.set_nonblocking(true)?;
        let seen = stream.peek(&mut [0]);
        stream.set_nonblocking(false)?;
        match seen {
            Ok(0) => Ok(false),
            Ok(_) => Ok(true),
            Err(error) => Ok(error.kind() == io::ErrorKind::WouldBlock),
        }
    };
    quiet().unwrap_or_else(|_: io::Error| false)
}

fn append(path: &Path, bytes: u64, keep: u32, entries: &[Shipped]) -> io::Result<()> {
    let mut file = writable(path)?;
    if file.metadata()?.len() >= bytes {
        rotate(path, keep)?;
        file = writable(path)?;
    }
    let lines: Vec<u8> =
        entries.iter().flat_map(|entry| entry.json.bytes().chain([b'\n'])).collect();
    file.write_all(&lines)?;
    file.sync_data()
}

fn writable(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn rotate(path: &Path, keep: u32) -> io::Result<()> {
    let former = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    for number in (1..keep).rev() {
        if former(number).exists() {
            fs::rename(former(number), former(number + 1))?;
        }
    }
    fs::rename(path, former(1))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use super::*;

    fn entry(sequence: u64) -> Shipped {
        Shipped {
            sequence,
            at: "2026-11-22T10:00:00.000Z".to_owned(),
            kind: "sign_in_failed".to_owned(),
            refusal: true,
            json: format!("{{\"sequence\":{sequence}}}"),
        }
    }

    #[test]
    fn the_journal_is_told_in_its_own_protocol() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        Sink::Journal(path).send(&[entry(7)]).unwrap();
        let mut told = [0; 1024];
        let length = socket.recv(&mut told).unwrap();
        let told = std::str::from_utf8(&told[..length]).unwrap();
        assert!(told.starts_with("MESSAGE={\"sequence\":7}\nPRIORITY=4\n"), "{told}");
        assert!(told.contains("\nCOUNTERSIGN_KIND=sign_in_failed\n"), "{told}");
    }

    #[test]
    fn a_syslog_server_is_told_as_rfc_5424_has_it_and_after_it_came_back() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Syslog::Tcp(listener.local_addr().unwrap());
        let mut sink = Sink::Syslog { server, host: "auth.example".to_owned(), open: None };
        for sequence in [1, 2] {
            sink.send(&[entry(sequence)]).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            let line = syslog(&entry(sequence), "auth.example");
            let mut told = vec![0; line.len() + 3];
            stream.read_exact(&mut told[..line.len().to_string().len() + 1 + line.len()]).unwrap();
            let told = String::from_utf8(told).unwrap();
            assert!(
                told.starts_with(&format!(
                    "{} <108>1 2026-11-22T10:00:00.000Z auth.example countersign ",
                    line.len()
                )),
                "{told}"
            );
            drop(stream);
            // Until the end of the connection has come here.
            while let Sink::Syslog { open: Some(open), .. } = &sink
                && is_open(open)
            {
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn a_server_that_is_not_there_takes_nothing() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let host = String::from("h");
        assert!(
            Sink::Syslog { server: Syslog::Tcp(gone), host, open: None }.send(&[entry(1)]).is_err()
        );
        assert!(Sink::Journal("/nowhere/socket".into()).send(&[entry(1)]).is_err());
    }

    #[test]
    fn a_file_is_rotated_by_its_size_and_so_many_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let mut sink = Sink::File { path: path.clone(), bytes: 1, keep: 2 };
        for sequence in 1..=5 {
            sink.send(&[entry(sequence)]).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("audit.jsonl"), "{\"sequence\":5}\n");
        assert_eq!(read("audit.jsonl.1"), "{\"sequence\":4}\n");
        assert_eq!(read("audit.jsonl.2"), "{\"sequence\":3}\n");
        assert!(!folder.path().join("audit.jsonl.3").exists());
    }
}
