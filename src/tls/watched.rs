//! A certificate and its key as files that somebody replaces while they are served.
//!
//! The files are looked at every so often, by what their paths lead to at that moment: a renamed file,
//! a link that points elsewhere (certbot) and a folder that was swapped (Kubernetes) are all seen. What
//! cannot be used yet may be half-written: it is tried again for [`PATIENCE`] before it is a fault.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use crate::base::clock::Timestamp;
use crate::tls::TlsFault;
use crate::tls::material::Material;

/// How long files may be unusable before that is told.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What a look at the files found.
#[derive(Debug)]
pub enum Look {
    /// Nothing that was not known before.
    Nothing,
    /// Material that can be served; it may be the same as before.
    Good(Box<Material>),
    /// What is there cannot be used. Told once for each state of the files.
    Fault(TlsFault),
}

/// Two files that are looked at again and again.
#[derive(Debug)]
pub struct Watched {
    certificate: PathBuf,
    key: PathBuf,
    seen: Option<[Option<Stamp>; 2]>,
    /// A file may change twice within what its time can tell apart, so a change is looked at twice.
    again: bool,
    trouble: Option<Trouble>,
}

#[derive(Debug)]
struct Trouble {
    since: Instant,
    told: bool,
}

/// What tells that a file is not the one that was there before.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

impl Watched {
    /// The first look reads them.
    #[must_use]
    pub const fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key, seen: None, again: false, trouble: None }
    }

    /// The file with the certificate.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Looks at the files at `now`; `at` is the same moment on a clock that only moves forward.
    pub fn look(&mut self, now: Timestamp, at: Instant) -> Look {
        self.look_within(now, at, PATIENCE)
    }

    /// Reads the files because somebody asks for it, and says at once what is wrong with them.
    pub fn look_now(&mut self, now: Timestamp, at: Instant) -> Look {
        self.again = true;
        self.trouble = None;
        self.look_within(now, at, Duration::ZERO)
    }

    fn look_within(&mut self, now: Timestamp, at: Instant, patience: Duration) -> Look {
        let stamps = [stamp(&self.certificate), stamp(&self.key)];
        let changed = self.seen != Some(stamps);
        if changed {
            self.trouble = None;
        } else if !self.again && self.trouble.is_none() {
            return Look::Nothing;
        }
        self.seen = Some(stamps);
        self.again = changed;
        match Material::load(&self.certificate, &self.key, now) {
            Ok(material) => {
                self.trouble = None;
                Look::Good(Box::new(material))
            }
            Err(fault) => self.stumble(fault, at, patience),
        }
    }

    fn stumble(&mut self, fault: TlsFault, at: Instant, patience: Duration) -> Look {
        let trouble = self.trouble.get_or_insert(Trouble { since: at, told: false });
        if trouble.told || at.saturating_duration_since(trouble.since) < patience {
            return Look::Nothing;
        }
        trouble.told = true;
        Look::Fault(fault)
    }
}

