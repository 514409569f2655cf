//! The caller's end: hands the arguments over, and does what the server asks for with this process's own
//! rights.
//!
//! The server is not trusted with them: it may have a file read or made only if the command line names
//! that file.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::io;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::admin::VERSION;
use crate::admin::console::Console;
use crate::admin::console::NewFile;
use crate::admin::frame;
use crate::admin::frame::Frame;
use crate::admin::frame::Kind;

/// How long a server may take to say that it has the call.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a call has no exit status.
#[derive(Debug)]
pub enum CallFault {
    /// Nobody reads what the command writes.
    NobodyReads,
    /// Somebody holds the socket and does not answer.
    Silent,
    /// The arguments are more than a server takes.
    TooLong,
    /// The line broke: what was asked may be done or not.
    Broken(io::Error),
}

impl From<io::Error> for CallFault {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Connects to the server, if one answers at `path`.
///
/// # Errors
/// Nobody answers, or this user may not connect.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path)
}

/// Has the server run `args` and answers with the exit status.
///
/// # Errors
/// [`CallFault`].
pub fn run(stream: UnixStream, args: &[OsString], console: &dyn Console) -> Result<u8, CallFault> {
    run_within(PATIENCE, stream, args, console)
}

fn run_within(
    patience: Duration,
    mut stream: UnixStream,
    args: &[OsString],
    console: &dyn Console,
) -> Result<u8, CallFault> {
    let said = call(args, console);
    if said.len() > frame::LONGEST {
        return Err(CallFault::TooLong);
    }
    // A server that refuses to listen has said why, which is read next.
    let _ = frame::write(&mut stream, Kind::Call, &said);
    let mut files = Files { args, console, open: None, fault: None };
    let mut next = Some(first(&stream, patience)?);
    loop {
        let frame = match next.take() {
            Some(first) => first,
            None => frame::read(&mut stream)?,
        };
        let written = match frame.kind {
            Kind::Heard => continue,
            Kind::Out => console.out(&frame.body),
            Kind::Err => console.err(&frame.body),
            Kind::Status => return Ok(frame.body.first().copied().unwrap_or(1)),
            Kind::FileBytes => {
                files.write(&frame.body);
                continue;
            }
            _ => {
                match files.answer(&frame) {
                    Ok(answer) => frame::write(&mut stream, Kind::Done, &answer)?,
                    Err(error) => {
                        frame::write(&mut stream, Kind::Failed, &frame::failure(&error))?;
                    }
                }
                continue;
            }
        };
        if written.is_err() {
            return Err(CallFault::NobodyReads);
        }
    }
}

/// What comes first comes soon, from a server that lives.
fn first(stream: &UnixStream, patience: Duration) -> Result<Frame, CallFault> {
    let late = [ErrorKind::TimedOut, ErrorKind::WouldBlock];
    let first = frame::read_within(stream, patience).map_err(|error| {
        if late.contains(&error.kind()) { CallFault::Silent } else { CallFault::Broken(error) }
    })?;
    stream.set_read_timeout(None)?;
    Ok(first)
}

/// The first frame: the version, whether somebody answers questions, whether progress is shown, and
/// each argument.
fn call(args: &[OsString], console: &dyn Console) -> Vec<u8> {
    let [attended, screen] = [console.is_attended(), console.shows_progress()].map(u8::from);
    let mut body = format!("{VERSION}\0{attended}{screen}").into_bytes();
    for arg in args {
        body.push(0);
        body.extend_from_slice(arg.as_bytes());
    }
    body
}

/// What the server asks for.
struct Files<'a> {
    args: &'a [OsString],
    console: &'a dyn Console,
    open: Option<Box<dyn NewFile + 'a>>,
    /// The first failure to write, told at the end.
    fault: Option<io::Error>,
}

