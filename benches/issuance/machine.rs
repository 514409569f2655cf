//! The machine underneath: processors, their clocks, and the disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::thread::CpuSet;
use rustix::time::ClockId;
use tokio::time::Instant;

use crate::Outcome;

/// `f_type` of a file system in memory.
const TMPFS: i64 = 0x0102_1994;

/// One processor for each process, if there are two.
#[derive(Clone, Copy)]
pub(crate) struct Cores {
    /// How many this process may use.
    pub(crate) available: usize,
    /// The load's and the server's.
    pub(crate) pair: Option<(usize, usize)>,
}

impl Cores {
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let allowed = rustix::thread::sched_getaffinity(None)?;
        let usable: Vec<usize> =
            (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
        let pair = match usable.as_slice() {
            [first, .., last] => Some((*first, *last)),
            _ => None,
        };
        Ok(Self { available: usable.len(), pair })
    }

    pub(crate) fn pin_load(self) -> io::Result<()> {
        self.pair.map_or(Ok(()), |(load, _)| pin(load))
    }

    pub(crate) fn of_server(self) -> Option<usize> {
        self.pair.map(|(_, server)| server)
    }
}

/// Keeps this thread, and those that it starts, on one processor.
pub(crate) fn pin(core: usize) -> io::Result<()> {
    let mut only = CpuSet::new();
    only.set(core);
    Ok(rustix::thread::sched_setaffinity(None, &only)?)
}

/// Processor time of this process.
pub(crate) fn process_time() -> Duration {
    processor(ClockId::ProcessCPUTime)
}

/// Processor time of this thread.
pub(crate) fn thread_time() -> Duration {
    processor(ClockId::ThreadCPUTime)
}

fn processor(clock: ClockId) -> Duration {
    Duration::try_from(rustix::time::clock_gettime(clock)).unwrap_or_default()
}

/// Durability in memory is none: numbers from there would flatter.
pub(crate) fn must_be_on_disk(folder: &Path) -> Outcome<()> {
    if rustix::fs::statfs(folder)?.f_type == TMPFS {
        let folder = folder.display();
        return Err(format!("{folder} is in memory; name a folder on a disk with --folder").into());
    }
    Ok(())
}

/// What the disk asks for one small durable write, at the median.
pub(crate) fn durable_write(folder: &Path) -> Outcome<Duration> {
    let file = File::create_new(folder.join("probe"))?;
    let page = [0x5a; 4096];
    let mut times = Vec::new();
    for _ in 0..201 {
        let begun = Instant::now();
        file.write_all_at(&page, 0)?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}
