//! Where a configuration comes from: a file, the environment, flags. All of it is handed in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Begins the name of every variable that is a key.
pub const PREFIX: &str = "COUNTERSIGN__";

/// The file that `serve` looks for when none is named, in this order.
pub const SEARCHED: [&str; 2] = ["config.toml", "/etc/countersign/config.toml"];

/// Everything a configuration is made of; a later field overrides an earlier one.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file.
    pub file: ConfigFile,
    /// The process's environment; only `COUNTERSIGN__…`, `CREDENTIALS_DIRECTORY` and what
    /// [`Supervision`](crate::config::Supervision) names are looked at.
    pub environment: BTreeMap<OsString, OsString>,
    /// Flags, in the order given: a later one overrides an earlier one for the same key.
    pub flags: Vec<Flag>,
}

/// Which file to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConfigFile {
    /// None: defaults, environment and flags only.
    #[default]
    None,
    /// This one, which must be there.
    Named(PathBuf),
    /// The first of these that is there, or none.
    FirstOf(Vec<PathBuf>),
}

/// A key given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// As the user knows it: `--listen`.
    pub name: String,
    /// The key that it sets: `server.listen`.
    pub key: String,
    /// Its value; the items of a list are separated by commas.
    pub value: String,
}

impl Sources {
    /// What this process was started with: the file named by `--config` or else the first of
    /// [`SEARCHED`], the environment, and the flags.
    #[must_use]
    pub fn of_this_process(config: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        let searched = || ConfigFile::FirstOf(SEARCHED.iter().map(PathBuf::from).collect());
        let file = config.map_or_else(searched, ConfigFile::Named);
        Self { file, environment: std::env::vars_os().collect(), flags }
    }

    /// A variable's value, unless it is empty.
    pub(super) fn variable(&self, name: &str) -> Option<&OsString> {
        self.environment.get(&OsString::from(name)).filter(|value| !value.is_empty())
    }
}
