//! Which keys and sections exist.

use crate::config::fault::Wrong;
use crate::config::lists;
use crate::config::settings::sections;
use crate::config::suggest;
use crate::config::suggest::RENAMED;
use crate::config::table::Key;
use crate::config::table::Section;
use crate::config::table::variable;

/// The table of keys, to be asked.
pub(super) struct Known(Vec<Section>);

impl Known {
    pub(super) fn new() -> Self {
        Self(sections())
    }

    pub(super) fn sections(&self) -> &[Section] {
        &self.0
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.iter().flat_map(|section| &section.keys)
    }

    pub(super) fn key(&self, path: &str) -> Option<&Key> {
        self.keys().find(|key| key.path == path)
    }

    pub(super) fn key_of_variable(&self, name: &str) -> Option<&Key> {
        self.keys().find(|key| variable(key.path) == name)
    }

    pub(super) fn is_section(&self, path: &str) -> bool {
        self.0.iter().any(|section| section.path == path)
    }

    /// The fault for a key of the file that does not exist.
    pub(super) fn unknown(&self, path: &str) -> Wrong {
        let names = self.keys().map(|key| key.path).chain(lists::paths());
        suggest::unknown(path, names, RENAMED, str::to_owned)
    }

    /// The fault for a variable whose key does not exist.
    pub(super) fn unknown_variable(&self, path: &str) -> Wrong {
        suggest::unknown(path, self.keys().map(|key| key.path), RENAMED, |key| {
            format!("{key} ({})", variable(key))
        })
    }
}
