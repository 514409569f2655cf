//! Durable token issuance beside its ceiling, both measured in one run.
//!
//! Issuance is `client_credentials` through the real listener, router, operations and store: each
//! token is committed with full durability before it is answered. The ceiling is the same listener
//! and the same load, answered from memory by a bare handler; between the two, the same handler
//! inside the middleware. Server and load are two processes, each on a processor of its own where
//! the machine has two. `docs/performance.md` says more.
//!
//! `cargo bench --bench issuance -- --seconds 3 --connections 1,16,64`

mod host;
mod load;
mod machine;
mod metered;
mod protocol;
mod report;
mod site;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::host::Host;
use crate::load::Load;
use crate::machine::Cores;
use crate::machine::Ticks;
use crate::protocol::Site;
use crate::report::Row;
use crate::report::Side;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Parser)]
struct Options {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How long the load runs before that.
    #[arg(long, default_value_t = 0.5)]
    warm_up: f64,
    /// Keep-alive connections at once, one row each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    connections: Vec<usize>,
    /// Where the data file lies meanwhile; must be on a disk. By default under cargo's target.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,
    /// Given by `cargo bench`. Without it everything is run once, briefly, to see that it works.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the server of a run whose files lie here.
    #[arg(long, hide = true)]
    serve: Option<PathBuf>,
    /// The processor to serve on.
    #[arg(long, hide = true)]
    processor: Option<usize>,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    if let Some(folder) = &options.serve {
        return site::serve(folder, options.processor);
    }
    let options = if options.bench { options } else { brief(options) };
    measure(&options)
}

fn brief(options: Options) -> Options {
    Options { seconds: 0.1, warm_up: 0.05, connections: vec![1, 16], ..options }
}

fn measure(options: &Options) -> Outcome<()> {
    let folder = tempfile::tempdir_in(&options.folder)?;
    machine::must_be_on_disk(folder.path())?;
    let cores = Cores::of_this_process()?;
    let sync = machine::durable_write(folder.path())?;
    let mut host = Host::start(folder.path(), cores)?;
    cores.pin_load()?;
    report::head(cores, sync)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for &connections in &options.connections {
        let load = Load {
            connections,
            warm_up: Duration::try_from_secs_f64(options.warm_up)?,
            measured: Duration::try_from_secs_f64(options.seconds)?,
        };
        let mut measure = |site| runtime.block_on(one(&mut host, &load, site));
        let ceiling = measure(Site::Bare)?;
        let layered = measure(Site::Layered)?;
        let issuance = measure(Site::Real)?;
        rows.push(Row { connections, ceiling, layered, issuance });
    }
    host.stop()?;
    report::rows(cores, &rows)
}

/// One measurement, and what it cost the server.
async fn one(host: &mut Host, load: &Load, site: Site) -> Outcome<Side> {
    let target = host.target(site)?;
    let connections = load.connect(&target).await?;
    let (before, ticks) = (host.spent()?, Ticks::now()?);
    let measured = load.run(connections, &target).await.map_err(|error| host.explain(&error))?;
    let busy = Ticks::now()?.busy_since(&ticks);
    let spent = host.spent()?.since(&before);
    Ok(Side { measured, spent, busy })
}
