//! What goes over the socket: a kind, a length, as many bytes.

use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tokio::time::Instant;
use zeroize::Zeroizing;

/// The longest body. Longer output goes in several frames.
pub(super) const LONGEST: usize = 64 * 1024;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From the caller, first: its version and arguments.
    Call = 1,
    /// To standard output.
    Out = 2,
    /// To standard error.
    Err = 3,
    /// A question; answered by [`Self::Done`] with a line.
    Ask = 4,
    /// The same, not shown while it is typed.
    AskHidden = 5,
    /// The first line of a file; answered by [`Self::Done`] with it.
    FirstLine = 6,
    /// A file is to be made; answered by [`Self::Done`].
    NewFile = 7,
    /// Goes into that file.
    FileBytes = 8,
    /// It is whole; answered by [`Self::Done`] once it is on the disk.
    FileEnd = 9,
    /// From the caller: the answer.
    Done = 10,
    /// From the caller: why there is none.
    Failed = 11,
    /// The exit status: the end.
    Status = 12,
    /// To the caller, first: the server has its call, and what follows takes as long as it takes.
    Heard = 13,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Call,
        Self::Out,
        Self::Err,
        Self::Ask,
        Self::AskHidden,
        Self::FirstLine,
        Self::NewFile,
        Self::FileBytes,
        Self::FileEnd,
        Self::Done,
        Self::Failed,
        Self::Status,
        Self::Heard,
    ];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// One frame; passwords may be in it.
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Frame {
    /// The body as text.
    pub(super) fn text(&self) -> io::Result<&str> {
        std::str::from_utf8(&self.body).map_err(|_| unreadable("a text is none"))
    }
}

/// Writes one frame at once.
pub(super) fn write(to: &mut dyn Write, kind: Kind, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= LONGEST);
    let length = length.ok_or_else(|| unreadable("a message is too long"))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(body.len().saturating_add(5)));
    bytes.push(kind as u8);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(body);
    to.write_all(&bytes)
}

/// Reads one frame. A length is believed only up to [`LONGEST`].
pub(super) fn read(from: &mut dyn Read) -> io::Result<Frame> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let kind = Kind::of(kind).ok_or_else(|| unreadable("a message is of no known kind"))?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(unreadable("a message is too long"));
    }
    let mut body = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut body)?;
    Ok(Frame { kind, body })
}

/// As [`read`], all of it within `time`: whoever sends it byte by byte gains nothing.
pub(super) fn read_within(stream: &UnixStream, time: Duration) -> io::Result<Frame> {
    read(&mut Within { stream, until: Instant::now() + time })
}

/// As [`write`], all of it taken by the other side within `time`.
pub(super) fn write_within(
    stream: &UnixStream,
    time: Duration,
    kind: Kind,
    body: &[u8],
) -> io::Result<()> {
    write(&mut Within { stream, until: Instant::now() + time }, kind, body)
}

/// A stream that can be used until a moment.
struct Within<'a> {
    stream: &'a UnixStream,
    until: Instant,
}

impl Within<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        match self.until.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(ErrorKind::TimedOut.into()),
            left => Ok(Some(left)),
        }
    }
}

impl Read for Within<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        (&mut &*self.stream).read(into)
    }
}

impl Write for Within<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        (&mut &*self.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn unreadable(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

/// An error, for the other side.
pub(super) fn failure(error: &io::Error) -> Vec<u8> {
    let kind = match error.kind() {
        ErrorKind::BrokenPipe => b'p',
        ErrorKind::UnexpectedEof => b'e',
        _ => b'o',
    };
    let text = error.to_string();
    let text: String = text.chars().take(1_000).collect();
    std::iter::once(kind).chain(text.bytes()).collect()
}

/// The error that the other side had: its sentence is the same.
pub(super) fn failed(body: &[u8]) -> io::Error {
    let (kind, text) = body.split_first().unwrap_or((&b'o', &[]));
    let kind = match kind {
        b'p' => ErrorKind::BrokenPipe,
        b'e' => ErrorKind::UnexpectedEof,
        _ => ErrorKind::Other,
    };
    io::Error::new(kind, String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_out_as_it_went_in() {
        let mut bytes = Vec::new();
        write(&mut bytes, Kind::Ask, b"who?").unwrap();
        let frame = read(&mut bytes.as_slice()).unwrap();
        assert_eq!((frame.kind, frame.text().unwrap()), (Kind::Ask, "who?"));
    }

    #[test]
    fn a_length_past_the_limit_is_refused_before_anything_is_kept_for_it() {
        let mut head = vec![Kind::Out as u8];
        head.extend_from_slice(&u32::MAX.to_be_bytes());
        assert!(read(&mut head.as_slice()).is_err());
        assert!(write(&mut Vec::new(), Kind::Out, &vec![0; LONGEST + 1]).is_err());
    }

    #[test]
    fn an_unknown_kind_and_a_cut_frame_are_refused() {
        assert!(read(&mut [0_u8, 0, 0, 0, 0].as_slice()).is_err());
        assert!(read(&mut [2_u8, 0, 0, 0, 9, 1].as_slice()).is_err());
    }

    #[test]
    fn a_frame_that_trickles_in_has_no_more_time_than_one_that_is_whole() {
        let (server, mut caller) = UnixStream::pair().unwrap();
        std::thread::scope(|threads| {
            threads.spawn(move || {
                // Each byte would begin the wait anew, if only waits for bytes were bounded.
                for byte in [1, 0, 0, 0, 200].into_iter().chain([b'x'; 190]) {
                    if caller.write_all(&[byte]).is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
            let error = read_within(&server, Duration::from_millis(200)).err().unwrap();
            let late = [ErrorKind::TimedOut, ErrorKind::WouldBlock];
            assert!(late.contains(&error.kind()), "{error}");
            drop(server);
        });
    }

    #[test]
    fn a_frame_that_nobody_takes_is_given_up() {
        let (server, _caller) = UnixStream::pair().unwrap();
        let body = vec![0; LONGEST];
        let mut sent = 0;
        let error = loop {
            match write_within(&server, Duration::from_millis(50), Kind::Out, &body) {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
            assert!(sent < 1_000, "somebody takes them");
        };
        let late = [ErrorKind::TimedOut, ErrorKind::WouldBlock];
        assert!(late.contains(&error.kind()), "{error}");
    }

    #[test]
    fn an_error_keeps_its_sentence_and_that_nobody_reads() {
        let error = failed(&failure(&io::Error::new(ErrorKind::BrokenPipe, "gone")));
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::BrokenPipe, "gone".to_owned()));
    }
}
