//! What this process holds in memory stays there: keys, tokens on their way, passwords being checked.

use std::io;

use rustix::process::DumpableBehavior;
use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::set_dumpable_behavior;
use rustix::process::setrlimit;

/// From here on no core file is written of this process, whatever it dies of, and no other program may
/// read its memory or attach to it, not even one of the same user. Root still may.
///
/// # Errors
/// The kernel refuses.
pub fn keep_private() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // Once more for whoever only looks at limits. A supervisor may forbid it: the unit does, and sets it itself.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    Ok(())
}
