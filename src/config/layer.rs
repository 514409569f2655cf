//! Layers: what one source gives, key by key, and how figment lays them over each other.

use std::collections::BTreeMap;

use figment::Figment;
use figment::Metadata;
use figment::Profile;
use figment::Provider;
use figment::value::Dict;
use figment::value::Map;
use figment::value::Value;

use crate::config::fault::Fault;

/// The source of what nobody gave.
pub(super) const DEFAULT: &str = "default";

/// A key with its value and its source.
pub(super) struct Given {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) source: String,
}

impl Provider for Given {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(&self.key, self.value.clone());
        let dict = nested.into_dict().unwrap_or_default();
        Ok(Profile::Default.collect(dict))
    }
}

/// Everything that one source gives.
#[derive(Default)]
pub(super) struct Layer {
    pub(super) givens: Vec<Given>,
    /// Where in the file each entry of the lists stands: `permissions[3].title` → its line.
    pub(super) places: BTreeMap<String, String>,
    pub(super) faults: Vec<Fault>,
    /// Whether the source could not be read at all, so that what it says is not known.
    pub(super) unreadable: bool,
}

/// The layers laid over each other.
#[derive(Debug)]
pub(super) struct Effective {
    figment: Figment,
    merged: Value,
    places: BTreeMap<String, String>,
}

impl Effective {
    /// Lays each layer over the ones before.
    pub(super) fn of(layers: impl IntoIterator<Item = Layer>) -> Self {
        let mut figment = Figment::new();
        let mut places = BTreeMap::new();
        for layer in layers {
            figment = layer.givens.into_iter().fold(figment, Figment::merge);
            places.extend(layer.places);
        }
        // The empty path finds the whole.
        let merged = figment.find_value("").unwrap_or_else(|_| Value::from(Dict::new()));
        Self { figment, merged, places }
    }

    /// The value that counts.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.merged.find_ref(key)
    }

    /// Where the value that counts was given.
    pub(super) fn source(&self, key: &str) -> &str {
        self.value(key)
            .and_then(|value| self.figment.get_metadata(value.tag()))
            .map_or(DEFAULT, |metadata| metadata.name.as_ref())
    }

    /// Where an entry of a list was given, or what holds it: `permissions[3].title`.
    pub(super) fn place(&self, entry: &str) -> &str {
        let list = entry.split('[').next().unwrap_or_default();
        if self.source(list) == DEFAULT {
            return DEFAULT;
        }
        let holder = entry.rsplit_once('.').map_or(entry, |(holder, _)| holder);
        [entry, holder]
            .iter()
            .find_map(|entry| self.places.get(*entry))
            .map_or_else(|| self.source(list), String::as_str)
    }
}
