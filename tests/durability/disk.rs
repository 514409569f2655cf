//! A disk behind a cache, as Linux and hardware behave at their worst.
//!
//! Writes go to the cache and are read from there. A sync brings them to the medium. When power
//! fails, each sector that was written since the last sync is, whatever the others are, as it was or as
//! one of the writes left it; of the changes of the length the first few happened. A sync that fails
//! has brought any part to the medium, and what it has not is never written again although the cache
//! goes on showing it (ext4 and XFS do that), until the cache is dropped.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

use countersign::store::fault::Fault;
use countersign::store::medium::Medium;
use redb::BackendError;
use redb::StorageBackend;

use crate::chance::Chance;

const SECTOR: usize = 512;

/// What kind of call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    Read,
    Write,
    SetLen,
    Sync,
}

impl Call {
    const ALL: &'static [Self] = &[Self::Read, Self::Write, Self::SetLen, Self::Sync];
    /// Those that change something.
    const CHANGES: &'static [Self] = &[Self::Write, Self::SetLen, Self::Sync];

    const fn only(self) -> &'static [Self] {
        match self {
            Self::Read => &[Self::Read],
            Self::Write => &[Self::Write],
            Self::SetLen => &[Self::SetLen],
            Self::Sync => &[Self::Sync],
        }
    }
}

/// Whether the disk keeps its promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Honesty {
    Honest,
    /// Syncs do nothing.
    IgnoresSync,
    /// A sync leaves some writes behind, which come later or never.
    ReordersPastSync,
    /// A sync brings to the medium what the one before it should have brought: everything that is found
    /// after a cut is consistent, and too old.
    SyncsOneLate,
    /// Opening anew reads what a failed sync left in the cache. The length is true all the same:
    /// a file system that cannot write that down takes nothing more.
    KeepsCache,
}

/// What is to go wrong at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Power fails in the middle of it, and nothing works until the restart.
    PowerCut,
    /// It fails, once.
    FailsOnce(Why),
    /// It fails, and so does everything but reads until the disk is mended.
    FailsFromNowOn(Why),
}

/// What the system says of a call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// `EIO`: the medium did not take it.
    Broken,
    /// `ENOSPC`: there is no room for it.
    Full,
}

impl Why {
    fn error(self) -> io::Error {
        io::Error::from_raw_os_error(match self {
            Self::Broken => 5,
            Self::Full => 28,
        })
    }
}

/// Trouble to come at the call after `left - 1` others, or after so many of some kinds.
#[derive(Clone, Copy)]
struct Awaited {
    kinds: &'static [Call],
    left: u64,
    trouble: Trouble,
}

#[derive(Clone)]
enum Piece {
    Sectors(Vec<(usize, [u8; SECTOR])>),
    Length(usize),
}

struct State {
    medium: Vec<u8>,
    cache: Vec<u8>,
    /// Since the last sync, in order.
    pending: Vec<Piece>,
    /// What a sync that comes too late is to bring.
    late: Vec<Piece>,
    /// Whether the cache shows what the medium does not have and nobody will write.
    cache_lies: bool,
    /// How often it came to that.
    lies: u64,
    honesty: Honesty,
    chance: Chance,
    /// What is to come, one after the other.
    trouble: VecDeque<Awaited>,
    failing: Option<Why>,
    /// Grows with every restart: whoever was opened before is dead.
    boot: u64,
    powered: bool,
    /// Which opening has it for itself.
    locked: Option<u64>,
    opened: u64,
    calls: BTreeMap<Call, u64>,
    last: Option<Call>,
    trace: u64,
}

/// The disk, shared by all that were ever opened on it.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

/// One opening of the disk.
pub struct Opened {
    disk: Disk,
    boot: u64,
    number: u64,
}

fn eio(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}

