//! `countersign user`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::base::id::UserId;
use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::output::Listed as _;
use crate::cli::prompt;
use crate::cli::rows::link::LinkRow;
use crate::cli::rows::user::NewUserRow;
use crate::cli::rows::user::UserRow;
use crate::cli::session::Session;
use crate::cli::table;
use crate::cli::values::PlaceArgs;
use crate::domain::link::Lost;
use crate::domain::role::RoleName;
use crate::domain::user::Email;
use crate::ops::administration::create_user::NewUser;
use crate::ops::administration::issue_recovery::Account;
use crate::ops::administration::refusal::Refusal;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List all users with their roles
    #[command(after_help = "Example:\n  countersign user list --json")]
    List,
    /// Show one user
    #[command(after_help = "Example:\n  countersign user show owner@acme.example")]
    Show {
        /// Their e-mail address or id
        user: String,
    },
    /// Make a user; without a password, the answer holds a one-time link to choose one
    #[command(after_help = "\
Example:
  countersign user create --email viewer@acme.example --name 'Vera Viewer' --company acme --role viewer")]
    Create(Create),
    /// Stop everything that a user does or granted, at once
    #[command(after_help = "Example:\n  countersign user disable viewer@acme.example")]
    Disable {
        /// Their e-mail address or id
        user: String,
    },
    /// Let a disabled user act again
    #[command(after_help = "Example:\n  countersign user enable viewer@acme.example")]
    Enable {
        /// Their e-mail address or id
        user: String,
    },
    /// Make a one-time link: for a first password, or for a password or factor that was lost
    #[command(after_help = "\
Examples:
  countersign user link viewer@acme.example
  countersign user link viewer@acme.example --lost factor")]
    Link {
        /// Their e-mail address or id
        user: String,
        /// What they lost; neither link skips the other of the two
        #[arg(long, value_enum)]
        lost: Option<LostArg>,
    },
    /// Erase a person: what is left is a number that the audit trail names
    #[command(after_help = "Example:\n  countersign user erase viewer@acme.example")]
    Erase {
        /// Their e-mail address or id
        user: String,
    },
}

/// What a link replaces.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum LostArg {
    /// The password; the second factor is still asked for
    Password,
    /// The second factor; the password is still asked for
    Factor,
}

impl From<LostArg> for Lost {
    fn from(lost: LostArg) -> Self {
        match lost {
            LostArg::Password => Self::Password,
            LostArg::Factor => Self::Factor,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// What they sign in with
    #[arg(long)]
    email: Email,
    /// Their name
    #[arg(long)]
    name: String,
    /// They administer the whole installation
    #[arg(long)]
    operator: bool,
    #[command(flatten)]
    place: PlaceArgs,
    /// Their role there
    #[arg(long, requires = "PlaceArgs")]
    role: Option<String>,
    /// A file whose first line is their password; - reads standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    match noun.act {
        Act::List => list(&session),
        Act::Show { user } => show(&session, session.ops.find_user(&user)?.id),
        Act::Create(create) => make(&session, create),
        Act::Disable { user } => {
            let user = session.ops.find_user(&user)?.id;
            session.wait(session.ops.disable_user(user, session.origin))?;
            show(&session, user)
        }
        Act::Enable { user } => {
            let user = session.ops.find_user(&user)?.id;
            session.wait(session.ops.enable_user(user, session.origin))?;
            show(&session, user)
        }
        Act::Link { user, lost } => link(&session, &user, lost),
        Act::Erase { user } => {
            let account = Account { user: session.ops.find_user(&user)?.id, place: None };
            session.wait(session.ops.erase_person(account, session.origin))?;
            show(&session, account.user)
        }
    }
}

fn list(session: &Session) -> Result<(), CliError> {
    let names = Names::of(&session.ops)?;
    let users = session.ops.users()?;
    let rows: Vec<_> = users.iter().map(|person| UserRow::of(person, &names)).collect();
    session.out.list(&rows)
}

fn row(session: &Session, user: UserId) -> Result<UserRow, CliError> {
    let person = session.ops.person(user)?.ok_or(CliError::failed(&Refusal::UnknownUser))?;
    Ok(UserRow::of(&person, &Names::of(&session.ops)?))
}

fn show(session: &Session, user: UserId) -> Result<(), CliError> {
    session.out.show(&row(session, user)?)
}

fn make(session: &Session, create: Create) -> Result<(), CliError> {
    let Create { email, name, operator, place, role, password_file } = create;
    let (place, role) = (session.place(&place)?, role.map(RoleName));
    if place.is_some() != role.is_some() {
        let needed = "name both the company or firm and the role, or neither";
        return Err(CliError::WrongUse(needed.to_owned()));
    }
    // Found out before the user is made, so that a wrong role makes nothing.
    if let Some(unknown) = role.as_ref().filter(|role| session.ops.catalogue().role(role).is_none())
    {
        return Err(CliError::failed(&Refusal::UnknownRole(unknown.clone())));
    }
    let password = match password_file {
        Some(file) => {
            let typed = prompt::password_file(session.out.console.as_ref(), &file)?;
            let known = [email.as_str(), &name];
            Some(session.wait(session.ops.hash_new_password(typed, &known))?)
        }
        None => None,
    };
    let welcomed = password.is_none();
    let new = NewUser { email, name, password, operator };
    let user = session.wait(session.ops.create_user(new, session.origin))?.id;
    if let (Some(place), Some(role)) = (place, role) {
        session.wait(session.ops.grant_role(user, place, role, session.origin))?;
    }
    let link = if welcomed {
        Some(LinkRow::of(&session.wait(session.ops.welcome(user, session.origin))?))
    } else {
        None
    };
    let row = NewUserRow { user: row(session, user)?, link };
    session.out.answer(&row, || {
        let link = row.link.as_ref().map(LinkRow::told).unwrap_or_default();
        format!("{}{link}", table::facts(&row.user.details()))
    })
}

fn link(session: &Session, user: &str, lost: Option<LostArg>) -> Result<(), CliError> {
    let user = session.ops.find_user(user)?.id;
    let account = Account { user, place: None };
    let issued = match lost {
        None => session.wait(session.ops.welcome(user, session.origin))?,
        Some(lost) => {
            session.wait(session.ops.issue_recovery(account, lost.into(), session.origin))?
        }
    };
    let link = LinkRow::of(&issued);
    session.out.answer(&link, || link.told().trim_start().to_owned())
}
