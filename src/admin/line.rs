//! The server's end of one call: a console whose person and files are at the other end.

use std::io;
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use crate::admin::console::Console;
use crate::admin::console::NewFile;
use crate::admin::frame;
use crate::admin::frame::Frame;
use crate::admin::frame::Kind;
use crate::base::secret::Secret;

/// Time for a person to answer a question.
const ANSWER: Duration = Duration::from_secs(600);
/// How long a caller may leave unread what it is told.
const UNREAD: Duration = Duration::from_secs(60);

/// What a caller has beside the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    /// Somebody who answers questions.
    pub(super) attended: bool,
    /// A terminal that shows progress.
    pub(super) screen: bool,
}

/// The line to a caller.
pub struct Line {
    stream: Mutex<UnixStream>,
    ends: Ends,
}

impl Line {
    pub(super) const fn new(stream: UnixStream, ends: Ends) -> Self {
        Self { stream: Mutex::new(stream), ends }
    }

    fn stream(&self) -> MutexGuard<'_, UnixStream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says a text of any length.
    pub(super) fn say(&self, kind: Kind, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream();
        let mut parts = bytes.chunks(frame::LONGEST);
        parts.try_for_each(|part| frame::write_within(&stream, UNREAD, kind, part))
    }

    /// Says that the call has come.
    pub(super) fn heard(&self) -> io::Result<()> {
        frame::write_within(&self.stream(), UNREAD, Kind::Heard, &[])
    }

    /// Has the caller do something and waits until it has.
    fn have_done(&self, kind: Kind, body: &[u8]) -> io::Result<Frame> {
        let stream = self.stream();
        frame::write_within(&stream, UNREAD, kind, body)?;
        let answer = frame::read_within(&stream, ANSWER)?;
        match answer.kind {
            Kind::Done => Ok(answer),
            Kind::Failed => Err(frame::failed(&answer.body)),
            _ => Err(frame::unreadable("the caller answered something else")),
        }
    }
}

impl Console for Line {
    fn out(&self, bytes: &[u8]) -> io::Result<()> {
        self.say(Kind::Out, bytes)
    }

    fn err(&self, bytes: &[u8]) -> io::Result<()> {
        self.say(Kind::Err, bytes)
    }

    fn is_attended(&self) -> bool {
        self.ends.attended
    }

    fn shows_progress(&self) -> bool {
        self.ends.screen
    }

    fn ask(&self, question: &str) -> io::Result<String> {
        Ok(self.have_done(Kind::Ask, question.as_bytes())?.text()?.to_owned())
    }

    fn ask_hidden(&self, question: &str) -> io::Result<Secret> {
        Ok(Secret::from(self.have_done(Kind::AskHidden, question.as_bytes())?.text()?))
    }

    fn first_line(&self, path: &Path) -> io::Result<Secret> {
        let path = path.as_os_str().as_bytes();
        Ok(Secret::from(self.have_done(Kind::FirstLine, path)?.text()?))
    }

    fn new_file(&self, path: &Path) -> io::Result<Box<dyn NewFile + '_>> {
        self.have_done(Kind::NewFile, path.as_os_str().as_bytes())?;
        Ok(Box::new(Remote(self)))
    }
}

/// The file that the caller is writing.
struct Remote<'a>(&'a Line);

impl Write for Remote<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.say(Kind::FileBytes, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for Remote<'_> {
    fn finish(&mut self) -> io::Result<()> {
        self.0.have_done(Kind::FileEnd, &[]).map(|_| ())
    }
}
