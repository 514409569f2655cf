//! Syslog: messages as RFC 5424 has them, and their way over TCP (RFC 6587 section 3.4.1).

use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;

use crate::outbound::shipping::FACILITY;
use crate::outbound::shipping::PATIENCE;
use crate::outbound::shipping::Shipped;
use crate::outbound::shipping::in_time;
use crate::telemetry::measure::Since;

/// Written at once, so that the time is looked at in between.
const PIECE: usize = 16 * 1024;

/// RFC 5424 section 6, without structured data: the message is JSON, which has no line break.
pub(super) fn line(entry: &Shipped, host: &str) -> String {
    let priority = FACILITY * 8 + entry.severity();
    let (host, kind) = (header(host, 255), header(&entry.kind, 32));
    let (at, process, json) = (&entry.at, std::process::id(), &entry.json);
    format!("<{priority}>1 {at} {host} countersign {process} {kind} - {json}")
}

/// What may stand in a field of the header: visible ASCII, so many characters, `-` for none.
fn header(text: &str, most: usize) -> String {
    let visible: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if visible.is_empty() { String::from("-") } else { visible }
}

/// Sends over the connection that is open, or over a new one. One that broke is not used again: what was
/// half sent ends with it.
pub(super) fn send(
    address: SocketAddr,
    host: &str,
    open: &mut Option<TcpStream>,
    entries: &[Shipped],
) -> io::Result<()> {
    let begun = Since::now();
    let mut stream = match open.take() {
        Some(stream) if is_open(&stream) => stream,
        _ => TcpStream::connect_timeout(&address, PATIENCE)?,
    };
    let mut framed = String::new();
    for line in entries.iter().map(|entry| line(entry, host)) {
        framed.push_str(&format!("{} {line}", line.len()));
    }
    let mut left = framed.as_bytes();
    while !left.is_empty() {
        stream.set_write_timeout(Some(in_time(begun)?))?;
        let piece = left.get(..PIECE).unwrap_or(left);
        let written = stream.write(piece)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        left = left.get(written..).unwrap_or_default();
    }
    *open = Some(stream);
    Ok(())
}

/// A server that went away is noticed before the next batch is given to the dead connection. What it
/// says is thrown away.
fn is_open(mut stream: &TcpStream) -> bool {
    let mut quiet = || -> io::Result<bool> {
        stream.set_nonblocking(true)?;
        let seen = loop {
            match stream.read(&mut [0; 1024]) {
                Ok(0) => break Ok(false),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(true),
                Err(error) => break Err(error),
            }
        };
        stream.set_nonblocking(false)?;
        seen
    };
    quiet().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn entry(sequence: u64) -> Shipped {
        Shipped {
            sequence,
            at: "2026-11-22T10:00:00.000Z".to_owned(),
            kind: "sign_in_failed".to_owned(),
            refusal: false,
            json: format!("{{\"sequence\":{sequence},\"name\":\"Zo\u{eb}\"}}"),
        }
    }

    /// The next message, by its octet count alone.
    fn next(stream: &mut TcpStream) -> String {
        let mut count = 0;
        loop {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            match byte[0] {
                b' ' => break,
                digit => count = count * 10 + usize::from(digit - b'0'),
            }
        }
        let mut message = vec![0; count];
        stream.read_exact(&mut message).unwrap();
        String::from_utf8(message).unwrap()
    }

    #[test]
    fn messages_are_counted_in_octets_and_a_server_that_came_back_is_told_anew() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut open = None;
        for first in [1, 3] {
            send(address, "auth.example", &mut open, &[entry(first), entry(first + 1)]).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            for number in [first, first + 1] {
                let told = next(&mut stream);
                assert!(
                    told.starts_with("<110>1 2026-11-22T10:00:00.000Z auth.example "),
                    "{told}"
                );
                assert!(told.ends_with(&entry(number).json), "{told}");
            }
            // A word before it goes does not hide that it went.
            stream.write_all(b"bye").unwrap();
            drop(stream);
            // Until the end of the connection has come here.
            while is_open(open.as_ref().unwrap()) {
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn a_connection_that_lives_is_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut open = None;
        send(address, "h", &mut open, &[entry(1)]).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        send(address, "h", &mut open, &[entry(2)]).unwrap();
        assert!(next(&mut stream).contains("\"sequence\":1"));
        assert!(next(&mut stream).contains("\"sequence\":2"));
    }

    #[test]
    fn no_word_of_the_header_can_begin_another() {
        let entry = Shipped { kind: "a b\n<0>1 ".repeat(9), ..entry(1) };
        let line = line(&entry, "au th\u{e9}\n");
        let words: Vec<&str> = line.splitn(8, ' ').collect();
        assert_eq!(words[2], "auth");
        assert_eq!(words[5].len(), 32);
        assert_eq!(words[6], "-");
        assert_eq!(words[7], entry.json);
        assert_eq!(header("\u{e9}", 9), "-");
    }

    #[test]
    fn a_server_that_takes_nothing_is_given_up_in_seconds() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let large = Shipped { json: "x".repeat(64 << 20), ..entry(1) };
        let mut open = None;
        let failed = send(address, "h", &mut open, &[large]).unwrap_err();
        let kinds = [io::ErrorKind::TimedOut, io::ErrorKind::WouldBlock];
        assert!(kinds.contains(&failed.kind()), "{failed}");
        assert!(open.is_none(), "half a message is not followed by another");
    }
}
