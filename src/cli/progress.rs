//! How far something long has come, on one line of a terminal. Nothing anywhere else.

use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;

use crate::cli::context::Context;
use crate::ops::backup::Progress;

/// The line. It is cleared when this is dropped.
pub(super) struct Line {
    shown: bool,
    last: String,
}

impl Line {
    /// On standard error of this process, if that is a terminal. A server shows none.
    pub(super) fn new(context: &Context) -> Self {
        let shown = context.running.is_none() && io::stderr().is_terminal();
        Self { shown, last: String::new() }
    }

    /// Shows it, if it says something new.
    pub(super) fn show(&mut self, what: &str, progress: Progress) {
        if !self.shown {
            return;
        }
        let text = match progress.done.saturating_mul(100).checked_div(progress.all) {
            Some(percent) => format!("{what}… {}%", percent.min(100)),
            None => format!("{what}… {} 000 rows", progress.done / 1000),
        };
        if text != self.last {
            // Whoever cannot be shown it misses nothing else.
            let _ = write!(io::stderr(), "\r\x1b[K{text}");
            self.last = text;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.last.is_empty() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
