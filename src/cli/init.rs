//! `countersign init`: the first owner and the first company.

use std::path::PathBuf;

use serde::Serialize;

use crate::admin::console::Console;
use crate::base::secret::Secret;
use crate::cli::args::Shared;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::prompt;
use crate::cli::rows::company::CompanyRow;
use crate::cli::rows::link::LinkRow;
use crate::cli::rows::user::UserRow;
use crate::cli::session::Session;
use crate::cli::values::EnvironmentArg;
use crate::domain::company::Slug;
use crate::domain::user::Email;
use crate::ops::administration::create_company::NewCompany;
use crate::ops::administration::create_user::NewUser;
use crate::ops::administration::new_password;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::set_up::FirstRun;

/// Make the first owner and the first company; asks for what no flag says
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  countersign init
  countersign init --email owner@acme.example --name 'Olive Owner' --company 'Acme Trading'

Without a password, the answer holds a one-time link with which the owner chooses one.
With --json: {\"user\": …, \"company\": …, \"link\": {\"url\", \"expires_at\"} or null}.")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) shared: Shared,
    /// What the owner signs in with
    #[arg(long)]
    email: Option<Email>,
    /// The owner's name
    #[arg(long)]
    name: Option<String>,
    /// The company's name
    #[arg(long)]
    company: Option<String>,
    /// The company's name in URLs, for ever [default: made from its name]
    #[arg(long)]
    slug: Option<Slug>,
    /// Real books or books to try things on
    #[arg(long, value_enum, default_value_t = EnvironmentArg::Production)]
    environment: EnvironmentArg,
    /// A file whose first line is the owner's password; - reads standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// What the first run made.
#[derive(Serialize)]
struct InitRow {
    user: UserRow,
    company: CompanyRow,
    link: Option<LinkRow>,
}

/// The answers to all questions.
struct Answers {
    email: Email,
    name: String,
    company: String,
    password: Option<Secret>,
}

pub(super) fn run(given: &Args, context: &Context) -> Result<(), CliError> {
    let missing = missing(given);
    if !missing.is_empty() && !context.console.is_attended() {
        let flags = missing.join(", ");
        return Err(CliError::WrongUse(format!("nobody is here to be asked; give {flags}")));
    }
    let console = context.console.as_ref();
    let file = given.password_file.as_deref().map(|file| prompt::password_file(console, file));
    let password = file.transpose()?;
    let session = Session::made_if_missing(context, &given.shared)?;
    if session.ops.has_users()? {
        return Err(CliError::failed(&Refusal::AlreadySetUp));
    }
    let answers = answers(console, given, password, !missing.is_empty())?;
    let done = set_up(&session, answers, given)?;
    answer(&session, &done, context.running.is_some())
}

fn missing(given: &Args) -> Vec<&'static str> {
    let flags = [
        ("--email", given.email.is_none()),
        ("--name", given.name.is_none()),
        ("--company", given.company.is_none()),
    ];
    flags.into_iter().filter(|(_, missing)| *missing).map(|(flag, _)| flag).collect()
}

/// What flags say and, for the rest, what a person answers.
fn answers(
    console: &dyn Console,
    given: &Args,
    password: Option<Secret>,
    asks: bool,
) -> Result<Answers, CliError> {
    let email = given
        .email
        .clone()
        .map_or_else(|| prompt::ask(console, "E-mail address of the first owner"), Ok)?;
    let name = given.name.clone().map_or_else(|| prompt::ask(console, "Their name"), Ok)?;
    let company = given
        .company
        .clone()
        .map_or_else(|| prompt::ask(console, "Name of the first company"), Ok)?;
    let known = [email.as_str(), &name, &company];
    let password = match password {
        None if asks => prompt::new_password(console, |typed| {
            new_password::check(typed, &known).map_err(|weak| weak.to_string())
        })?,
        given => given,
    };
    Ok(Answers { email, name, company, password })
}

fn set_up(session: &Session, answers: Answers, given: &Args) -> Result<FirstRun, CliError> {
    let Answers { email, name, company, password } = answers;
    let hash = match password {
        Some(password) => {
            let known = [email.as_str(), &name, &company];
            Some(session.wait(session.ops.hash_new_password(password, &known))?)
        }
        None => None,
    };
    let owner = NewUser { email, name, password: hash, operator: true };
    let company = NewCompany {
        slug: given.slug.clone(),
        ..NewCompany::named(company, given.environment.into())
    };
    session.wait(session.ops.set_up(owner, company, session.origin))
}

fn answer(session: &Session, done: &FirstRun, serves: bool) -> Result<(), CliError> {
    let names = Names::of(&session.ops)?;
    let issuer = session.ops.settings().issuer.as_str();
    let person =
        session.ops.person(done.owner.id)?.ok_or(CliError::failed(&Refusal::UnknownUser))?;
    let row = InitRow {
        user: UserRow::of(&person, &names),
        company: CompanyRow::of(&done.company, &names, issuer),
        link: done.link.as_ref().map(LinkRow::of),
    };
    session.out.answer(&row, || told(done, &row, issuer, serves))
}

/// What there is now, and what to do next: a server that runs need not be started.
fn told(done: &FirstRun, row: &InitRow, issuer: &str, serves: bool) -> String {
    let FirstRun { owner, company, .. } = done;
    let link = row.link.as_ref().map(LinkRow::told).unwrap_or_default();
    let then = match row.link {
        Some(_) => String::from("Open the link above, choose a password"),
        None => format!("Open {issuer}, sign in"),
    };
    format!(
        "Made the company {} ({}) and its owner {}, who is an operator too.\n{link}\n\
         What to do next:\n{}",
        company.name,
        company.slug,
        owner.email,
        steps(&format!("{then} and set up the second factor."), serves),
    )
}

fn steps(then: &str, serves: bool) -> String {
    if serves {
        return format!("  {then}\n");
    }
    format!(
        "  1. Start the server: systemctl start countersign, or countersign serve\n  2. {then}\n"
    )
}
