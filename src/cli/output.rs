//! Standard output: for people a table or a few lines, for scripts one JSON value.

use std::io;
use std::sync::Arc;

use serde::Serialize;

use crate::admin::console::Console;
use crate::cli::error::CliError;
use crate::cli::table;

/// Something that is listed and shown.
pub(super) trait Listed: Serialize {
    /// The columns.
    const HEADINGS: &'static [&'static str];
    /// What is said when there are none.
    const NONE: &'static str;

    /// Its row.
    fn cells(&self) -> Vec<String>;

    /// All that is shown of it alone.
    fn details(&self) -> Vec<(&'static str, String)> {
        Self::HEADINGS.iter().copied().zip(self.cells()).collect()
    }
}

/// Where answers go.
#[derive(Clone)]
pub(super) struct Output {
    /// Whether they are JSON.
    pub(super) json: bool,
    /// Whose standard output.
    pub(super) console: Arc<dyn Console>,
}

impl Output {
    /// A list.
    pub(super) fn list<T: Listed>(&self, items: &[T]) -> Result<(), CliError> {
        self.answer(&items, || {
            if items.is_empty() {
                return format!("{}\n", T::NONE);
            }
            table::columns(T::HEADINGS, items.iter().map(Listed::cells).collect())
        })
    }

    /// One thing with all its details.
    pub(super) fn show<T: Listed>(&self, item: &T) -> Result<(), CliError> {
        self.answer(item, || table::facts(&item.details()))
    }

    /// JSON for scripts, or the text that `told` gives.
    pub(super) fn answer<T: Serialize>(
        &self,
        value: &T,
        told: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        if !self.json {
            return self.text(&told());
        }
        let json = serde_json::to_string(value).map_err(|error| CliError::failed(&error))?;
        self.text(&format!("{json}\n"))
    }

    /// Text as it is.
    pub(super) fn text(&self, text: &str) -> Result<(), CliError> {
        self.console.out(text.as_bytes()).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => CliError::NobodyReads,
            _ => CliError::failed(&format_args!("the answer could not be written ({error})")),
        })
    }
}
