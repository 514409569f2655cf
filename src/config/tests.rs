//! What the configuration promises, from sources to settings. No test reads the real environment.

mod example;
mod faults;
mod lists;
mod precedence;
mod surfaces;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::ConfigFile;
use crate::config::Flag;
use crate::config::Loaded;
use crate::config::Sources;
use crate::config::load;

/// Sources under construction, with a folder for the file.
struct Given {
    folder: tempfile::TempDir,
    sources: Sources,
}

fn given() -> Given {
    Given { folder: tempfile::tempdir().unwrap(), sources: Sources::default() }
}

impl Given {
    fn path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    fn file(mut self, text: &str) -> Self {
        std::fs::write(self.path(), text).unwrap();
        self.sources.file = ConfigFile::Named(self.path());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.insert(OsString::from(name), OsString::from(value));
        self
    }

    fn flag(mut self, name: &str, key: &str, value: &str) -> Self {
        let flag = Flag { name: name.to_owned(), key: key.to_owned(), value: value.to_owned() };
        self.sources.flags.push(flag);
        self
    }

    fn loaded(&self) -> Loaded {
        match load(&self.sources) {
            Ok(loaded) => loaded,
            Err(faults) => panic!("{faults}"),
        }
    }

    /// The faults as a user reads them, the folder left out, without the last sentence.
    fn faults(&self) -> Vec<String> {
        let Err(faults) = load(&self.sources) else { panic!("there is no fault") };
        let folder = format!("{}/", self.folder.path().display());
        let told = faults.to_string().replace(&folder, "");
        let mut lines: Vec<_> = told.lines().map(str::to_owned).collect();
        assert!(lines.pop().unwrap().starts_with("The configuration has "), "{told}");
        lines
    }
}
