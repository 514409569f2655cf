//! `countersign company`.

use clap::Subcommand;

use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::rows::company::CompanyRow;
use crate::cli::rows::reach::BlockRow;
use crate::cli::rows::reach::ReachRow;
use crate::cli::session::Session;
use crate::cli::values::EnvironmentArg;
use crate::domain::block::Blocked;
use crate::domain::company::Company;
use crate::domain::company::Slug;
use crate::ops::administration::create_company::NewCompany;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List all companies
    #[command(after_help = "Example:\n  countersign company list --json")]
    List,
    /// Show one company
    #[command(after_help = "Example:\n  countersign company show acme")]
    Show {
        /// Its slug or id
        company: String,
    },
    /// Make a company
    #[command(
        after_help = "Example:\n  countersign company create --name 'Acme Test' --environment test"
    )]
    Create(Create),
    /// Give a company into a firm's care, or take it back
    #[command(after_help = "\
Examples:
  countersign company link acme --firm ledgerwise
  countersign company link acme --no-firm")]
    Link {
        /// Its slug or id
        company: String,
        /// The firm: its slug or id
        #[arg(long, required_unless_present = "no_firm", conflicts_with = "no_firm")]
        firm: Option<String>,
        /// No firm looks after it any more
        #[arg(long)]
        no_firm: bool,
    },
    /// Make a company confidential towards its firm, or open to it again
    #[command(after_help = "\
Examples:
  countersign company confide clinic --to partner@ledgerwise.example
  countersign company confide clinic --off")]
    Confide {
        /// Its slug or id
        company: String,
        /// A member of the firm who sees it all the same: e-mail or id; may be repeated
        #[arg(long, value_name = "USER", conflicts_with = "off")]
        to: Vec<String>,
        /// Every member of the firm sees it again
        #[arg(long)]
        off: bool,
    },
    /// List what reaches a company: its own connections, credentials and tokens, and its firm's
    #[command(after_help = "Example:\n  countersign company reach acme --json")]
    Reach {
        /// Its slug or id
        company: String,
    },
    /// Keep an app or a connection away from a company, whoever allowed it
    #[command(after_help = "\
