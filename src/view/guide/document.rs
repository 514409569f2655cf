//! A chapter as it was read: HTML with gaps for what this installation fills in.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::view::escape::escaped;

/// What may be filled in.
pub(in crate::view) const SLOTS: [&str; 3] = ["issuer", "api", "mcp"];

/// A chapter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Document {
    /// What it is called.
    pub(in crate::view) title: String,
    /// Its sections, in order.
    pub(in crate::view) sections: Vec<Section>,
    /// Its text.
    pub(in crate::view) body: Vec<Part>,
    /// Where it links to, in order.
    pub(in crate::view) links: Vec<String>,
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::view) struct Section {
    /// 2 or 3.
    pub(in crate::view) level: u8,
    /// Its anchor.
    pub(in crate::view) id: String,
    /// What it says.
    pub(in crate::view) title: String,
}

/// A piece of a chapter.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::view) enum Part {
    /// Markup of ours.
    Html(String),
    /// What is filled in here.
    Slot(&'static str),
}

impl Document {
    /// The text with `values`, which are escaped, in its gaps; `None` if one has no value.
    pub(in crate::view) fn html(&self, values: &BTreeMap<String, String>) -> Option<String> {
        let mut out = String::new();
        for part in &self.body {
            match part {
                Part::Html(html) => out.push_str(html),
                Part::Slot(name) => out.push_str(&escaped(values.get(*name)?)),
            }
        }
        Some(out)
    }

    /// What it wants filled in, in order.
    #[cfg(test)]
    pub(in crate::view) fn slots(&self) -> Vec<&'static str> {
        let slot = |part: &Part| match part {
            Part::Slot(name) => Some(*name),
            Part::Html(_) => None,
        };
        self.body.iter().filter_map(slot).collect()
    }
}
