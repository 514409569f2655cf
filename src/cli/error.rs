//! How a command fails: the sentence, the hint, the exit status.

use std::fmt::Display;
use std::process::ExitCode;

use crate::admin::console::Console;
use crate::app::backup::BackupError;
use crate::app::open_error::OpenError;
use crate::app::stopped::Stopped;
use crate::app::wire::Unusable;
use crate::cli::terminal::Terminal;
use crate::config::ConfigFaults;
use crate::ops::administration::listings::Fault;
use crate::ops::failure::Failure;

const FAILED: u8 = 1;
/// The command line itself is wrong.
pub(super) const WRONG_USE: u8 = 2;
/// `EX_CONFIG` of sysexits.h.
const FAULTY_CONFIGURATION: u8 = 78;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(super) enum CliError {
    /// It could not.
    Failed(Stopped),
    /// It was asked wrongly.
    WrongUse(String),
    /// The configuration cannot be used.
    Config(ConfigFaults),
    /// Whoever reads the output has gone: nothing more to say.
    NobodyReads,
    /// It failed, and its answer says all.
    Told,
}

impl CliError {
    /// A failure in one sentence.
    pub(super) fn failed(sentence: &dyn Display) -> Self {
        Self::Failed(Stopped::because(sentence))
    }

    /// Writes the sentence to standard error.
    pub(super) fn tell(self, console: &dyn Console) -> ExitCode {
        ExitCode::from(self.tell_status(console))
    }

    /// As [`Self::tell`], with the status as a number.
    pub(super) fn tell_status(self, console: &dyn Console) -> u8 {
        let (text, status) = match self {
            Self::Failed(Stopped { sentence, hint }) => {
                let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                (format!("countersign: {sentence}{hint}"), FAILED)
            }
            Self::WrongUse(sentence) => (
                format!("countersign: {sentence}\nhint: `--help` shows how the command is used"),
                WRONG_USE,
            ),
            Self::Config(faults) => (
                format!("countersign: the configuration cannot be used\n{faults}"),
                FAULTY_CONFIGURATION,
            ),
            Self::NobodyReads | Self::Told => return FAILED,
        };
        // Nobody is there to be told if this cannot be written.
        let _ = console.err(format!("{text}\n").as_bytes());
        status
    }
}

/// Writes what the parser says: help and the version to standard output, wrong use to standard
/// error in our own form.
pub(super) fn tell_parsed(told: &clap::Error) -> ExitCode {
    let text = told.render().to_string();
    // Nobody is there to be told if any of this cannot be written.
    let _ = match text.strip_prefix("error: ") {
        Some(sentence) => Terminal.err(format!("countersign: {sentence}").as_bytes()),
        None => told.print(),
    };
    ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(WRONG_USE))
}

impl<R: Display> From<Failure<R>> for CliError {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::failed(&refusal),
            Failure::Fault(fault) => Self::failed(&fault),
        }
    }
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> Self {
        Self::failed(&fault)
    }
}

impl From<BackupError> for CliError {
    fn from(error: BackupError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Unusable> for CliError {
    fn from(failed: Unusable) -> Self {
        Self::Failed(failed.into())
    }
}

impl From<Stopped> for CliError {
    fn from(stopped: Stopped) -> Self {
        Self::Failed(stopped)
    }
}

impl From<ConfigFaults> for CliError {
    fn from(faults: ConfigFaults) -> Self {
        Self::Config(faults)
    }
}
