//! `countersign role`.

use clap::Subcommand;

use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::rows::membership::MembershipRow;
use crate::cli::rows::role::RoleRow;
use crate::cli::session::Session;
use crate::cli::values::PlaceArgs;
use crate::domain::role::RoleName;
use crate::domain::user::Membership;
use crate::ops::administration::refusal::Refusal;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List the roles of the configuration
    #[command(after_help = "Example:\n  countersign role list --json")]
    List,
    /// Show one role with all that it allows
    #[command(after_help = "Example:\n  countersign role show accountant")]
    Show {
        /// Its name
        role: String,
    },
    /// Give a user a role in a company or firm, in place of the one they had there
    #[command(
        after_help = "Example:\n  countersign role grant accountant --user ann@acme.example --company acme"
    )]
    Grant {
        /// The role's name
        role: String,
        /// The user: e-mail address or id
        #[arg(long)]
        user: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Take a user's role in a company or firm away
    #[command(
        after_help = "Example:\n  countersign role remove --user ann@acme.example --company acme"
    )]
    Remove {
        /// The user: e-mail address or id
        #[arg(long)]
        user: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    match noun.act {
        Act::List => {
            let rows: Vec<_> = session.ops.catalogue().roles().map(|r| row(&session, r)).collect();
            session.out.list(&rows)
        }
        Act::Show { role } => {
            let name = RoleName(role);
            let role = session.ops.catalogue().role(&name);
            let role = role.ok_or_else(|| CliError::failed(&Refusal::UnknownRole(name.clone())))?;
            session.out.show(&row(&session, role))
        }
        Act::Grant { role, user, place } => {
            let (user, place) = (session.ops.find_user(&user)?.id, session.named_place(&place)?);
            let act = session.ops.grant_role(user, place, RoleName(role), session.origin);
            show(&session, &session.wait(act)?)
        }
        Act::Remove { user, place } => {
            let (user, place) = (session.ops.find_user(&user)?.id, session.named_place(&place)?);
            let act = session.ops.remove_role(user, place, session.origin);
            show(&session, &session.wait(act)?)
        }
    }
}

fn row(session: &Session, role: &crate::domain::role::Role) -> RoleRow {
    let catalogue = session.ops.catalogue();
    RoleRow::of(role, &catalogue.maximal(&catalogue.role_allows(&role.name)))
}

fn show(session: &Session, held: &Membership) -> Result<(), CliError> {
    session.out.show(&MembershipRow::of(held, &Names::of(&session.ops)?))
}