impl State {
    /// Counts a call; tells what happens to it.
    fn arrive(&mut self, call: Call, boot: u64) -> io::Result<Option<Trouble>> {
        if !self.powered || boot != self.boot {
            return Err(eio("there is no power"));
        }
        *self.calls.entry(call).or_default() += 1;
        self.last = Some(call);
        if let Some(why) = self.failing.filter(|_| call != Call::Read) {
            return Err(why.error());
        }
        let Some(awaited) = self.trouble.front_mut() else { return Ok(None) };
        if !awaited.kinds.contains(&call) {
            return Ok(None);
        }
        awaited.left -= 1;
        if awaited.left > 0 {
            return Ok(None);
        }
        let trouble = awaited.trouble;
        self.trouble.pop_front();
        match trouble {
            Trouble::PowerCut => self.powered = false,
            Trouble::FailsOnce(_) => {}
            Trouble::FailsFromNowOn(why) => self.failing = Some(why),
        }
        Ok(Some(trouble))
    }

    fn write(&mut self, offset: usize, data: &[u8]) {
        self.cache[offset..offset + data.len()].copy_from_slice(data);
        let sectors = offset / SECTOR..(offset + data.len()).div_ceil(SECTOR);
        let image = |sector: usize| {
            let mut bytes = [0; SECTOR];
            let end = self.cache.len().min((sector + 1) * SECTOR);
            let part = &self.cache[sector * SECTOR..end];
            bytes[..part.len()].copy_from_slice(part);
            (sector, bytes)
        };
        self.pending.push(Piece::Sectors(sectors.map(image).collect()));
    }

    /// Brings to the medium what chance lets: everything if it always does.
    fn settle(&mut self, pieces: Vec<Piece>, mut keeps: impl FnMut(&mut Chance) -> bool) {
        let mut chance = self.chance.branch();
        let lengths = pieces.iter().filter(|piece| matches!(piece, Piece::Length(_))).count();
        // The file system's journal keeps changes of the length in order.
        let ordered = (0..lengths).take_while(|_| keeps(&mut chance)).count();
        let mut kept = if self.honesty == Honesty::KeepsCache { lengths } else { ordered };
        for piece in pieces {
            match piece {
                Piece::Length(length) if kept > 0 => {
                    kept -= 1;
                    self.medium.resize(length, 0);
                }
                Piece::Length(_) => {}
                Piece::Sectors(sectors) => {
                    // Torn somewhere, or whole, or not at all.
                    let (whole, torn) = (keeps(&mut chance), !keeps(&mut chance));
                    for (sector, bytes) in sectors {
                        if if torn { keeps(&mut chance) } else { whole } {
                            put(&mut self.medium, sector, &bytes);
                        }
                    }
                }
            }
        }
    }

    fn sync(&mut self) {
        match self.honesty {
            Honesty::IgnoresSync => {}
            Honesty::ReordersPastSync => {
                let mut chance = self.chance.branch();
                let (late, now): (Vec<_>, Vec<_>) = self
                    .pending
                    .drain(..)
                    .partition(|piece| matches!(piece, Piece::Sectors(_)) && chance.percent(10));
                self.settle(now, |_| true);
                self.pending = late;
            }
            Honesty::SyncsOneLate => {
                let late = std::mem::take(&mut self.late);
                self.settle(late, |_| true);
                self.late = std::mem::take(&mut self.pending);
            }
            Honesty::Honest | Honesty::KeepsCache => {
                let all = std::mem::take(&mut self.pending);
                self.settle(all, |_| true);
            }
        }
    }

    /// A sync that fails: part of it happened, and the rest is given up.
    fn sync_in_vain(&mut self) {
        let some = std::mem::take(&mut self.pending);
        self.settle(some, |chance| chance.percent(50));
        self.cache_lies = true;
        self.lies += 1;
    }
}

/// Writes a sector as far as the medium reaches.
fn put(medium: &mut [u8], sector: usize, bytes: &[u8; SECTOR]) {
    let start = sector * SECTOR;
    if let Some(end) = medium.len().checked_sub(start).map(|left| left.min(SECTOR)) {
        medium[start..start + end].copy_from_slice(&bytes[..end]);
    }
}

