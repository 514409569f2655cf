//! Files that are whole or absent: written beside their place, synced, then renamed into it.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::fchown;
use std::path::Path;

/// Who may read the file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Readers {
    /// The owner alone (0600).
    Owner,
    /// Everyone (0644).
    All,
}

/// Writes `bytes` to `path`, for the owner of its folder. After a crash the file is the old one or the
/// new one, never a part.
pub(super) fn write(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // The temporary file is 0600 from its first moment: a key is never readable by others.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    if matches!(readers, Readers::All) {
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    let (folder, made) = (fs::metadata(directory)?, file.as_file().metadata()?);
    if made.uid() != folder.uid() {
        // Written by root for the server's user; nobody else can give a file away.
        let _ = fchown(file.as_file(), Some(folder.uid()), Some(folder.gid()));
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    File::open(directory)?.sync_all()
}
