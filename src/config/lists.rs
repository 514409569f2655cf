//! The lists of tables in the file: which there are, what a table of each holds, and how one is read.

use figment::value::Value;

use crate::config::catalogue;
use crate::config::entry::Entry;
use crate::config::entry::Field;
use crate::config::fault::Fault;
use crate::config::fault::Wrong;
use crate::config::layer::Effective;
use crate::config::surfaces;
use crate::config::value::shown;

/// A list of tables.
#[derive(Debug)]
pub(super) struct TableList {
    /// Its key, with the section: `api.routes`.
    pub(super) path: &'static str,
    pub(super) doc: &'static [&'static str],
    pub(super) fields: &'static [Field],
    /// A table as somebody might write it; empty where the default list shows it.
    pub(super) sample: &'static [&'static str],
}

/// Every list, in the order of the file.
pub(super) static LISTS: [&TableList; 6] = [
    &surfaces::ROUTES,
    &surfaces::TOOLS,
    &surfaces::RESOURCES,
    &surfaces::PROMPTS,
    &catalogue::PERMISSIONS,
    &catalogue::ROLES,
];

impl TableList {
    /// The section that it stands in; empty: the root.
    pub(super) fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// Its tables, as given.
    pub(super) fn tables<'a>(&self, from: &'a Effective) -> &'a [Value] {
        from.value(self.path).and_then(Value::as_array).unwrap_or_default()
    }
}

/// The keys of all lists.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    LISTS.iter().map(|list| list.path)
}

/// Whether a key is a list of tables.
pub(super) fn is_list(path: &str) -> bool {
    paths().any(|list| list == path)
}

/// Reads every table of a list; faults are added to `faults`, and a table with one is left out.
pub(super) fn read<T>(
    from: &Effective,
    list: &TableList,
    faults: &mut Vec<Fault>,
    mut read: impl FnMut(&mut Entry<'_>) -> Option<T>,
) -> Vec<T> {
    let path = list.path;
    let items = match from.value(path) {
        None => return Vec::new(),
        Some(Value::Array(_, items)) if !items.is_empty() => items,
        Some(Value::Array(..)) => {
            let wrong = Wrong::new("the list is empty", "give at least one or leave it out");
            faults.push(wrong.at(path, from.source(path)));
            return Vec::new();
        }
        Some(other) => {
            let problem = format!("{} is not a list of tables", shown(other));
            let wrong = Wrong::new(problem, format!("write [[{path}]] for each"));
            faults.push(wrong.at(path, from.source(path)));
            return Vec::new();
        }
    };
    let mut all = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let mut entry = Entry::new(from, format!("{path}[{at}]"), item, faults);
        entry.refuse_unknown(list.fields);
        all.extend(read(&mut entry));
    }
    all
}
