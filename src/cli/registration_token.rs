//! `countersign app registration-token`.

use clap::Subcommand;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::cli::error::CliError;
use crate::cli::rows::registration_token::NewRegistrationTokenRow;
use crate::cli::rows::registration_token::RegistrationTokenRow;
use crate::cli::session::Session;
use crate::cli::values;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List all of them; those that are over too; never the tokens themselves
    #[command(after_help = "Example:\n  countersign app registration-token list --json")]
    List,
    /// Make one; it is shown once
    #[command(after_help = "\
Example:
  countersign app registration-token create --name 'Laptop fleet' --uses 50 --expires 2027-12-31")]
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// The last day on which it works, in UTC, such as 2027-12-31
        #[arg(long, value_name = "DATE", value_parser = values::end_of_day)]
        expires: Option<Timestamp>,
        /// How many clients may register with it; as many as come, if not given
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        uses: Option<u32>,
    },
    /// Revoke one; clients that registered with it stay
    #[command(after_help = "Example:\n  countersign app registration-token revoke 0…")]
    Revoke {
        /// Its id
        id: RawId,
    },
}

pub(super) fn run(session: &Session, act: Act) -> Result<(), CliError> {
    let now = session.ops.now();
    match act {
        Act::List => {
            let tokens = session.ops.initial_tokens()?;
            let rows: Vec<_> = tokens.iter().map(|t| RegistrationTokenRow::of(t, now)).collect();
            session.out.list(&rows)
        }
        Act::Create { name, expires, uses } => {
            let made = session.ops.create_initial_token(&name, expires, uses, session.origin);
            let row = NewRegistrationTokenRow::of(&session.wait(made)?, now);
            session.out.answer(&row, || row.told())
        }
        Act::Revoke { id } => {
            let token = session.wait(session.ops.revoke_initial_token(id, session.origin))?;
            session.out.show(&RegistrationTokenRow::of(&token, now))
        }
    }
}
