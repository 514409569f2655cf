//! Where entries of the audit trail are sent beside their own place: the journal, a file, a syslog server.
//!
//! A sink blocks its thread, for a batch for seconds at most. It answers well only when the whole batch
//! was handed over; then the caller goes on behind it. So an entry may come twice and is never left out,
//! as far as the way can tell: nobody acknowledges a datagram.

mod file;
mod journal;
mod syslog;

use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::telemetry::measure::Since;

/// For a whole batch.
const PATIENCE: Duration = Duration::from_secs(5);
/// Less than a datagram of any kind holds. An entry that is larger is named in one, and no more.
const DATAGRAM: usize = 60_000;
const WARNING: u8 = 4;
const INFORMATIONAL: u8 = 6;
/// `log audit` (RFC 5424 section 6.2.1).
const FACILITY: u8 = 13;
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

    /// As it fits into a datagram: one that no way could ever take must not hold up those behind it.
    fn for_a_datagram(&self) -> Cow<'_, Self> {
        if self.json.len() <= DATAGRAM {
            return Cow::Borrowed(self);
        }
        let json = json!({"sequence": self.sequence, "too_large": self.json.len()}).to_string();
        Cow::Owned(Self { json, ..self.clone() })
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
            Self::Journal(path) => {
                let socket = connected(path)?;
                one_by_one(entries, |entry| socket.send(&journal::datagram(entry)))
            }
            Self::File { path, bytes, keep } => file::append(path, *bytes, *keep, entries),
            Self::Syslog { server, host, open } => match server {
                Syslog::Udp(address) => {
                    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    let socket = UdpSocket::bind(any)?;
                    socket.set_write_timeout(Some(PATIENCE))?;
                    socket.connect(*address)?;
                    one_by_one(entries, |entry| socket.send(syslog::line(entry, host).as_bytes()))
                }
                Syslog::Unix(path) => {
                    let socket = connected(path)?;
                    one_by_one(entries, |entry| socket.send(syslog::line(entry, host).as_bytes()))
                }
                Syslog::Tcp(address) => syslog::send(*address, host, open, entries),
            },
        }
    }
}

fn one_by_one(entries: &[Shipped], send: impl Fn(&Shipped) -> io::Result<usize>) -> io::Result<()> {
    let begun = Since::now();
    for entry in entries {
        in_time(begun)?;
        send(&entry.for_a_datagram())?;
    }
    Ok(())
}

/// A receiver that takes each piece slowly does not hold the batch for longer than one that takes none.
fn in_time(begun: Since) -> io::Result<Duration> {
    let left = PATIENCE.saturating_sub(begun.elapsed());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn connected(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.connect(path)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
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

    fn received(receive: impl Fn(&mut [u8]) -> io::Result<usize>) -> String {
        let mut told = vec![0; 128 * 1024];
        let length = receive(&mut told).unwrap();
        String::from_utf8(told[..length].to_vec()).unwrap()
    }

    #[test]
    fn the_journal_is_told_at_its_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        Sink::Journal(path).send(&[entry(7)]).unwrap();
        let told = received(|into| socket.recv(into));
        assert!(told.starts_with("MESSAGE={\"sequence\":7}\nPRIORITY=4\n"), "{told}");
        assert!(told.contains("\nCOUNTERSIGN_KIND=sign_in_failed\n"), "{told}");
    }

    #[test]
    fn a_syslog_server_is_told_by_datagrams_of_both_kinds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let near = UnixDatagram::bind(&path).unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sink = |server| Sink::Syslog { server, host: "auth.example".to_owned(), open: None };
        let head = "<108>1 2026-11-22T10:00:00.000Z auth.example countersign ";
        sink(Syslog::Unix(path)).send(&[entry(1), entry(2)]).unwrap();
        sink(Syslog::Udp(far.local_addr().unwrap())).send(&[entry(1), entry(2)]).unwrap();
        for number in [1, 2] {
            let tail = format!(" sign_in_failed - {{\"sequence\":{number}}}");
            let told = received(|into| near.recv(into));
            assert!(told.starts_with(head) && told.ends_with(&tail), "{told}");
            let told = received(|into| far.recv(into));
            assert!(told.starts_with(head) && told.ends_with(&tail), "{told}");
        }
    }

    #[test]
    fn an_entry_that_no_datagram_holds_is_named_and_holds_up_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").unwrap();
        let large = Shipped { json: "x".repeat(1 << 20), ..entry(1) };
        Sink::Journal(path).send(&[large.clone(), entry(2)]).unwrap();
        let told = received(|into| socket.recv(into));
        assert!(told.starts_with("MESSAGE={\"sequence\":1,\"too_large\":1048576}\n"), "{told}");
        assert!(received(|into| socket.recv(into)).contains("{\"sequence\":2}"));
        let (server, host) = (Syslog::Udp(far.local_addr().unwrap()), String::from("h"));
        Sink::Syslog { server, host, open: None }.send(&[large, entry(2)]).unwrap();
        assert!(received(|into| far.recv(into)).contains("\"too_large\":1048576"));
    }

    #[test]
    fn a_receiver_that_is_not_there_takes_nothing() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let host = String::from("h");
        let server = Syslog::Tcp(gone);
        assert!(Sink::Syslog { server, host, open: None }.send(&[entry(1)]).is_err());
        assert!(Sink::Journal("/nowhere/socket".into()).send(&[entry(1)]).is_err());
        let path = PathBuf::from("/nowhere/audit.jsonl");
        assert!(Sink::File { path, bytes: 1, keep: 1 }.send(&[entry(1)]).is_err());
    }
}