impl Files<'_> {
    fn answer(&mut self, frame: &Frame) -> io::Result<Zeroizing<Vec<u8>>> {
        let text = |answer: &str| Zeroizing::new(answer.as_bytes().to_vec());
        match frame.kind {
            Kind::Ask => Ok(text(&self.console.ask(frame.text()?)?)),
            Kind::AskHidden => Ok(text(self.console.ask_hidden(frame.text()?)?.expose())),
            Kind::FirstLine => Ok(text(self.console.first_line(self.named(frame)?)?.expose())),
            Kind::NewFile => {
                self.open = Some(self.console.new_file(self.named(frame)?)?);
                Ok(text(""))
            }
            Kind::FileEnd => self.end().map(|()| text("")),
            _ => Err(frame::unreadable("the server asked for something else")),
        }
    }

    /// The path that the server asks for, if it was named here.
    fn named<'f>(&self, frame: &'f Frame) -> io::Result<&'f Path> {
        let path = Path::new(OsStr::from_bytes(&frame.body));
        if is_named(path, self.args) {
            return Ok(path);
        }
        Err(io::Error::new(ErrorKind::PermissionDenied, "the command line does not name this file"))
    }

    fn write(&mut self, bytes: &[u8]) {
        if let (Some(file), None) = (&mut self.open, &self.fault) {
            self.fault = file.write_all(bytes).err();
        }
    }

    fn end(&mut self) -> io::Result<()> {
        let (file, fault) = (self.open.take(), self.fault.take());
        match (file, fault) {
            (_, Some(fault)) => Err(fault),
            (Some(mut file), None) => file.finish(),
            (None, None) => Err(frame::unreadable("no file is open")),
        }
    }
}

/// Whether an argument is this path, alone or after `--flag=`.
fn is_named(path: &Path, args: &[OsString]) -> bool {
    let path = path.as_os_str().as_bytes();
    args.iter().map(|arg| arg.as_bytes()).any(|arg| {
        let value = arg.iter().position(|byte| *byte == b'=').and_then(|at| arg.get(at + 1..));
        arg == path || (arg.starts_with(b"--") && value == Some(path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;

    #[test]
    fn only_files_that_the_command_line_names_are_touched() {
        let args: Vec<OsString> =
            ["audit", "export", "--output", "a.jsonl", "--password-file=p"].map(Into::into).into();
        assert!(is_named(Path::new("a.jsonl"), &args));
        assert!(is_named(Path::new("p"), &args));
        for other in ["/etc/shadow", "a.json", "./a.jsonl", "", "=p"] {
            assert!(!is_named(Path::new(other), &args), "{other}");
        }
    }

    /// Nobody, with nothing.
    struct Nobody;

    impl Console for Nobody {
        fn out(&self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn err(&self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn is_attended(&self) -> bool {
            false
        }

        fn shows_progress(&self) -> bool {
            false
        }

        fn ask(&self, _: &str) -> io::Result<String> {
            Err(ErrorKind::UnexpectedEof.into())
        }

        fn ask_hidden(&self, _: &str) -> io::Result<Secret> {
            Err(ErrorKind::UnexpectedEof.into())
        }

        fn first_line(&self, _: &Path) -> io::Result<Secret> {
            Err(ErrorKind::NotFound.into())
        }

        fn new_file(&self, _: &Path) -> io::Result<Box<dyn NewFile + '_>> {
            Err(ErrorKind::NotFound.into())
        }
    }

    #[test]
    fn a_server_that_hangs_is_told_from_one_that_works_for_long() {
        let patience = Duration::from_millis(100);
        let (caller, server) = UnixStream::pair().unwrap();
        let told = run_within(patience, caller, &[], &Nobody);
        assert!(matches!(told, Err(CallFault::Silent)), "{told:?}");
        drop(server);

        let (caller, mut server) = UnixStream::pair().unwrap();
        frame::write(&mut server, Kind::Heard, &[]).unwrap();
        std::thread::scope(|threads| {
            let called = threads.spawn(|| run_within(patience, caller, &[], &Nobody));
            std::thread::sleep(patience * 3);
            frame::write(&mut server, Kind::Status, &[7]).unwrap();
            assert!(matches!(called.join().unwrap(), Ok(7)));
        });
    }
}
