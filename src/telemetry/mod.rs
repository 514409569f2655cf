//! Floor 1: what the process says about itself: its log, and what it measures. No business rules.

pub mod logs;
pub mod measure;
pub mod measures;
pub mod requests;
pub mod spool;
