//! Whether the data lies on a disk of this machine, with room left.

use crate::domain::checkup::Finding;

const MIB: u64 = 1024 * 1024;
/// Less than this is too little, whatever the disk's size.
const LEAST: u64 = 256 * MIB;
/// This much is enough, however small a part of the disk it is.
const PLENTY: u64 = 10 * 1024 * MIB;

/// What the system says of the file system under the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSystem {
    /// Its kind, as `statfs` numbers them.
    pub magic: u64,
    /// Bytes in all.
    pub total: u64,
    /// Bytes that the server's user may still fill.
    pub free: u64,
}

/// Locks and synced writes of these are the server's at the other end to keep.
const NETWORK: [(u64, &str); 12] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x564c, "NCP"),
    (0x7375_7245, "Coda"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x0102_1997, "9P"),
    (0x6573_5546, "FUSE (often a network's)"),
];
const MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// What is wrong with it.
#[must_use]
pub fn judge(disk: FileSystem) -> Vec<Finding> {
    let mut found = Vec::new();
    let network = NETWORK.iter().find(|(magic, _)| *magic == disk.magic);
    if let Some((_, name)) = network {
        let about = format!("the data folder lies on a network file system: {name}");
        let fix = "move the data folder to a disk of this machine: what is said to be written there may be lost, and locks may not hold";
        found.push(Finding::attention("disk.network", about, fix));
    }
    if MEMORY.contains(&disk.magic) {
        let about =
            "the data folder lies in memory (tmpfs): everything is gone when the machine stops";
        let fix = "move the data folder to a disk";
        found.push(Finding::attention("disk.memory", about, fix));
    }
    let (free, total) = (disk.free / MIB, disk.total / MIB);
    if disk.free < LEAST || (disk.free < disk.total / 10 && disk.free < PLENTY) {
        let about = format!("the disk is nearly full: {free} MiB of {total} MiB are free");
        let fix =
            "free space on the disk of the data folder; a server that cannot write answers 503";
        found.push(Finding::attention("disk.full", about, fix));
    }
    if found.is_empty() {
        found.push(Finding::good("disk", format!("{free} MiB of {total} MiB are free")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXT4: u64 = 0xef53;
    const GOOD: FileSystem = FileSystem { magic: EXT4, total: 100_000 * MIB, free: 50_000 * MIB };

    fn codes(disk: FileSystem) -> Vec<&'static str> {
        judge(disk).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_network_file_system_and_one_in_memory_are_named() {
        assert_eq!(codes(GOOD), ["disk"]);
        for magic in [0x6969, 0xff53_4d42, 0xfe53_4d42] {
            assert_eq!(codes(FileSystem { magic, ..GOOD }), ["disk.network"]);
        }
        assert_eq!(codes(FileSystem { magic: 0x0102_1994, ..GOOD }), ["disk.memory"]);
    }

    #[test]
    fn a_full_disk_is_named_by_share_and_by_size() {
        assert_eq!(codes(FileSystem { free: 9_999 * MIB, ..GOOD }), ["disk.full"]);
        assert_eq!(codes(FileSystem { free: 10_000 * MIB, ..GOOD }), ["disk"]);
        let small = FileSystem { total: 1_000 * MIB, free: 255 * MIB, ..GOOD };
        assert_eq!(codes(small), ["disk.full"]);
        assert_eq!(codes(FileSystem { free: 256 * MIB, ..small }), ["disk"]);
        let large = FileSystem { total: 4_000_000 * MIB, free: 10 * 1024 * MIB, ..GOOD };
        assert_eq!(codes(large), ["disk"]);
    }
}
