//! A file of JSON lines, and the former ones beside it.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::outbound::shipping::Shipped;

/// Appends `entries`, on the disk when it answers; begins another file before, if this one is large.
pub(super) fn append(path: &Path, bytes: u64, keep: u32, entries: &[Shipped]) -> io::Result<()> {
    let mut file = writable(path)?;
    if file.metadata()?.len() >= bytes {
        rotate(path, keep)?;
        file = writable(path)?;
    }
    let before = file.metadata()?.len();
    let mut lines = Vec::new();
    // A line that a stop left half written ends here: it is sent again whole.
    if !ends_a_line(&mut file, before)? {
        lines.push(b'\n');
    }
    lines.extend(entries.iter().flat_map(|entry| entry.json.bytes().chain([b'\n'])));
    let written = file.write_all(&lines).and_then(|()| file.sync_data());
    if written.is_err() {
        // On a full disk: nothing is left of what comes again.
        let _ = file.set_len(before);
    }
    written?;
    if before == 0 { sync_folder(path) } else { Ok(()) }
}

fn writable(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

fn rotate(path: &Path, keep: u32) -> io::Result<()> {
    let former = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    for number in (1..keep).rev() {
        if former(number).exists() {
            fs::rename(former(number), former(number + 1))?;
        }
    }
    fs::rename(path, former(1))
}

/// A new file's name, and those of the former ones, outlive a loss of power too.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn entry(sequence: u64) -> Shipped {
        Shipped {
            sequence,
            at: String::new(),
            kind: String::new(),
            refusal: true,
            json: format!("{{\"sequence\":{sequence}}}"),
        }
    }

    #[test]
    fn it_is_rotated_by_its_size_and_so_many_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for sequence in 1..=5 {
            append(&path, 1, 2, &[entry(sequence)]).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("audit.jsonl"), "{\"sequence\":5}\n");
        assert_eq!(read("audit.jsonl.1"), "{\"sequence\":4}\n");
        assert_eq!(read("audit.jsonl.2"), "{\"sequence\":3}\n");
        assert!(!folder.path().join("audit.jsonl.3").exists());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_line_that_a_stop_left_half_written_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        fs::write(&path, "{\"sequence\":1}\n{\"sequ").unwrap();
        append(&path, 1 << 20, 2, &[entry(2)]).unwrap();
        append(&path, 1 << 20, 2, &[entry(3)]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "{\"sequence\":1}\n{\"sequ\n{\"sequence\":2}\n{\"sequence\":3}\n");
    }
}
