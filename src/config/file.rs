//! The layer of the file: TOML, with the line of every key.

use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::fault::Wrong;
use crate::config::known::Known;
use crate::config::layer::Given;
use crate::config::layer::Layer;
use crate::config::lists;
use crate::config::sources::ConfigFile;
use crate::config::value::from_toml;

/// Finds and reads the file, if there is one to read.
pub(super) fn layer(file: &ConfigFile, known: &Known) -> (Option<PathBuf>, Layer) {
    match file {
        ConfigFile::None => (None, Layer::default()),
        ConfigFile::Named(path) => (Some(path.clone()), from_disk(path, false, known)),
        ConfigFile::FirstOf(paths) => {
            let found = paths.iter().find(|path| is_there(path, path.try_exists()));
            match found {
                Some(path) => (Some(path.clone()), from_disk(path, true, known)),
                None => (None, Layer::default()),
            }
        }
    }
}

/// Whether a file that is looked for is there. The folder in which somebody types a command may be one
/// into which the command's user cannot look (`sudo -u countersign`, in the folder of somebody else):
/// their configuration is not in there. Any other doubt is told when the file is read.
fn is_there(path: &Path, looked: std::io::Result<bool>) -> bool {
    looked.unwrap_or_else(|error| path.is_absolute() || error.kind() != ErrorKind::PermissionDenied)
}

fn from_disk(path: &Path, searched: bool, known: &Known) -> Layer {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return unreadable(path, searched, &error),
    };
    from_text(&path.display().to_string(), &text, known)
}

fn unreadable(path: &Path, searched: bool, error: &std::io::Error) -> Layer {
    let problem = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => format!("it cannot be read: {error}"),
    };
    let fix = if searched { "mend it or name another with --config" } else { "see --config" };
    let fault = Wrong::new(problem, fix).at("", path.display().to_string());
    Layer { faults: vec![fault], unreadable: true, ..Layer::default() }
}

/// Reads the text of a file called `name`. Of a text that is not TOML only the first fault is
/// told: what follows it is guesswork.
pub(super) fn from_text(name: &str, text: &str, known: &Known) -> Layer {
    let mut walk = Walk { name, text, known, layer: Layer::default() };
    match DeTable::parse(text) {
        Ok(table) => walk.table("", table.get_ref()),
        Err(error) => {
            let (line, column) = walk.position(error.span().map_or(0, |span| span.start));
            let problem = format!("this is not TOML: {}", error.message().replace('\n', ", "));
            let wrong = Wrong::new(problem, "mend the line");
            walk.layer.faults.push(wrong.at("", format!("{name}:{line}:{column}")));
            walk.layer.unreadable = true;
        }
    }
    walk.layer
}

struct Walk<'a> {
    name: &'a str,
    text: &'a str,
    known: &'a Known,
    layer: Layer,
}

impl Walk<'_> {
    fn table(&mut self, path: &str, table: &DeTable<'_>) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let path = match path {
                "" => key.get_ref().to_string(),
                path => format!("{path}.{}", key.get_ref()),
            };
            self.entry(path, self.place(key.span().start), value);
        }
    }

    fn entry(&mut self, path: String, source: String, value: &Spanned<DeValue<'_>>) {
        if self.known.key(&path).is_some() {
            self.given(path, source, value.get_ref());
        } else if lists::is_list(&path) {
            self.places(&path, value);
            self.given(path, source, value.get_ref());
        } else {
            match value.get_ref() {
                DeValue::Table(table) if self.known.is_section(&path) || !table.is_empty() => {
                    self.table(&path, table);
                }
                _ if self.known.is_section(&path) => {
                    let wrong =
                        Wrong::new("it is a section, not a value", format!("write [{path}]"));
                    self.layer.faults.push(wrong.at(path, source));
                }
                _ => {
                    let wrong = self.known.unknown(&path);
                    self.layer.faults.push(wrong.at(path, source));
                }
            }
        }
    }

    fn given(&mut self, key: String, source: String, value: &DeValue<'_>) {
        self.layer.givens.push(Given { key, value: from_toml(value), source });
    }

    /// Notes the line of every table of a list and of every key in it.
    fn places(&mut self, list: &str, value: &Spanned<DeValue<'_>>) {
        let items = value.get_ref().as_array().map(|items| items.iter()).into_iter().flatten();
        for (at, item) in items.enumerate() {
            let entry = format!("{list}[{at}]");
            let place = self.place(item.span().start);
            self.layer.places.insert(entry.clone(), place);
            for (key, _) in item.get_ref().as_table().into_iter().flatten() {
                let place = self.place(key.span().start);
                self.layer.places.insert(format!("{entry}.{}", key.get_ref()), place);
            }
        }
    }

    fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.name, self.position(offset).0)
    }

    /// Line and column, both from 1.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_looked_into_holds_no_configuration_but_a_named_place_is_told() {
        let denied = || Err(ErrorKind::PermissionDenied.into());
        assert!(!is_there(Path::new("config.toml"), denied()));
        assert!(is_there(Path::new("/etc/countersign/config.toml"), denied()));
        assert!(is_there(Path::new("config.toml"), Err(ErrorKind::Other.into())));
        assert!(is_there(Path::new("config.toml"), Ok(true)));
        assert!(!is_there(Path::new("config.toml"), Ok(false)));
    }
}
