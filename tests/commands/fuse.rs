//! A file system of FUSE that holds nothing: enough for a program that looks at its root.

use std::fs::File;
use std::io::Read as _;
use std::io::Write as _;
use std::process::Stdio;

const LOOKUP: u32 = 1;
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const STATFS: u32 = 17;
const INIT: u32 = 26;
const DESTROY: u32 = 38;
const BATCH_FORGET: u32 = 42;

const NO_SUCH_FILE: i32 = -2;
const NOT_DONE_HERE: i32 = -38;
const HEAD: usize = 40;

/// Where the kernel asks.
pub struct Device(File);

impl Device {
    /// None where a process may not have one.
    pub fn open() -> Option<Self> {
        File::options().read(true).write(true).open("/dev/fuse").ok().map(Self)
    }

    /// For the one who mounts it.
    pub fn handle(&self) -> Stdio {
        self.0.try_clone().unwrap().into()
    }

    /// Answers the kernel while `work` goes on, and until nobody has it mounted any more.
    pub fn serving<T: Send>(mut self, work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|threads| {
            let working = threads.spawn(work);
            let mut question = vec![0; 256 * 1024];
            // Read fails once it is no longer mounted, and while it is not yet.
            loop {
                match self.0.read(&mut question) {
                    Ok(length) => self.answer(&question[..length]),
                    Err(_) if working.is_finished() => break,
                    Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
                }
            }
            working.join().unwrap()
        })
    }

    fn answer(&mut self, question: &[u8]) {
        let number = |at: usize| u32::from_ne_bytes(question[at..at + 4].try_into().unwrap());
        let unique = &question[8..16];
        let (error, body) = match number(4) {
            FORGET | BATCH_FORGET => return,
            INIT => (0, init(number(HEAD + 8))),
            GETATTR => (0, folder()),
            STATFS => (0, space()),
            LOOKUP => (NO_SUCH_FILE, Vec::new()),
            DESTROY => (0, Vec::new()),
            _ => (NOT_DONE_HERE, Vec::new()),
        };
        let length = u32::try_from(16 + body.len()).unwrap().to_ne_bytes();
        let answer = [&length[..], &error.to_ne_bytes(), unique, &body].concat();
        // Whoever asked may be gone.
        let _ = self.0.write_all(&answer);
    }
}

/// `fuse_init_out` of version 7.31.
fn init(read_ahead: u32) -> Vec<u8> {
    let numbers = [7, 31, read_ahead, 0, 0, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    numbers.iter().flat_map(|number: &u32| number.to_ne_bytes()).collect()
}

/// `fuse_attr_out` of a folder that root alone may use.
fn folder() -> Vec<u8> {
    let long = [0_u64, 0, 1, 0, 0, 0, 0, 0];
    let short = [0_u32, 0, 0, 0o040_700, 2, 0, 0, 0, 4096, 0];
    let long = long.iter().flat_map(|number| number.to_ne_bytes());
    long.chain(short.iter().flat_map(|number| number.to_ne_bytes())).collect()
}

/// `fuse_kstatfs`: a gigabyte, half of it free.
fn space() -> Vec<u8> {
    let long = [262_144_u64, 131_072, 131_072, 1_000, 1_000];
    let short = [4096_u32, 255, 4096, 0, 0, 0, 0, 0, 0, 0];
    let long = long.iter().flat_map(|number| number.to_ne_bytes());
    long.chain(short.iter().flat_map(|number| number.to_ne_bytes())).collect()
}
