//! `countersign app`.

use clap::Subcommand;

use crate::base::clock::Timestamp;
use crate::cli::app_upkeep;
use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::output::Listed as _;
use crate::cli::registration_token;
use crate::cli::rows::app::AppRow;
use crate::cli::rows::app::NewAppRow;
use crate::cli::session::Session;
use crate::cli::table;
use crate::cli::values;
use crate::cli::values::KindArg;
use crate::cli::values::PlaceArgs;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::scope::ScopeSet;
use crate::ops::administration::create_app::CreatedApp;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::listings::ListedApp;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List all apps; revoked ones too
    #[command(after_help = "Example:\n  countersign app list --json")]
    List,
    /// Show one app
    #[command(after_help = "Example:\n  countersign app show cs_app_0…")]
    Show {
        /// Its client id
        client_id: String,
    },
    /// Register an app; its secret is shown once
    #[command(after_help = "\
Examples:
  countersign app create --kind api-credentials --name 'Nightly sync' --company acme \\
    --scope 'customers:readonly products:readonly' --delegated-by owner@acme.example
  countersign app create --kind oauth-public --name 'Claude' \\
    --redirect-uri https://claude.ai/api/mcp/auth_callback")]
    Create(Box<Create>),
    #[command(flatten)]
    Upkeep(app_upkeep::Act),
    /// Tokens with which clients may register themselves (clients.registration = "initial_token")
    #[command(
        subcommand_required = true,
        arg_required_else_help = true,
        after_help = "Example:\n  countersign app registration-token create --name 'Laptop fleet'"
    )]
    RegistrationToken {
        #[command(subcommand)]
        act: registration_token::Act,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// Its kind
    #[arg(long, value_enum)]
    kind: KindArg,
    /// As people see it on the consent page
    #[arg(long)]
    name: String,
    #[command(flatten)]
    place: PlaceArgs,
    /// Permissions that it can have, with spaces or commas between them; may be repeated
    #[arg(long, value_name = "SCOPES", value_parser = values::scopes)]
    scope: Vec<ScopeSet>,
    /// Permissions that cannot be unticked at consent
    #[arg(long, value_name = "SCOPES", value_parser = values::scopes)]
    required_scope: Vec<ScopeSet>,
    /// For API credentials: the user whose permissions bound it, by e-mail address or id
    #[arg(long, value_name = "USER")]
    delegated_by: Option<String>,
    /// Whom to ask about it: e-mail address or id
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Where codes may be sent, matched exactly; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// For API credentials: made for MCP, so that a token can be for a company's MCP address. For a
    /// resource server: it introspects the MCP's tokens instead of the API's
    #[arg(long)]
    mcp: bool,
    /// A confidential app must use PKCE too; public ones always must
    #[arg(long)]
    require_pkce: bool,
    /// What it is for
    #[arg(long)]
    purpose: Option<String>,
    /// Its web site, which begins with https://
    #[arg(long, value_name = "URL")]
    website: Option<String>,
    /// The last day on which it works, in UTC, such as 2027-12-31
    #[arg(long, value_name = "DATE", value_parser = values::end_of_day)]
    expires: Option<Timestamp>,
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    match noun.act {
        Act::List => list(&session),
        Act::Show { client_id } => {
            let app = session.ops.find_app(&client_id)?;
            session.out.show(&row(&session, app)?)
        }
        Act::Create(create) => make(&session, *create),
        Act::RegistrationToken { act } => registration_token::run(&session, act),
        Act::Upkeep(act) => app_upkeep::run(&session, act),
    }
}

fn list(session: &Session) -> Result<(), CliError> {
    let (names, now) = (Names::of(&session.ops)?, session.ops.now());
    let apps = session.ops.apps()?;
    let rows: Vec<_> = apps.iter().map(|listed| AppRow::of(listed, &names, now)).collect();
    session.out.list(&rows)
}

pub(super) fn row(session: &Session, app: App) -> Result<AppRow, CliError> {
    let last_used = session.ops.last_use(app.id)?;
    let names = Names::of(&session.ops)?;
    Ok(AppRow::of(&ListedApp { app, last_used }, &names, session.ops.now()))
}

fn make(session: &Session, create: Create) -> Result<(), CliError> {
    let new = new_app(session, create)?;
    let created = session.wait(session.ops.create_app(new, session.origin))?;
    with_secret(session, created)
}

/// The app, and its new secret if it has one: shown once.
pub(super) fn with_secret(session: &Session, created: CreatedApp) -> Result<(), CliError> {
    let CreatedApp { app, secret } = created;
    let kind = app.kind;
    let client_secret = secret.map(|secret| secret.expose().to_owned());
    let row = NewAppRow { app: row(session, app)?, client_secret };
    session.out.answer(&row, || told(session, &row, kind))
}

fn new_app(session: &Session, create: Create) -> Result<NewApp, CliError> {
    let user = |named: Option<String>| -> Result<_, CliError> {
        let found = named.map(|user| session.ops.find_user(&user)).transpose()?;
        Ok(found.map(|user| user.id))
    };
    let all = |sets: &[ScopeSet]| sets.iter().fold(ScopeSet::default(), |all, set| all.union(set));
    Ok(NewApp {
        place: session.place(&create.place)?,
        delegated_by: user(create.delegated_by)?,
        owner: user(create.owner)?,
        scopes: (!create.scope.is_empty()).then(|| all(&create.scope)),
        required: all(&create.required_scope),
        redirect_uris: create.redirect_uri,
        mcp: create.mcp,
        pkce_required: create.require_pkce,
        purpose: create.purpose.unwrap_or_default(),
        website: create.website,
        expires_at: create.expires,
        ..NewApp::of(create.kind.into(), create.name)
    })
}

fn told(session: &Session, row: &NewAppRow, kind: AppKind) -> String {
    let facts = table::facts(&row.app.details());
    let mut key = vec![("client_id", row.app.client_id().to_owned())];
    key.extend(row.client_secret.clone().map(|secret| ("client_secret", secret)));
    let key = table::facts(&key);
    let once = match row.client_secret {
        Some(_) => "\nThe secret is shown this once: put it where the program reads it now.\n",
        None => "",
    };
    let next = match kind {
        AppKind::ApiCredentials => {
            let url = session.ops.settings().issuer.url("/oauth/token");
            format!("\nTo get a token, it posts grant_type=client_credentials to {url}\n")
        }
        _ => String::new(),
    };
    format!("{facts}\n{key}{once}{next}")
}
