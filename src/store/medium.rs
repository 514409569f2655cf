//! What a database lies on: a file, memory, or in tests a disk that fails.

use std::fs::File;
use std::fs::Metadata;
use std::fs::OpenOptions;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::OnceLock;

use redb::StorageBackend;
use redb::backends::FileBackend;
use redb::backends::InMemoryBackend;

use crate::store::fault::Fault;

/// Something that can be opened more than once, one time after the other.
pub trait Medium: Send + Sync + 'static {
    /// What redb reads and writes.
    type Backend: StorageBackend;

    /// Opens it as it is on the disk, not as a failed sync may have left it in memory. Made if it was
    /// never there.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&self) -> Result<Self::Backend, Fault>;

    /// How many bytes it takes.
    ///
    /// # Errors
    /// It cannot be asked.
    fn size(&self) -> Result<u64, Fault>;

    /// What to call it.
    fn name(&self) -> PathBuf;
}

/// The data file. Once opened it is the only one: whatever else comes to lie at its path, an empty
/// folder where a volume was mounted or a copy put back, is not taken in its place.
pub struct DataFile {
    path: PathBuf,
    first: OnceLock<Identity>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }
}

impl DataFile {
    /// The file at `path`.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), first: OnceLock::new() }
    }

    /// Readable by its owner only. Made the first time, and never again.
    fn open_private(&self) -> std::io::Result<File> {
        let known = self.first.get();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(known.is_none())
            .truncate(false)
            .mode(0o600)
            .open(&self.path)?;
        let found = file.metadata()?;
        if known.is_some() && found.len() == 0 {
            // An empty file would be taken for one to be made.
            return Err(std::io::Error::other("it is empty; restore it from a backup"));
        }
        let found = Identity::of(&found);
        if *self.first.get_or_init(|| found) != found {
            return Err(std::io::Error::other(
                "another file lies in its place; restart the server if that is right",
            ));
        }
        Ok(file)
    }

    fn unopenable(&self, error: &dyn std::fmt::Display) -> Fault {
        Fault::Unopenable { file: self.path.clone(), why: error.to_string().into() }
    }
}

/// The file as the disk has it. After a sync that failed, Linux may keep in memory, as if they were
/// written, pages that the disk never got, and never write them again. Whoever goes on from those
/// builds on what the next power cut takes away.
fn as_on_disk(file: File) -> std::io::Result<File> {
    file.sync_all()?;
    // Now nothing is left to write, so that all of it can be forgotten. Where the file system has no
    // such memory, or takes no such advice, there is nothing to do.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    Ok(file)
}

impl Medium for DataFile {
    type Backend = FileBackend;

    fn open(&self) -> Result<FileBackend, Fault> {
        let opened = self.open_private().and_then(as_on_disk);
        let opened = opened.map_err(|error| self.unopenable(&error))?;
        FileBackend::new(opened).map_err(|error| self.unopenable(&error))
    }

    fn size(&self) -> Result<u64, Fault> {
        let found = std::fs::metadata(&self.path).map_err(|error| self.unopenable(&error))?;
        Ok(found.len())
    }

    fn name(&self) -> PathBuf {
        self.path.clone()
    }
}

/// Memory, which is gone once it was given up.
#[derive(Default)]
pub struct Memory {
    given: OnceLock<()>,
}

impl Medium for Memory {
    type Backend = InMemoryBackend;

    fn open(&self) -> Result<InMemoryBackend, Fault> {
        let first = self.given.set(()).is_ok();
        first.then(InMemoryBackend::new).ok_or(Fault::Stopped)
    }

    fn size(&self) -> Result<u64, Fault> {
        Ok(0)
    }

    fn name(&self) -> PathBuf {
        PathBuf::from("memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(file: &DataFile) -> String {
        file.open().unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_made_once_and_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let file = DataFile::at(&path);
        drop(file.open().unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, b"something").unwrap();
        drop(file.open().unwrap());
        assert_eq!(file.size().unwrap(), 9);
    }

    #[test]
    fn once_opened_no_other_file_is_taken_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let file = DataFile::at(&path);
        drop(file.open().unwrap());
        std::fs::write(folder.path().join("copy"), b"a backup").unwrap();
        std::fs::rename(folder.path().join("copy"), &path).unwrap();
        assert!(refusal(&file).contains("another file lies in its place"), "{}", refusal(&file));
        std::fs::remove_file(&path).unwrap();
        assert!(refusal(&file).contains("No such file"), "{}", refusal(&file));
        assert!(!path.exists());
    }

    #[test]
    fn once_opened_an_empty_file_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let file = DataFile::at(&path);
        drop(file.open().unwrap());
        assert!(refusal(&file).contains("it is empty"), "{}", refusal(&file));
    }
}
