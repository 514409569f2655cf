//! An installation opened for one command.

use crate::app::installation::Installation;
use crate::app::installation::Kind;
use crate::app::installation::Options;
use crate::app::wire;
use crate::cli::args::Shared;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::values::PlaceArgs;
use crate::config;
use crate::config::Settings;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::failure::Outcome;

/// The operations, and where their answers go.
pub(super) struct Session {
    pub(super) ops: Ops,
    pub(super) out: Output,
    runtime: tokio::runtime::Runtime,
}

impl Session {
    /// On the installation that the configuration names; there must be one.
    pub(super) fn existing(shared: &Shared) -> Result<Self, CliError> {
        let settings = config::load(&shared.sources.sources(Vec::new()))?.settings;
        let options = Options::of(&settings, Kind::Real);
        let installation = Installation::open_existing(&settings.data.folder, &options)?;
        Self::over(shared, &settings, &installation)
    }

    /// On the installation that the configuration names; made if there is none.
    pub(super) fn made_if_missing(shared: &Shared) -> Result<Self, CliError> {
        let settings = config::load(&shared.sources.sources(Vec::new()))?.settings;
        let options = Options::of(&settings, Kind::Real);
        let installation = Installation::open(&settings.data.folder, &options)?;
        Self::over(shared, &settings, &installation)
    }

    fn over(
        shared: &Shared,
        settings: &Settings,
        installation: &Installation,
    ) -> Result<Self, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| CliError::failed(&format_args!("no thread could start ({error})")))?;
        let ops = wire::ops(settings, installation)?;
        Ok(Self { ops, out: Output { json: shared.json }, runtime })
    }

    /// Waits for an act and its commit.
    pub(super) fn wait<T, R>(&self, act: impl Future<Output = Outcome<T, R>>) -> Result<T, CliError>
    where
        R: std::fmt::Display,
    {
        Ok(self.runtime.block_on(act)?)
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
