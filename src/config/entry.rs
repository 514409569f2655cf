//! One table of a list, `permissions[3]`: read field by field.

use figment::value::Dict;
use figment::value::Value;

use crate::config::fault::Fault;
use crate::config::fault::Wrong;
use crate::config::layer::Effective;
use crate::config::rule::Rule;
use crate::config::suggest;
use crate::config::suggest::RENAMED;
use crate::config::value::shown;

/// A key of such a table.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
}

/// The table, its place, and where its faults go.
pub(super) struct Entry<'a> {
    from: &'a Effective,
    path: String,
    fields: Option<&'a Dict>,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(
        from: &'a Effective,
        path: String,
        item: &'a Value,
        faults: &'a mut Vec<Fault>,
    ) -> Self {
        let fields = item.as_dict();
        if fields.is_none() {
            let wrong = Wrong::new(format!("{} is not a table", shown(item)), "write a table");
            faults.push(wrong.at(path.as_str(), from.place(&path)));
        }
        Self { from, path, fields, faults }
    }

    /// Refuses every field that is none of `known`.
    pub(super) fn refuse_unknown(&mut self, known: &[Field]) {
        for name in self.fields.into_iter().flat_map(Dict::keys) {
            if !known.iter().any(|field| field.name == name) {
                let names = known.iter().map(|field| field.name);
                let wrong = suggest::unknown(name, names, RENAMED, str::to_owned);
                self.fault(name, wrong);
            }
        }
    }

    /// A field that must be there.
    pub(super) fn required<R: Rule>(&mut self, name: &str, rule: &R) -> Option<R::Output> {
        let fields = self.fields?;
        if !fields.contains_key(name) {
            self.fault(name, Wrong::new("it is missing", "add it"));
        }
        self.optional(name, rule)
    }

    /// A field that may be left out; `None` also when it is at fault.
    pub(super) fn optional<R: Rule>(&mut self, name: &str, rule: &R) -> Option<R::Output> {
        match rule.read(self.fields?.get(name)?) {
            Ok(output) => Some(output),
            Err(wrongs) => {
                for wrong in wrongs {
                    self.fault(name, wrong);
                }
                None
            }
        }
    }

    /// Notes a fault of a field.
    pub(super) fn fault(&mut self, name: &str, wrong: Wrong) {
        let key = format!("{}.{name}", self.path);
        let source = self.from.place(&key).to_owned();
        self.faults.push(wrong.at(key, source));
    }
}
