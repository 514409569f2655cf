//! Rows as they leave: named values in a fixed order, the same for every format.

use serde::Serialize;
use serde::Serializer;
use serde::ser::SerializeMap as _;
use serde_json::Value;

use crate::base::clock::Timestamp;

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Record(Vec<(&'static str, Value)>);

impl Record {
    /// With a value more.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// With what can be written as text, or nothing.
    pub(super) fn text(self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.with(name, value.map(|value| value.to_string()))
    }

    /// With a moment, or nothing.
    pub(super) fn at(self, name: &'static str, at: Option<Timestamp>) -> Self {
        self.with(name, at.map(Timestamp::rfc3339))
    }

    /// With the word under which a value is stored.
    pub(super) fn word(self, name: &'static str, value: &impl Serialize) -> Self {
        self.with(name, serde_json::to_value(value).unwrap_or_default())
    }

    /// With other rows inside it.
    pub(super) fn list(self, name: &'static str, records: &[Self]) -> Self {
        self.with(name, serde_json::to_value(records).unwrap_or_default())
    }

    /// The names of its values.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// Its values as text: lists of words with spaces between, rows inside it as JSON.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        self.0.iter().map(|(_, value)| cell(value)).collect()
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            let words: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            words.join(" ")
        }
        other => other.to_string(),
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_in_the_order_in_which_it_was_made() {
        let record = Record::default()
            .with("z", "text")
            .with("a", vec!["one", "two"])
            .text("b", None::<&str>)
            .list("c", &[Record::default().with("d", 1)]);
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(json, r#"{"z":"text","a":["one","two"],"b":null,"c":[{"d":1}]}"#);
        assert_eq!(record.cells(), ["text", "one two", "", r#"[{"d":1}]"#]);
        assert_eq!(record.names().collect::<String>(), "zabc");
    }
}
