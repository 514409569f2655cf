//! An installation for one command: opened by it, or the running server's.

use std::path::Path;

use crate::app::installation::Installation;
use crate::app::installation::Kind;
use crate::app::installation::Options;
use crate::app::open_error::OpenError;
use crate::app::wire;
use crate::cli::args::Shared;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::values::PlaceArgs;
use crate::config;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::administration::listings::Fault;
use crate::ops::failure::Outcome;

/// The operations, and where their answers go.
pub(super) struct Session {
    pub(super) ops: Ops,
    pub(super) out: Output,
    /// Who does it, for the audit trail.
    pub(super) origin: Origin,
    executor: Executor,
}

/// What drives an act: the server's executor, or one of this command's own.
enum Executor {
    Servers(tokio::runtime::Handle),
    Own(tokio::runtime::Runtime),
}

impl Session {
    /// In the running server, or on the installation that the configuration names; there must be one.
    pub(super) fn existing(context: &Context, shared: &Shared) -> Result<Self, CliError> {
        Self::opened(context, shared, Installation::open_existing)
    }

    /// As [`Self::existing`]; made if there is none.
    pub(super) fn made_if_missing(context: &Context, shared: &Shared) -> Result<Self, CliError> {
        Self::opened(context, shared, Installation::open)
    }

    fn opened(
        context: &Context,
        shared: &Shared,
        open: impl FnOnce(&Path, &Options) -> Result<Installation, OpenError>,
    ) -> Result<Self, CliError> {
        let (ops, executor) = match &context.running {
            Some(running) => (running.ops.clone(), Executor::Servers(running.executor.clone())),
            None => {
                let settings = config::load(&shared.sources.sources(Vec::new()))?.settings;
                let options = Options::of(&settings, Kind::Real);
                let installation = open(&settings.data.folder, &options)
                    .map_err(|error| unopened(context, error))?;
                (wire::ops(&settings, &installation)?, Executor::Own(own_executor()?))
            }
        };
        Ok(Self { ops, out: context.out(shared.json), origin: context.origin(), executor })
    }

    /// Waits for an act and its commit.
    pub(super) fn wait<T, R>(&self, act: impl Future<Output = Outcome<T, R>>) -> Result<T, CliError>
    where
        R: std::fmt::Display,
    {
        Ok(match &self.executor {
            Executor::Servers(handle) => handle.block_on(act),
            Executor::Own(runtime) => runtime.block_on(act),
        }?)
    }

    /// The company or firm that was named, if one was.
    pub(super) fn place(&self, named: &PlaceArgs) -> Result<Option<Place>, CliError> {
        Ok(match (&named.company, &named.firm) {
            (Some(company), _) => Some(Place::Company(self.ops.find_company(company)?.id)),
            (None, Some(firm)) => Some(Place::Firm(self.ops.find_firm(firm)?.id)),
            (None, None) => None,
        })
    }

    /// As [`Self::place`], where the command line always names one.
    pub(super) fn named_place(&self, named: &PlaceArgs) -> Result<Place, CliError> {
        self.place(named)?
            .ok_or_else(|| CliError::WrongUse("name a place with --company or --firm".to_owned()))
    }
}

fn own_executor() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| CliError::failed(&format_args!("no thread could start ({error})")))
}

/// A file in use means that a server runs: then what matters is why it was not reached.
fn unopened(context: &Context, error: OpenError) -> CliError {
    match (error, &context.unreached) {
        (OpenError::Store(Fault::InUse(file)), Some(why)) => CliError::failed(&format_args!(
            "the data file {} is in use, but no server could be reached ({why}); if the server is starting or another command is running, try again in a moment; else run the command as the server's user or as root, with the server's configuration, or stop the server first (systemctl stop countersign.socket countersign.service)",
            file.display(),
        )),
        (error, _) => error.into(),
    }
}
