//! Making the socket: for its owner alone from its first moment under its name, never in place of one
//! that somebody answers at.

use std::fs;
use std::fs::Permissions;
use std::io;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;

/// The longest path that a socket can have (`sun_path` of unix(7), less its last byte).
const LONGEST: usize = 107;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum BindFault {
    /// A server answers at it.
    #[error("another server answers at {}", .0.display())]
    InUse(PathBuf),
    /// No socket can have such a path.
    #[error("{} is longer than the {LONGEST} bytes that a socket's path may have", .0.display())]
    TooLong(PathBuf),
    /// Something else lies there.
    #[error("{} is there and is no socket", .0.display())]
    NoSocket(PathBuf),
    /// The system said no.
    #[error("{}: {error}", path.display())]
    System {
        /// The socket.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

/// A socket that listens; its file goes with it.
#[derive(Debug)]
pub struct Bound {
    pub(super) listener: UnixListener,
    path: PathBuf,
    /// Which file it is, whoever takes its name.
    file: (u64, u64),
}

impl Drop for Bound {
    fn drop(&mut self) {
        let is_ours = identity(&self.path).is_ok_and(|file| file == self.file);
        if is_ours {
            // A file that stays is replaced at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Listens at `path`. A file that a server left behind, at which nobody answers, is replaced.
///
/// # Errors
/// [`BindFault`].
pub fn bind(path: &Path) -> Result<Bound, BindFault> {
    let fault = |error| BindFault::System { path: path.to_owned(), error };
    if path.as_os_str().as_bytes().len() > LONGEST {
        return Err(BindFault::TooLong(path.to_owned()));
    }
    check(path)?;
    // Mostly shorter than the name, so that it fits where the name does.
    let unnamed = path.with_file_name(format!(".{}", std::process::id()));
    // Left by a process with this number that was killed here.
    let _ = fs::remove_file(&unnamed);
    let listener = UnixListener::bind(&unnamed).map_err(fault)?;
    let named = fs::set_permissions(&unnamed, Permissions::from_mode(0o600))
        .and_then(|()| identity(&unnamed))
        .and_then(|file| fs::rename(&unnamed, path).map(|()| file));
    match named {
        Ok(file) => Ok(Bound { listener, path: path.to_owned(), file }),
        Err(error) => {
            let _ = fs::remove_file(&unnamed);
            Err(fault(error))
        }
    }
}

/// Nothing is there, or a socket at which nobody listens. A link is neither.
fn check(path: &Path) -> Result<(), BindFault> {
    let fault = |error| BindFault::System { path: path.to_owned(), error };
    match fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => {}
        Ok(_) => return Err(BindFault::NoSocket(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fault(error)),
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(BindFault::InUse(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        // Gone since.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(fault(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_socket_is_for_its_owner_alone_and_goes_with_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let bound = bind(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(bound);
        assert!(!path.exists());
    }

    #[test]
    fn a_socket_that_somebody_answers_at_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let _first = bind(&path).unwrap();
        assert!(matches!(bind(&path), Err(BindFault::InUse(_))));
        assert!(UnixStream::connect(&path).is_ok());
    }

    #[test]
    fn a_socket_that_was_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists() && UnixStream::connect(&path).is_err());
        let _bound = bind(&path).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
    }

    #[test]
    fn a_file_of_another_kind_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        fs::write(&path, "mine").unwrap();
        assert!(matches!(bind(&path), Err(BindFault::NoSocket(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_link_is_not_followed_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aim) = (folder.path().join("admin.sock"), folder.path().join("aim"));
        for dangles in [true, false] {
            if !dangles {
                fs::write(&aim, "mine").unwrap();
            }
            let _ = fs::remove_file(&path);
            std::os::unix::fs::symlink(&aim, &path).unwrap();
            assert!(matches!(bind(&path), Err(BindFault::NoSocket(_))));
            assert_eq!(fs::read_link(&path).unwrap(), aim);
            assert_eq!(aim.exists(), !dangles);
        }
    }

    #[test]
    fn a_path_that_no_socket_can_have_is_named_and_the_longest_one_works() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let name = |length: usize| {
            let rest = length - folder.path().as_os_str().len() - 1;
            folder.path().join("s".repeat(rest))
        };
        let bound = bind(&name(107)).unwrap();
        assert!(UnixStream::connect(name(107)).is_ok());
        drop(bound);
        let fault = bind(&name(108)).unwrap_err();
        assert!(matches!(fault, BindFault::TooLong(_)), "{fault}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_socket_of_a_server_that_came_after_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let first = bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _second = bind(&path).unwrap();
        drop(first);
        assert!(UnixStream::connect(&path).is_ok());
    }
}
