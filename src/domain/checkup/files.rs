//! Whether files are for those alone who need them.

use crate::domain::checkup::Finding;
use crate::domain::system_user::SystemUser;

/// A file or folder, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Its path.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
    /// Who owns it.
    pub owner: SystemUser,
    /// What nobody else may do with it, as permission bits.
    pub closed: u32,
    /// How it should be.
    pub wanted: u32,
    /// Whether it must be owned by whoever the server runs as.
    pub ours: bool,
}

/// What is wrong with them for a server that runs as the user `server`; `unseen` could not be looked at.
#[must_use]
pub fn judge(files: &[Looked], unseen: &[String], server: SystemUser) -> Vec<Finding> {
    let mut found: Vec<Finding> = files.iter().flat_map(|file| wrong(file, server)).collect();
    if let Some(first) = unseen.first() {
        let about = match unseen.len() {
            1 => format!("{first} cannot be looked at"),
            more => format!("{first} and {} more files cannot be looked at", more - 1),
        };
        let fix = format!("run doctor as root, or as {server}");
        found.push(Finding::note("files.unseen", about, fix));
    }
    if found.is_empty() && !files.is_empty() {
        found.push(Finding::good("files", "modes and owners are as they should be"));
    }
    found
}

fn wrong(file: &Looked, server: SystemUser) -> Vec<Finding> {
    let mut found = Vec::new();
    let (path, shown, wanted) = (&file.path, quoted(&file.path), file.wanted);
    if file.mode & file.closed != 0 {
        let about = format!("{path} can be used by others (its mode is {:04o})", file.mode);
        found.push(Finding::attention("files.mode", about, format!("chmod {wanted:04o} {shown}")));
    }
    if file.ours && file.owner.uid() != server.uid() {
        let about = format!("{path} belongs to {}, and the server runs as {server}", file.owner);
        let to = match server.to_string().strip_prefix("uid ") {
            Some(number) => number.to_owned(),
            None => server.to_string(),
        };
        found.push(Finding::attention("files.owner", about, format!("chown {to} {shown}")));
    }
    found
}

/// As a shell takes it for one word.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@".contains(c);
    if path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(uid: u32) -> SystemUser {
        SystemUser::new(uid, (uid == 7).then_some("countersign"))
    }

    fn key(mode: u32, owner: u32) -> Looked {
        let path = "/data/master.key".to_owned();
        Looked { path, mode, owner: user(owner), closed: 0o077, wanted: 0o400, ours: true }
    }

    fn first(file: Looked) -> Finding {
        judge(&[file], &[], user(7)).remove(0)
    }

    #[test]
    fn a_wrong_mode_is_named_with_the_command_that_mends_it() {
        assert_eq!(judge(&[key(0o400, 7), key(0o600, 7)], &[], user(7)).remove(0).code, "files");
        for mode in [0o440, 0o404, 0o644] {
            let found = first(key(mode, 7));
            assert_eq!(found.code, "files.mode");
            assert_eq!(found.fix.as_deref(), Some("chmod 0400 /data/master.key"));
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_named() {
        let found = first(key(0o400, 0));
        assert_eq!(found.code, "files.owner");
        assert_eq!(found.fix.as_deref(), Some("chown countersign /data/master.key"));
        assert!(found.about.contains("belongs to uid 0"), "{}", found.about);
        assert_eq!(first(Looked { ours: false, ..key(0o400, 0) }).code, "files");
        let nameless = judge(&[key(0o400, 0)], &[], user(8)).remove(0);
        assert_eq!(nameless.fix.as_deref(), Some("chown 8 /data/master.key"));
    }

    #[test]
    fn a_fix_can_be_pasted_whatever_the_path_is_called() {
        let path = "/my data/it's; rm -rf $HOME".to_owned();
        let fix = first(Looked { path, ..key(0o444, 7) }).fix.unwrap();
        assert_eq!(fix, r"chmod 0400 '/my data/it'\''s; rm -rf $HOME'");
    }

    #[test]
    fn what_could_not_be_looked_at_is_not_called_good() {
        let unseen = ["/data/master.key".to_owned(), "/data/tls/ca-key.pem".to_owned()];
        let found = judge(&[], &unseen, user(7)).remove(0);
        assert_eq!(found.code, "files.unseen");
        assert_eq!(judge(&[], &[], user(7)), [], "nor is what is not there");
        assert!(found.about.contains("and 1 more"), "{}", found.about);
    }
}
