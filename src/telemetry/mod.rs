//! Floor 1: what the process says about itself. No business words.

pub mod logs;
pub mod spool;
