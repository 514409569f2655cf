//! The machine underneath: processors, their clocks, and the disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::thread::CpuSet;
use rustix::time::ClockId;
use tokio::time::Instant;

use super::Outcome;

/// `f_type` of a file system in memory.
const TMPFS: i64 = 0x0102_1994;

/// One processor for each process, if there are two.
#[derive(Clone)]
pub(crate) struct Cores {
    /// Those that this process may use.
    usable: Vec<usize>,
    /// How many the machine has.
    pub(crate) online: f64,
    /// The load's and the server's.
    pub(crate) pair: Option<(usize, usize)>,
}

impl Cores {
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let allowed = rustix::thread::sched_getaffinity(None)?;
        let usable: Vec<usize> =
            (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
        let stat = std::fs::read_to_string("/proc/stat")?;
        let online = stat.lines().skip(1).take_while(|line| line.starts_with("cpu")).count();
        let online = f64::from(u32::try_from(online).unwrap_or(u32::MAX));
        let pair = match usable.as_slice() {
            [first, .., last] => Some((*first, *last)),
            _ => None,
        };
        Ok(Self { usable, online, pair })
    }

    /// How many this process may use.
    pub(crate) fn available(&self) -> usize {
        self.usable.len()
    }

    /// Keeps this thread on the load's processor.
    pub(crate) fn pin_load(&self) -> io::Result<()> {
        self.pair.map_or(Ok(()), |(load, _)| pin(&[load]))
    }

    /// Does `work` on the server's processor: a process that it starts stays there.
    pub(crate) fn on_server<T>(&self, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let Some((load, server)) = self.pair else { return work() };
        pin(&[server])?;
        let done = work();
        pin(&[load])?;
        done
    }

    /// Does `work` on all processors.
    pub(crate) fn on_all<T>(&self, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        pin(&self.usable)?;
        let done = work();
        self.pin_load()?;
        done
    }
}

/// Keeps this thread, and those that it starts, on these processors.
fn pin(cores: &[usize]) -> io::Result<()> {
    let mut only = CpuSet::new();
    for core in cores {
        only.set(*core);
    }
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

/// Processor time of the whole machine since it started, in ticks.
pub(crate) struct Ticks {
    busy: u64,
    idle: u64,
}

impl Ticks {
    /// As the kernel counts them: user, nice, system, idle, waiting for disks, interrupts (two
    /// kinds), stolen. What guests take is counted in the first two.
    pub(crate) fn now() -> Outcome<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let words = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
        let counts = words.map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let idle = counts.iter().skip(3).take(2).sum();
        Ok(Self { busy: counts.iter().sum::<u64>() - idle, idle })
    }

    /// How much of the machine was busy after `before`: 0 to 1.
    pub(crate) fn busy_since(&self, before: &Self) -> f64 {
        let span = |now: u64, then: u64| Duration::from_millis(now.saturating_sub(then));
        let busy = span(self.busy, before.busy).as_secs_f64();
        let idle = span(self.idle, before.idle).as_secs_f64();
        busy / (busy + idle).max(f64::EPSILON)
    }
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
