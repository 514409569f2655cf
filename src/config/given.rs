//! The layers of the defaults, the environment and the flags.

use toml::de::DeValue;

use crate::config::catalogue;
use crate::config::fault::Wrong;
use crate::config::file;
use crate::config::known::Known;
use crate::config::layer::DEFAULT;
use crate::config::layer::Given;
use crate::config::layer::Layer;
use crate::config::lists;
use crate::config::sources::Flag;
use crate::config::sources::PREFIX;
use crate::config::sources::Sources;
use crate::config::table::Key;
use crate::config::value::from_toml;

/// What counts when nobody says otherwise.
pub(super) fn defaults(known: &Known) -> Layer {
    let mut layer = file::from_text(DEFAULT, catalogue::DEFAULT_LISTS, known);
    for given in &mut layer.givens {
        given.source = DEFAULT.to_owned();
    }
    layer.places.clear();
    for key in known.keys() {
        if let Ok(value) = DeValue::parse(key.default) {
            let value = from_toml(value.get_ref());
            layer.givens.push(Given {
                key: key.path.to_owned(),
                value,
                source: DEFAULT.to_owned(),
            });
        }
    }
    layer
}

/// What the environment says: every variable that begins with `COUNTERSIGN__`.
pub(super) fn environment(sources: &Sources, known: &Known) -> Layer {
    let mut layer = Layer::default();
    for (name, value) in &sources.environment {
        let name = name.to_string_lossy();
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let path = path.replace("__", ".").to_ascii_lowercase();
        match (known.key_of_variable(&name), value.to_str()) {
            (Some(key), Some(text)) => layer.givens.push(given(key, text, &name)),
            (Some(key), None) => {
                let wrong = Wrong::new("its value is not UTF-8 text", "write it in UTF-8");
                layer.faults.push(wrong.at(key.path, name));
            }
            (None, _) if lists::is_list(&path) => {
                let fix = format!("write [[{path}]] there");
                let wrong = Wrong::new("it can only be given in the file", fix);
                layer.faults.push(wrong.at(path, name));
            }
            (None, _) => {
                let wrong = known.unknown_variable(&path);
                layer.faults.push(wrong.at(path, name));
            }
        }
    }
    layer
}

/// What the flags say.
pub(super) fn flags(flags: &[Flag], known: &Known) -> Layer {
    let mut layer = Layer::default();
    for flag in flags {
        match known.key(&flag.key) {
            Some(key) => layer.givens.push(given(key, &flag.value, &flag.name)),
            None => {
                let wrong = known.unknown(&flag.key);
                layer.faults.push(wrong.at(flag.key.as_str(), flag.name.as_str()));
            }
        }
    }
    layer
}

fn given(key: &Key, text: &str, source: &str) -> Given {
    Given { key: key.path.to_owned(), value: key.shape.value(text), source: source.to_owned() }
}