Examples:
  countersign company block acme cs_app_0… --reason 'no longer under contract'
  countersign company block acme cs_conn_0… --as owner@acme.example")]
    Block {
        #[command(flatten)]
        named: BlockArgs,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Let a blocked app or connection in again
    #[command(after_help = "Example:\n  countersign company unblock acme cs_app_0…")]
    Unblock {
        #[command(flatten)]
        named: BlockArgs,
    },
    /// List what a company blocks
    #[command(after_help = "Example:\n  countersign company blocks acme")]
    Blocks {
        /// Its slug or id
        company: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct BlockArgs {
    /// The company: its slug or id
    company: String,
    /// A client id, or the id of a connection, as `company reach` lists them
    id: String,
    /// Who decided it: e-mail address or id
    #[arg(long = "as", value_name = "USER")]
    by: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// As people read it
    #[arg(long)]
    name: String,
    /// Its name in URLs, for ever [default: made from its name]
    #[arg(long)]
    slug: Option<Slug>,
    /// Real books or books to try things on
    #[arg(long, value_enum, default_value_t = EnvironmentArg::Production)]
    environment: EnvironmentArg,
    /// The firm that looks after it: its slug or id
    #[arg(long)]
    firm: Option<String>,
    /// Only the firm members named by --confided-to see it through the firm
    #[arg(long)]
    confidential: bool,
    /// A member of the firm who sees it all the same: e-mail or id; may be repeated
    #[arg(long, value_name = "USER", requires = "confidential")]
    confided_to: Vec<String>,
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    match noun.act {
        Act::List => list(&session),
        Act::Show { company } => show(&session, &session.ops.find_company(&company)?),
        Act::Create(create) => make(&session, create),
        Act::Link { company, firm, no_firm: _ } => link(&session, &company, firm.as_deref()),
        Act::Confide { company, to, off } => confide(&session, &company, &to, !off),
        Act::Reach { company } => reach(&session, &company),
        Act::Block { named, reason } => block(&session, &named, Some(&reason)),
        Act::Unblock { named } => block(&session, &named, None),
        Act::Blocks { company } => blocks(&session, &company),
    }
}

fn list(session: &Session) -> Result<(), CliError> {
    let names = Names::of(&session.ops)?;
    let issuer = session.ops.settings().issuer.as_str();
    let companies = session.ops.companies()?;
    let rows: Vec<_> = companies.iter().map(|c| CompanyRow::of(c, &names, issuer)).collect();
    session.out.list(&rows)
}

fn show(session: &Session, company: &Company) -> Result<(), CliError> {
    let names = Names::of(&session.ops)?;
    let issuer = session.ops.settings().issuer.as_str();
    session.out.show(&CompanyRow::of(company, &names, issuer))
}

fn make(session: &Session, create: Create) -> Result<(), CliError> {
    let firm = create.firm.as_deref().map(|firm| session.ops.find_firm(firm)).transpose()?;
    let confided = create.confided_to.iter().map(|user| session.ops.find_user(user));
    let new = NewCompany {
        name: create.name,
        slug: create.slug,
        environment: create.environment.into(),
        firm: firm.map(|firm| firm.id),
        confidential: create.confidential,
        confided_to: confided.map(|user| Ok(user?.id)).collect::<Result<_, CliError>>()?,
    };
    show(session, &session.wait(session.ops.create_company(new, session.origin))?)
}

fn link(session: &Session, company: &str, firm: Option<&str>) -> Result<(), CliError> {
    let company = session.ops.find_company(company)?.id;
    let firm = firm.map(|firm| session.ops.find_firm(firm)).transpose()?.map(|firm| firm.id);
    show(session, &session.wait(session.ops.link_company(company, firm, session.origin))?)
}

fn confide(
    session: &Session,
    company: &str,
    to: &[String],
    confidential: bool,
) -> Result<(), CliError> {
    let company = session.ops.find_company(company)?.id;
    let to = to.iter().map(|user| Ok(session.ops.find_user(user)?.id));
    let to = to.collect::<Result<_, CliError>>()?;
    let act = session.ops.set_confidential(company, confidential, to, session.origin);
    show(session, &session.wait(act)?)
}

fn reach(session: &Session, company: &str) -> Result<(), CliError> {
    let company = session.ops.find_company(company)?.id;
    let names = Names::of(&session.ops)?;
    let reaching = session.ops.reaching(company)?;
    let rows: Vec<_> = reaching.iter().map(|found| ReachRow::of(found, &names)).collect();
    session.out.list(&rows)
}

/// Blocks for a reason; without one, lifts the block.
fn block(session: &Session, named: &BlockArgs, reason: Option<&str>) -> Result<(), CliError> {
    let company = session.ops.find_company(&named.company)?.id;
    let by = named.by.as_deref().map(|user| session.ops.find_user(user)).transpose()?;
    let by = by.map(|user| user.id);
    let blocked = match named.id.parse() {
        Ok(blocked) => blocked,
        Err(_) => Blocked::App(session.ops.find_app(&named.id)?.id),
    };
    let block = match reason {
        Some(reason) => {
            session.wait(session.ops.block(company, blocked, by, reason, session.origin))?
        }
        None => session.wait(session.ops.unblock(company, blocked, by, session.origin))?,
    };
    session.out.show(&BlockRow::of(&block, &Names::of(&session.ops)?))
}

fn blocks(session: &Session, company: &str) -> Result<(), CliError> {
    let company = session.ops.find_company(company)?.id;
    let names = Names::of(&session.ops)?;
    let blocks = session.ops.blocks(company)?;
    let rows: Vec<_> = blocks.iter().map(|block| BlockRow::of(block, &names)).collect();
    session.out.list(&rows)
}
