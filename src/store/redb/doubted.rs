//! Opening a file of which nobody knows whether it is sound.

use std::panic;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use crate::store::fault::Fault;
use crate::store::redb::RedbEngine;

impl RedbEngine {
    /// Opens a file that may be damaged, and reads all of it against its checksums: what is read from it
    /// afterwards was written so.
    ///
    /// # Errors
    /// As [`Self::open`]; or it is damaged anywhere.
    pub fn open_doubted(file: &Path, cache_bytes: usize) -> Result<Self, Fault> {
        let damaged = || Fault::Unopenable { file: file.to_owned(), why: "it is damaged".into() };
        let engine = calmly(|| Self::open(file, cache_bytes)).unwrap_or_else(|| Err(damaged()))?;
        match calmly(|| engine.verify()) {
            Some(Ok(true)) => Ok(engine),
            found => {
                // What closing it says, says the same again.
                calmly(|| drop(engine));
                Err(match found {
                    Some(Err(fault)) => fault,
                    _ => damaged(),
                })
            }
        }
    }

    /// Whether every page that is in use is as it was written.
    fn verify(&self) -> Result<bool, Fault> {
        let mut held = self.opened.write().map_err(|_| Fault::Stopped)?;
        let opened = held.as_mut().ok_or(Fault::Unsound)?;
        opened.outdate();
        opened.database.check_integrity().map_err(Fault::engine)
    }
}

/// Does something with a file that may be damaged; none if redb fell over a page that cannot be. That
/// is expected, and told by whoever asked.
fn calmly<T>(act: impl FnOnce() -> T) -> Option<T> {
    let told = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let done = panic::catch_unwind(AssertUnwindSafe(act));
    panic::set_hook(told);
    done.ok()
}