/// Of what `path` leads to; `None` when that is nothing.
fn stamp(path: &Path) -> Option<Stamp> {
    let file = fs::metadata(path).ok()?;
    let (changed, moved) = ((file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec()));
    Some((file.dev(), file.ino(), file.size(), changed, moved))
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "any moment will do, as long as time goes on from it"
)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::tls::private_ca;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    /// A folder with a pair for `name`.
    fn pair(name: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        private_ca::ensure(folder.path(), &[name.to_owned()], NOW).unwrap();
        folder
    }

    fn watched(folder: &Path) -> Watched {
        Watched::new(folder.join("server.pem"), folder.join("server-key.pem"))
    }

    /// The name that what a look found was made for.
    fn found(look: Look) -> Option<String> {
        match look {
            Look::Good(material) => {
                let mut names = material.facts().names.iter();
                names.find(|name| name.ends_with(".example")).cloned()
            }
            _ => None,
        }
    }

    /// Past the second look that every change gets.
    fn settle(watched: &mut Watched, at: Instant) {
        assert!(matches!(watched.look(NOW, at), Look::Good(_)));
        assert!(matches!(watched.look(NOW, at), Look::Good(_)));
        assert!(matches!(watched.look(NOW, at), Look::Nothing));
    }

    fn copy(from: &Path, to: &Path, file: &str) {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }

    #[test]
    fn files_that_nobody_touches_are_read_no_more() {
        let folder = pair("a.example");
        settle(&mut watched(folder.path()), Instant::now());
    }

    #[test]
    fn a_pair_written_one_after_the_other_is_taken_once_both_are_there() {
        let (folder, new) = (pair("a.example"), pair("b.example"));
        let (mut watched, at) = (watched(folder.path()), Instant::now());
        settle(&mut watched, at);
        copy(new.path(), folder.path(), "server.pem");
        assert!(matches!(watched.look(NOW, at), Look::Nothing));
        let later = at + PATIENCE.mul_f32(0.9);
        assert!(matches!(watched.look(NOW, later), Look::Nothing));
        copy(new.path(), folder.path(), "server-key.pem");
        assert_eq!(found(watched.look(NOW, later)).as_deref(), Some("b.example"));
    }

    #[test]
    fn what_stays_broken_is_told_once_for_each_state_of_the_files() {
        let (folder, new) = (pair("a.example"), pair("b.example"));
        let (mut watched, at) = (watched(folder.path()), Instant::now());
        settle(&mut watched, at);
        copy(new.path(), folder.path(), "server.pem");
        assert!(matches!(watched.look(NOW, at), Look::Nothing));
        let late = at + PATIENCE;
        let look = watched.look(NOW, late);
        assert!(matches!(look, Look::Fault(TlsFault::Mismatch { .. })), "{look:?}");
        assert!(matches!(watched.look(NOW, late + PATIENCE), Look::Nothing));
        fs::write(folder.path().join("server.pem"), "junk").unwrap();
        assert!(matches!(watched.look(NOW, late), Look::Nothing));
        let look = watched.look(NOW, late + PATIENCE);
        assert!(matches!(look, Look::Fault(TlsFault::NoCertificate(_))), "{look:?}");
    }

    #[test]
    fn who_asks_is_told_at_once_what_is_wrong_and_every_time() {
        let folder = pair("a.example");
        let (mut watched, at) = (watched(folder.path()), Instant::now());
        settle(&mut watched, at);
        fs::remove_file(folder.path().join("server-key.pem")).unwrap();
        assert!(matches!(watched.look(NOW, at), Look::Nothing));
        for _ in 0..2 {
            assert!(matches!(watched.look_now(NOW, at), Look::Fault(TlsFault::Missing(_))));
        }
        assert!(matches!(watched.look(NOW, at + PATIENCE), Look::Nothing));
    }

    #[test]
    fn a_link_to_another_file_and_a_swapped_folder_are_seen() {
        let (old, new) = (pair("a.example"), pair("b.example"));
        let place = tempfile::tempdir().unwrap();
        let (data, other) = (place.path().join("..data"), place.path().join("..other"));
        symlink(old.path(), &data).unwrap();
        for file in ["server.pem", "server-key.pem"] {
            symlink(Path::new("..data").join(file), place.path().join(file)).unwrap();
        }
        let (mut watched, at) = (watched(place.path()), Instant::now());
        settle(&mut watched, at);
        symlink(new.path(), &other).unwrap();
        fs::rename(&other, &data).unwrap();
        assert_eq!(found(watched.look(NOW, at)).as_deref(), Some("b.example"));
    }

    #[test]
    fn what_was_too_early_is_taken_when_its_time_comes() {
        let folder = pair("a.example");
        let (mut watched, at) = (watched(folder.path()), Instant::now());
        let early = NOW.minus(Duration::from_secs(86_400));
        assert!(matches!(watched.look(early, at), Look::Nothing));
        assert!(matches!(
            watched.look(early, at + PATIENCE),
            Look::Fault(TlsFault::NotYetValid(..))
        ));
        assert!(matches!(watched.look(NOW, at + PATIENCE), Look::Good(_)));
    }
}
