//! What the server tells the service manager that started it (`sd_notify(3)`): datagrams of
//! `NAME=value` lines. Without one it tells nobody, and nothing else changes.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock;

/// Longer than the wait for requests in flight: what is written down after it.
const LAST_STEPS: Duration = Duration::from_secs(15);

/// The service manager, if there is one. Clones speak to the same.
#[derive(Debug, Clone, Default)]
pub struct Manager(Option<Arc<Line>>);

#[derive(Debug)]
struct Line {
    socket: UnixDatagram,
    to: SocketAddr,
}

impl Manager {
    /// The one that listens at `address`: a path, or a name without a file after `@`.
    ///
    /// # Errors
    /// It is neither, or there are no sockets.
    pub fn at(address: Option<&OsStr>) -> io::Result<Self> {
        let Some(address) = address else { return Ok(Self::default()) };
        let to = match address.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(Path::new(address))?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self(Some(Arc::new(Line { socket, to }))))
    }

    /// Whoever connects is served from here on.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", one_line(status)));
    }

    /// The start takes a while: it may take `more` from now on.
    pub fn starting(&self, status: &str, more: Duration) {
        let (status, micros) = (one_line(status), more.as_micros());
        self.tell(&format!("STATUS={status}\nEXTEND_TIMEOUT_USEC={micros}"));
    }

    /// Files are read again; [`Self::reloaded`] follows. With the time, as units of the type
    /// `notify-reload` ask for it; for those of the type `notify` it is as good.
    pub fn reloading(&self) {
        let micros = clock::monotonic().as_micros();
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// They were.
    pub fn reloaded(&self) {
        self.tell("READY=1");
    }

    /// The server stops, and may take `grace` over requests in flight.
    pub fn stopping(&self, grace: Duration) {
        let micros = (grace + LAST_STEPS).as_micros();
        self.tell(&format!("STOPPING=1\nSTATUS=Stopping\nEXTEND_TIMEOUT_USEC={micros}"));
    }

    /// The server is alive and sound.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    fn tell(&self, what: &str) {
        let Some(line) = &self.0 else { return };
        if let Err(error) = line.socket.send_to_addr(what.as_bytes(), &line.to) {
            tracing::warn!(%error, "the service manager could not be told how the server does");
        }
    }
}

/// A line break would begin another word.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What arrives at a socket while `telling`.
    fn heard(telling: impl FnOnce(&Manager)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let ear = UnixDatagram::bind(&path).unwrap();
        telling(&Manager::at(Some(path.as_os_str())).unwrap());
        let mut bytes = [0; 512];
        let length = ear.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_status_adds_no_line() {
        assert_eq!(
            heard(|manager| manager.ready("up\nSTOPPING=1")),
            "READY=1\nSTATUS=up STOPPING=1"
        );
    }

    #[test]
    fn a_reload_names_its_moment_so_that_it_is_told_from_one_before() {
        let before = clock::monotonic().as_micros();
        let told = heard(Manager::reloading);
        let moment = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        let moment: u128 = moment.parse().unwrap();
        assert!((before..=clock::monotonic().as_micros()).contains(&moment), "{told}");
        assert_eq!(heard(Manager::reloaded), "READY=1");
    }

    #[test]
    fn a_stop_asks_for_the_time_that_it_may_take() {
        let told = heard(|manager| manager.stopping(Duration::from_secs(30)));
        assert!(told.ends_with("\nEXTEND_TIMEOUT_USEC=45000000"), "{told}");
    }

    #[test]
    fn a_name_without_a_file_is_reached() {
        let name = format!("countersign-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let ear = UnixDatagram::bind_addr(&address).unwrap();
        Manager::at(Some(format!("@{name}").as_ref())).unwrap().alive();
        let mut bytes = [0; 16];
        let length = ear.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"WATCHDOG=1");
    }

    #[test]
    fn nobody_to_tell_is_no_fault() {
        Manager::at(None).unwrap().ready("up");
        let gone = Manager::at(Some("/nowhere/notify".as_ref())).unwrap();
        gone.alive();
    }
}