impl Disk {
    pub fn of(image: &[u8], honesty: Honesty, chance: Chance) -> Self {
        Self(Arc::new(Mutex::new(State {
            medium: image.to_vec(),
            cache: image.to_vec(),
            pending: Vec::new(),
            late: Vec::new(),
            cache_lies: false,
            lies: 0,
            honesty,
            chance,
            trouble: VecDeque::new(),
            failing: None,
            boot: 0,
            powered: true,
            locked: None,
            opened: 0,
            calls: BTreeMap::new(),
            last: None,
            trace: 0,
        })))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    /// Has trouble come at the call after `left - 1` others, or after so many of one kind.
    pub fn expect(&self, kind: Option<Call>, left: u64, trouble: Trouble) {
        let kinds = kind.map_or(Call::ALL, Call::only);
        self.with(|state| state.trouble = VecDeque::from([Awaited { kinds, left, trouble }]));
    }

    /// Has trouble come at a call that changes something, after `left - 1` of those.
    pub fn expect_at_change(&self, left: u64, trouble: Trouble) {
        let kinds = Call::CHANGES;
        self.with(|state| state.trouble = VecDeque::from([Awaited { kinds, left, trouble }]));
    }

    /// Has a read fail once the trouble that is awaited has come, after `left - 1` other reads.
    pub fn expect_then_at_read(&self, left: u64, trouble: Trouble) {
        let kinds = Call::Read.only();
        self.with(|state| state.trouble.push_back(Awaited { kinds, left, trouble }));
    }

    /// Whether the trouble that was to come has not come yet.
    pub fn is_awaiting(&self) -> bool {
        self.with(|state| !state.trouble.is_empty())
    }

    /// Whether everything fails until it is mended.
    pub fn is_failing(&self) -> bool {
        self.with(|state| state.failing.is_some())
    }

    /// Everything works again, and nothing is going to go wrong.
    pub fn mend(&self) {
        self.with(|state| {
            state.failing = None;
            state.trouble.clear();
        });
    }

    /// Power fails now, between two calls.
    pub fn cut(&self) {
        self.with(|state| {
            state.powered = false;
            state.last = None;
        });
    }

    pub fn is_powered(&self) -> bool {
        self.with(|state| state.powered)
    }

    /// The last call that came, and whether it left something unsynced.
    pub fn last_call(&self) -> (Option<Call>, bool) {
        self.with(|state| (state.last, !state.pending.is_empty()))
    }

    /// How often the cache came to show what the medium did not have and nobody was to write.
    pub fn lies(&self) -> u64 {
        self.with(|state| state.lies)
    }

    /// How many calls of a kind came.
    pub fn calls(&self, kind: Call) -> u64 {
        self.with(|state| state.calls.get(&kind).copied().unwrap_or_default())
    }

    /// Stands for everything that was ever written, in its order.
    pub fn trace(&self) -> u64 {
        self.with(|state| state.trace)
    }

    /// What is on the medium.
    pub fn image(&self) -> Vec<u8> {
        self.with(|state| state.medium.clone())
    }

    /// Power fails, whatever is going on, and comes back: what the medium then has is all there is.
    pub fn restart(&self) {
        self.with(|state| {
            let pieces = std::mem::take(&mut state.pending);
            let keep = [20, 50, 80, 97][state.chance.below(4)];
            if state.honesty != Honesty::SyncsOneLate {
                state.settle(pieces, |chance| chance.percent(keep));
            }
            state.late.clear();
            state.cache.clone_from(&state.medium);
            state.cache_lies = false;
            state.reboot();
        });
    }

    /// The process dies and is started again; the machine, and with it the cache, goes on.
    pub fn kill(&self) {
        self.with(State::reboot);
    }
}

impl State {
    fn reboot(&mut self) {
        self.powered = true;
        self.failing = None;
        self.trouble.clear();
        self.locked = None;
        self.boot += 1;
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a disk")
    }
}

impl Medium for Disk {
    type Backend = Opened;

