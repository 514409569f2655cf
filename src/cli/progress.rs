//! How far something long has come, on one line of a terminal. Nothing anywhere else.

use std::sync::Arc;

use crate::admin::console::Console;
use crate::cli::context::Context;
use crate::ops::backup::Progress;

/// The line. It is cleared when this is dropped.
pub(super) struct Line {
    console: Arc<dyn Console>,
    shown: bool,
    last: String,
}

impl Line {
    /// On standard error of whoever runs the command, if that is a terminal.
    pub(super) fn new(context: &Context) -> Self {
        let console = Arc::clone(&context.console);
        Self { shown: console.shows_progress(), console, last: String::new() }
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
            // Whoever cannot be shown it misses nothing else, and is not tried again.
            self.shown = self.console.err(format!("\r\x1b[K{text}").as_bytes()).is_ok();
            self.last = text;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.shown && !self.last.is_empty() {
            let _ = self.console.err(b"\r\x1b[K");
        }
    }
}
