//! Whether files are for those alone who need them.

use crate::domain::checkup::Finding;

/// A file or folder, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Its path.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
    /// Who owns it.
    pub owner: u32,
    /// What nobody else may do with it, as permission bits.
    pub closed: u32,
    /// How it should be.
    pub wanted: u32,
    /// Whether it must be owned by whoever the server runs as.
    pub ours: bool,
}

/// What is wrong with them for a server that runs as the user `server`.
#[must_use]
pub fn judge(files: &[Looked], server: u32) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        let (path, wanted) = (&file.path, file.wanted);
        if file.mode & file.closed != 0 {
            let about = format!("{path} can be used by others (its mode is {:04o})", file.mode);
            found.push(Finding::attention(
                "files.mode",
                about,
                format!("chmod {wanted:04o} {path}"),
            ));
        }
        if file.ours && file.owner != server {
            let owner = file.owner;
            let about =
                format!("{path} belongs to the user {owner}, and the server runs as {server}");
            found.push(Finding::attention("files.owner", about, format!("chown {server} {path}")));
        }
    }
    if found.is_empty() {
        found.push(Finding::good("files", "modes and owners are as they should be"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(mode: u32, owner: u32) -> Looked {
        let path = "/data/master.key".to_owned();
        Looked { path, mode, owner, closed: 0o077, wanted: 0o400, ours: true }
    }

    #[test]
    fn a_wrong_mode_is_named_with_the_command_that_mends_it() {
        assert_eq!(judge(&[key(0o400, 7), key(0o600, 7)], 7).remove(0).code, "files");
        for mode in [0o440, 0o404, 0o644] {
            let found = judge(&[key(mode, 7)], 7).remove(0);
            assert_eq!(found.code, "files.mode");
            assert_eq!(found.fix.as_deref(), Some("chmod 0400 /data/master.key"));
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_named() {
        assert_eq!(judge(&[key(0o400, 0)], 7).remove(0).code, "files.owner");
        assert_eq!(judge(&[Looked { ours: false, ..key(0o400, 0) }], 7).remove(0).code, "files");
    }
}
