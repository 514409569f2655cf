//! What is measured, and how: product and load are two processes, each on a processor of its own
//! where the machine has two, and beside each result stands a ceiling from the same run.
//!
//! A part of the suite is a file: `issuance`, `refresh`, … The machinery below them is shared.

mod binary;
mod ceiling;
mod client;
mod contest;
mod crowd;
mod guests;
mod handshakes;
mod host;
mod issuance;
mod lists;
mod load;
mod machine;
mod metered;
mod million;
mod options;
mod plot;
mod protocol;
mod proxy;
mod reading;
mod refresh;
mod report;
mod rows;
mod script;
mod seed;
mod side;
mod sign_in;
mod site;
mod sites;
mod start;
mod storm;
mod submitters;
mod writer;

use std::error::Error;
use std::path::PathBuf;

use clap::Parser as _;
use countersign::base::clock::SystemClock;
use tokio::runtime::Runtime;

use self::machine::Cores;
use self::options::Options;
pub(crate) use self::options::Part;
use self::options::Plan;
use self::report::Report;
use self::sites::Sites;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What every part needs.
pub(crate) struct Bench {
    pub(crate) plan: Plan,
    pub(crate) cores: Cores,
    /// The load's.
    pub(crate) runtime: Runtime,
    /// Where data folders lie meanwhile.
    pub(crate) folder: PathBuf,
}

/// Does what the command line says; `only` where it names no parts. None: all.
pub(crate) fn run(only: Option<Part>) -> Outcome<()> {
    let options = Options::parse();
    if let Some(folder) = &options.serve {
        return site::serve(folder);
    }
    let folder = tempfile::tempdir_in(&options.folder)?;
    machine::must_be_on_disk(folder.path())?;
    let bench = Bench {
        plan: options.plan()?,
        cores: Cores::of_this_process()?,
        runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        folder: folder.path().to_owned(),
    };
    if let Some(folder) = &options.fill {
        return sites::make(&bench, folder, bench.plan.tokens);
    }
    let mut report = Report::default();
    head(&bench, &mut report)?;
    bench.cores.pin_load()?;
    let mut sites = Sites::default();
    for part in options.parts(only) {
        part.measure(&bench, &mut sites, &mut report)?;
    }
    sites.stop()?;
    report.finish(options.report.as_deref())
}

/// What the numbers depend on.
fn head(bench: &Bench, report: &mut Report) -> Outcome<()> {
    let layout = if bench.cores.pair.is_some() {
        "one for the server, one for the load"
    } else {
        "shared by server and load, so that each slows the other"
    };
    let (now, available) = (SystemClock::wall().rfc3339(), bench.cores.available());
    report.say(&format!("\n{now}, {available} processors: {layout}"))?;
    let sync = side::micros(machine::durable_write(&bench.folder)?);
    report.say(&format!("a durable write of 4 KiB takes this disk {sync:.0} µs"))
}
