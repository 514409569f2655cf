//! `countersign token`.

use clap::Subcommand;

use crate::base::clock::Timestamp;
use crate::cli::app;
use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::output::Listed as _;
use crate::cli::rows::app::NewTokenRow;
use crate::cli::rows::token::TokenRow;
use crate::cli::session::Session;
use crate::cli::table;
use crate::cli::values;
use crate::cli::values::PlaceArgs;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::scope::ScopeSet;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::refusal::Refusal;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List the tokens that work now: whose, where, until when; never the tokens
    #[command(after_help = "Example:\n  countersign token list --json")]
    List,
    /// Show one API token: never the token itself
    #[command(after_help = "Example:\n  countersign token show cs_app_0…")]
    Show {
        /// The client id under which it is listed
        client_id: String,
    },
    /// Make an API token for a company's or firm's own use; it is shown once
    #[command(after_help = "\
Example:
  countersign token create --company acme --name 'Till export' \\
    --scope 'customer_invoices:readonly' --as owner@acme.example --expires 2027-12-31")]
    Create(Box<Create>),
    /// Stop an API token at once; it never works again
    #[command(after_help = "Example:\n  countersign token revoke cs_app_0…")]
    Revoke {
        /// The client id under which it is listed
        client_id: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    #[command(flatten)]
    place: PlaceArgs,
    /// By which people tell it from others
    #[arg(long)]
    name: String,
    /// Permissions that it has, with spaces or commas between them; may be repeated
    #[arg(long, value_name = "SCOPES", required = true, value_parser = values::scopes)]
    scope: Vec<ScopeSet>,
    /// Its creator, whose permissions bound it from now on: e-mail address or id
    #[arg(long = "as", value_name = "USER")]
    creator: String,
    /// It is good for the company's MCP address too
    #[arg(long)]
    mcp: bool,
    /// What it is for
    #[arg(long)]
    purpose: Option<String>,
    /// The last day on which it works, in UTC, such as 2027-12-31
    #[arg(long, value_name = "DATE", value_parser = values::end_of_day)]
    expires: Option<Timestamp>,
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    match noun.act {
        Act::List => list(&session),
        Act::Show { client_id } => {
            let token = find(&session, &client_id)?;
            session.out.show(&app::row(&session, token)?)
        }
        Act::Create(create) => make(&session, *create),
        Act::Revoke { client_id } => {
            let token = find(&session, &client_id)?.id;
            let token = session.wait(session.ops.revoke_app(token, session.origin))?;
            session.out.show(&app::row(&session, token)?)
        }
    }
}

fn list(session: &Session) -> Result<(), CliError> {
    let names = Names::of(&session.ops)?;
    let tokens = session.ops.live_tokens()?;
    let rows: Vec<_> = tokens.iter().map(|token| TokenRow::of(token, &names)).collect();
    session.out.list(&rows)
}

fn find(session: &Session, client_id: &str) -> Result<App, CliError> {
    let app = session.ops.find_app(client_id)?;
    let unknown = || CliError::failed(&Refusal::UnknownToken);
    if app.kind == AppKind::ApiToken { Ok(app) } else { Err(unknown()) }
}

fn make(session: &Session, create: Create) -> Result<(), CliError> {
    let creator = session.ops.find_user(&create.creator)?.id;
    let scopes = create.scope.iter().fold(ScopeSet::default(), |all, set| all.union(set));
    let new = NewApp {
        place: Some(session.named_place(&create.place)?),
        delegated_by: Some(creator),
        owner: Some(creator),
        scopes: Some(scopes),
        mcp: create.mcp,
        purpose: create.purpose.unwrap_or_default(),
        expires_at: create.expires,
        ..NewApp::of(AppKind::ApiToken, create.name)
    };
    let created = session.wait(session.ops.create_app(new, session.origin))?;
    let token = created.secret.map(|secret| secret.expose().to_owned());
    let row = NewTokenRow { app: app::row(session, created.app)?, token };
    session.out.answer(&row, || {
        let facts = table::facts(&row.app.details());
        let token = row.token.clone().map(|token| ("token", token));
        let token = table::facts(&token.into_iter().collect::<Vec<_>>());
        format!("{facts}\n{token}\nThe token is shown this once: put it where the program reads it now.\n")
    })
}
