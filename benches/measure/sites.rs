//! The servers of a run: one with little in its file, one with many live tokens. Each is made when
//! it is first needed.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::Bench;
use super::Outcome;
use super::host::Host;
use super::report::Report;
use super::seed;
use super::seed::Seeded;

/// A data folder and the server over it.
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    pub(crate) seeded: Seeded,
    pub(crate) tokens: Arc<[String]>,
    pub(crate) host: Host,
}

impl Site {
    /// Makes a data folder with so many live tokens and starts a server over it.
    pub(crate) fn start(bench: &Bench, name: &str, tokens: u32) -> Outcome<Self> {
        let folder = bench.folder.join(name);
        make(bench, &folder, tokens)?;
        let mut seeded = seeded_in(&folder)?;
        let tokens = std::mem::take(&mut seeded.tokens).into();
        let host = Host::start(&folder, &bench.cores)?;
        Ok(Self { folder, seeded, tokens, host })
    }
}

/// Makes a data folder, and beside it a file that says what is in it.
pub(crate) fn make(bench: &Bench, folder: &Path, tokens: u32) -> Outcome<()> {
    let chains = bench.plan.most_connections();
    let seeded = bench.cores.on_all(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(seed::seed(folder, chains, tokens))
    })?;
    Ok(serde_json::to_writer(File::create_new(beside(folder))?, &seeded)?)
}

/// What is in the data folder.
pub(crate) fn seeded_in(folder: &Path) -> Outcome<Seeded> {
    Ok(serde_json::from_reader(BufReader::new(File::open(beside(folder))?))?)
}

fn beside(folder: &Path) -> PathBuf {
    folder.with_extension("json")
}

/// A data folder that no server has open.
pub(crate) struct Data {
    pub(crate) folder: PathBuf,
    pub(crate) seeded: Seeded,
    pub(crate) tokens: Arc<[String]>,
}

/// The servers that run.
#[derive(Default)]
pub(crate) struct Sites {
    small: Option<Site>,
    full: Option<Site>,
}

impl Sites {
    /// The one with little in its file.
    pub(crate) fn small(&mut self, bench: &Bench) -> Outcome<&mut Site> {
        if self.small.is_none() {
            self.small = Some(Site::start(bench, "small", 0)?);
        }
        Ok(self.small.as_mut().ok_or("no server")?)
    }

    /// The one with many live tokens.
    pub(crate) fn full(&mut self, bench: &Bench, report: &mut Report) -> Outcome<&mut Site> {
        if self.full.is_none() {
            let site = Site::start(bench, "full", bench.plan.tokens)?;
            let (tokens, took) = (bench.plan.tokens, site.seeded.filling.as_secs_f64());
            report.say(&format!("\nMade a file with {tokens} live tokens in {took:.1} s"))?;
            self.full = Some(site);
        }
        Ok(self.full.as_mut().ok_or("no server")?)
    }

    /// The data with many live tokens, its server stopped.
    pub(crate) fn release_full(&mut self, bench: &Bench, report: &mut Report) -> Outcome<Data> {
        self.full(bench, report)?;
        let Site { folder, seeded, tokens, host } = self.full.take().ok_or("no server")?;
        host.stop()?;
        Ok(Data { folder, seeded, tokens })
    }

    /// Ends them.
    pub(crate) fn stop(self) -> Outcome<()> {
        for site in [self.small, self.full].into_iter().flatten() {
            site.host.stop()?;
        }
        Ok(())
    }
}
