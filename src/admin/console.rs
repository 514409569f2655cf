//! Where a command talks to a person: the terminal of this process, or that of a process at the other
//! end of the admin socket.

use std::io;
use std::io::Write;
use std::path::Path;

use crate::base::secret::Secret;

/// Somebody's standard output and error, their answers, and their files.
pub trait Console: Send + Sync {
    /// Writes to standard output, at once.
    ///
    /// # Errors
    /// `BrokenPipe` if nobody reads any more.
    fn out(&self, bytes: &[u8]) -> io::Result<()>;

    /// Writes to standard error, at once.
    ///
    /// # Errors
    /// Nobody reads any more.
    fn err(&self, bytes: &[u8]) -> io::Result<()>;

    /// Whether somebody is there to answer questions.
    fn is_attended(&self) -> bool;

    /// Whether standard error is a terminal, on which a line can be written over.
    fn shows_progress(&self) -> bool;

    /// Asks and waits for a line.
    ///
    /// # Errors
    /// `UnexpectedEof` if there is none.
    fn ask(&self, question: &str) -> io::Result<String>;

    /// Asks and waits for a line that is not shown while it is typed.
    ///
    /// # Errors
    /// There is no terminal.
    fn ask_hidden(&self, question: &str) -> io::Result<Secret>;

    /// The first line of a file that the command line named; `-` is standard input.
    ///
    /// # Errors
    /// It cannot be read.
    fn first_line(&self, path: &Path) -> io::Result<Secret>;

    /// Makes a file that the command line named; never over one that is there.
    ///
    /// # Errors
    /// It cannot be made.
    fn new_file(&self, path: &Path) -> io::Result<Box<dyn NewFile + '_>>;
}

/// A file that is being written.
pub trait NewFile: Write {
    /// Whole and on the disk.
    ///
    /// # Errors
    /// Some of it could not be written.
    fn finish(&mut self) -> io::Result<()>;
}
