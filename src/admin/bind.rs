//! Making the socket: for its owner alone from its first moment under its name, never in place of one
//! that somebody answers at.

use std::fs;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum BindFault {
    /// A server answers at it.
    #[error("another server answers at {}", .0.display())]
    InUse(PathBuf),
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
}

impl Drop for Bound {
    fn drop(&mut self) {
        // A file that stays is replaced at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Listens at `path`. A file that a server left behind, at which nobody answers, is replaced.
///
/// # Errors
/// [`BindFault`].
pub fn bind(path: &Path) -> Result<Bound, BindFault> {
    let fault = |error| BindFault::System { path: path.to_owned(), error };
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => {
            return Err(BindFault::NoSocket(path.to_owned()));
        }
        Ok(_) if UnixStream::connect(path).is_ok() => {
            return Err(BindFault::InUse(path.to_owned()));
        }
        _ => {}
    }
    let unnamed = path.with_extension(format!("sock-{}", std::process::id()));
    // Left by a process with this number that was killed here.
    let _ = fs::remove_file(&unnamed);
    let listener = UnixListener::bind(&unnamed).map_err(fault)?;
    let named = fs::set_permissions(&unnamed, Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(&unnamed, path));
    if let Err(error) = named {
        let _ = fs::remove_file(&unnamed);
        return Err(fault(error));
    }
    Ok(Bound { listener, path: path.to_owned() })
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
}
