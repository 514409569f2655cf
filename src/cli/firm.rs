//! `countersign firm`.

use clap::Subcommand;

use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::rows::firm::FirmRow;
use crate::cli::session::Session;
use crate::cli::values::EnvironmentArg;
use crate::domain::company::Slug;
use crate::ops::administration::create_firm::NewFirm;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List all firms
    #[command(after_help = "Example:\n  countersign firm list --json")]
    List,
    /// Show one firm with its companies
    #[command(after_help = "Example:\n  countersign firm show ledgerwise")]
    Show {
        /// Its slug or id
        firm: String,
    },
    /// Make a firm
    #[command(after_help = "Example:\n  countersign firm create --name Ledgerwise")]
    Create {
        /// As people read it
        #[arg(long)]
        name: String,
        /// Its name in URLs, for ever [default: made from its name]
        #[arg(long)]
        slug: Option<Slug>,
        /// Its tokens reach its companies of this environment
        #[arg(long, value_enum, default_value_t = EnvironmentArg::Production)]
        environment: EnvironmentArg,
    },
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    let companies = session.ops.companies()?;
    match noun.act {
        Act::List => {
            let firms = session.ops.firms()?;
            let rows: Vec<_> = firms.iter().map(|firm| FirmRow::of(firm, &companies)).collect();
            session.out.list(&rows)
        }
        Act::Show { firm } => {
            session.out.show(&FirmRow::of(&session.ops.find_firm(&firm)?, &companies))
        }
        Act::Create { name, slug, environment } => {
            let new = NewFirm { name, slug, environment: environment.into() };
            let firm = session.wait(session.ops.create_firm(new, session.origin))?;
            session.out.show(&FirmRow::of(&firm, &companies))
        }
    }
}
