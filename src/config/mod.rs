//! Floor 3: the configuration, checked into types that the floors above can rely on.
//!
//! Defaults, then the file, then the environment, then flags: a later source overrides an earlier
//! one, key by key. Every key stands once in the table of `settings.rs`. All faults are found at
//! once, each with its key, its source and what to do. Nothing here acts; it reads one file.

mod catalogue;
mod choice;
mod cross;
mod entry;
mod fault;
mod file;
mod given;
mod known;
mod layer;
mod lists;
mod reader;
mod rule;
mod settings;
mod sources;
mod span;
mod suggest;
mod supervision;
mod surfaces;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod upstream;
mod value;
mod written;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

pub use choice::LogFormat;
pub use choice::LogLevel;
pub use choice::ShipTo;
pub use choice::TlsMode;
pub use choice::TlsVersion;
pub use fault::ConfigFaults;
pub use fault::Fault;
pub use settings::Admin;
pub use settings::Api;
pub use settings::Attempts;
pub use settings::Backup;
pub use settings::Clients;
pub use settings::Data;
pub use settings::ForwardAuth;
pub use settings::Identity;
pub use settings::Limits;
pub use settings::Log;
pub use settings::MasterKey;
pub use settings::Mcp;
pub use settings::Outbound;
pub use settings::Passwords;
pub use settings::Server;
pub use settings::Sessions;
pub use settings::Settings;
pub use settings::Tls;
pub use settings::Tokens;
pub use sources::ConfigFile;
pub use sources::Flag;
pub use sources::PREFIX;
pub use sources::SEARCHED;
pub use sources::Sources;
pub use supervision::Supervision;
pub use text::SyslogAt;
pub use upstream::Upstream;
pub use written::example;
pub use written::reference;

use crate::config::known::Known;
use crate::config::layer::DEFAULT;
use crate::config::layer::Effective;
use crate::config::reader::Reader;
use crate::domain::catalogue::Catalogue;
use crate::domain::mcp_surface::McpSurface;
use crate::domain::surface::Surface;

/// A configuration without faults, and where it came from.
#[derive(Debug)]
pub struct Loaded {
    /// What the program works with.
    pub settings: Settings,
    file: Option<PathBuf>,
    effective: Effective,
}

/// Reads and checks everything that `sources` give.
///
/// # Errors
/// Every fault found. Keys of a file that cannot be read are not known, so contradictions are
/// then not looked for.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigFaults> {
    let known = Known::new();
    let (path, mut file) = file::layer(&sources.file, &known);
    let mut environment = given::environment(sources, &known);
    let mut flags = given::flags(&sources.flags, &known);
    let mut faults = Vec::new();
    for layer in [&mut file, &mut environment, &mut flags] {
        faults.append(&mut layer.faults);
    }
    let readable = !file.unreadable;
    let effective = Effective::of([given::defaults(&known), file, environment, flags]);

    let mut reader = Reader::new(&effective);
    let lists = Lists::read(&effective, &mut reader.faults);
    let credentials = sources.variable("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let settings = Settings::read(&mut reader, lists, credentials);
    if readable {
        cross::check(&mut reader);
    }
    faults.append(&mut reader.faults);
    match settings {
        Some(settings) if faults.is_empty() => Ok(Loaded { settings, file: path, effective }),
        _ => Err(ConfigFaults(faults)),
    }
}

/// What the lists of tables say.
#[derive(Debug)]
struct Lists {
    catalogue: Option<Arc<Catalogue>>,
    api: Surface,
    mcp: McpSurface,
}

impl Lists {
    fn read(from: &Effective, faults: &mut Vec<Fault>) -> Self {
        let catalogue = catalogue::read(from, faults).map(Arc::new);
        let api = surfaces::api(from, catalogue.as_deref(), faults);
        let mcp = surfaces::mcp(from, catalogue.as_deref(), faults);
        Self { catalogue, api, mcp }
    }
}

impl Loaded {
    /// The file that was read, if there was one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Where a key was given (`config.toml:12`, a variable, a flag); `None` for a default.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&str> {
        Some(self.effective.source(key)).filter(|source| *source != DEFAULT)
    }

    /// What is in effect, as TOML that would give the same configuration; beside what is not a
    /// default, where it was given.
    #[must_use]
    pub fn print(&self) -> String {
        written::effective(&self.effective, &self.settings.catalogue)
    }
}