    /// As `DataFile` does: syncs, then forgets what is cached.
    fn open(&self) -> Result<Opened, Fault> {
        let (boot, number) = self.with(|state| {
            state.opened += 1;
            (state.boot, state.opened)
        });
        let opened = Opened { disk: self.clone(), boot, number };
        opened.sync_data().map_err(Fault::engine)?;
        self.with(|state| {
            if state.cache_lies && state.honesty != Honesty::KeepsCache {
                state.cache.clone_from(&state.medium);
                state.cache_lies = false;
            }
        });
        Ok(opened)
    }

    fn size(&self) -> Result<u64, Fault> {
        Ok(self.with(|state| state.cache.len() as u64))
    }

    fn name(&self) -> PathBuf {
        PathBuf::from("disk")
    }
}

impl Opened {
    fn call<T>(
        &self,
        call: Call,
        works: impl FnOnce(&mut State) -> T,
        fails: impl FnOnce(&mut State),
    ) -> io::Result<T> {
        self.disk.with(|state| match state.arrive(call, self.boot)? {
            None => Ok(works(state)),
            Some(trouble) => {
                fails(state);
                Err(match trouble {
                    Trouble::PowerCut => eio("power failed"),
                    Trouble::FailsOnce(why) | Trouble::FailsFromNowOn(why) => why.error(),
                })
            }
        })
    }
}

/// Whether a range is all there is: the only one that can be locked here.
const fn is_whole(start: Bound<u64>, end: Bound<u64>) -> bool {
    matches!((start, end), (Bound::Unbounded | Bound::Included(0), Bound::Unbounded))
}

impl StorageBackend for Opened {
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        if !is_whole(start, end) {
            return Err(BackendError::Unsupported);
        }
        Ok(self.disk.with(|state| *state.locked.get_or_insert(self.number) == self.number))
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        if is_whole(start, end) {
            self.close().map_err(Into::into)
        } else {
            Err(BackendError::Unsupported)
        }
    }

    fn close(&self) -> io::Result<()> {
        self.disk.with(|state| state.locked.take_if(|owner| *owner == self.number));
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.with(|state| state.cache.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        let read = self.call(
            Call::Read,
            |state| {
                state.cache.get(start..start + out.len()).map(|bytes| out.copy_from_slice(bytes))
            },
            |_| {},
        )?;
        read.ok_or_else(|| eio("beyond the end"))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let length = usize::try_from(len).unwrap();
        let set = |state: &mut State| {
            state.trace = mix(state.trace, len);
            state.cache.resize(length, 0);
            state.pending.push(Piece::Length(length));
        };
        // Cut in the middle of it, it may have happened.
        let cut = |state: &mut State| {
            if !state.powered {
                set(state);
            }
        };
        self.call(Call::SetLen, set, cut)
    }

    fn sync_data(&self) -> io::Result<()> {
        let cut = |state: &mut State| {
            if state.powered {
                state.sync_in_vain();
            }
        };
        self.call(Call::Sync, State::sync, cut)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        let write = |state: &mut State| {
            if start + data.len() > state.cache.len() {
                return Err(eio("beyond the end"));
            }
            state.trace = mix(mix(state.trace, offset), u64::from(crc32fast::hash(data)));
            state.write(start, data);
            Ok(())
        };
        // Cut in the middle of it, it is one more that may be lost; failed, a part was taken.
        let broken = |state: &mut State| {
            let taken = if state.powered { state.chance.below(data.len() + 1) } else { data.len() };
            if taken > 0 && start + taken <= state.cache.len() {
                state.write(start, &data[..taken]);
            }
        };
        self.call(Call::Write, write, broken)?
    }
}

fn mix(trace: u64, more: u64) -> u64 {
    (trace ^ more).wrapping_mul(0x0100_0000_01b3)
}
