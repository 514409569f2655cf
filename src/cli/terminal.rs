//! The console of this process.

use std::fs::File;
use std::io;
use std::io::BufRead as _;
use std::io::BufWriter;
use std::io::ErrorKind;
use std::io::IntoInnerError;
use std::io::IsTerminal as _;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use rustix::io::Errno;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::admin::console::Console;
use crate::admin::console::NewFile;
use crate::base::secret::Secret;

/// Standard input, output and error, and the files of this process's user.
pub(super) struct Terminal;

impl Console for Terminal {
    fn out(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    }

    fn err(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        stderr.write_all(bytes).and_then(|()| stderr.flush())
    }

    fn is_attended(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn shows_progress(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Questions go to standard error: answers of commands stay alone on standard output.
    fn ask(&self, question: &str) -> io::Result<String> {
        self.err(question.as_bytes())?;
        let mut answer = String::new();
        match io::stdin().lock().read_line(&mut answer)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(answer.trim().to_owned()),
        }
    }

    fn ask_hidden(&self, question: &str) -> io::Result<Secret> {
        rpassword::prompt_password(question).map(Secret::from)
    }

    fn first_line(&self, path: &Path) -> io::Result<Secret> {
        let text = if path == Path::new("-") {
            let mut text = Zeroizing::new(String::new());
            io::stdin().lock().read_line(&mut text).map(|_| text)
        } else {
            std::fs::read_to_string(path).map(Zeroizing::new)
        };
        Ok(Secret::from(text?.lines().next().unwrap_or_default()))
    }

    fn new_file(&self, path: &Path) -> io::Result<Box<dyn NewFile + '_>> {
        if path.symlink_metadata().is_ok() {
            return Err(Errno::EXIST.into());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        // What a command writes may be all data: it is for whoever asked for it alone (0600).
        let beside = tempfile::Builder::new().prefix(".countersign-").tempfile_in(&folder)?;
        let written = Some(BufWriter::new(beside));
        Ok(Box::new(Written { written, path: path.to_owned(), folder }))
    }
}

/// A file that has its name only once it is whole; dropped before, it is gone.
struct Written {
    written: Option<BufWriter<NamedTempFile>>,
    path: PathBuf,
    folder: PathBuf,
}

impl Written {
    fn beside(&mut self) -> io::Result<&mut BufWriter<NamedTempFile>> {
        self.written.as_mut().ok_or_else(|| ErrorKind::InvalidInput.into())
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.beside()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.beside()?.flush()
    }
}

impl NewFile for Written {
    fn finish(&mut self) -> io::Result<()> {
        let beside = self.written.take().ok_or(ErrorKind::InvalidInput)?;
        let beside = beside.into_inner().map_err(IntoInnerError::into_error)?;
        beside.as_file().sync_all()?;
        beside.persist_noclobber(&self.path).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()
    }
}
