//! What a data folder holds before it is measured: companies, people, apps, connections and, if
//! asked for, live tokens; and what the load must know of them.

use std::path::Path;
use std::time::Duration;

use countersign::app::installation;
use countersign::app::installation::Installation;
use countersign::app::serving;
use countersign::app::wire;
use countersign::base::secret::Secret;
use countersign::config;
use countersign::config::Flag;
use countersign::config::Settings;
use countersign::config::Sources;
use countersign::domain::app::App;
use countersign::domain::app::AppKind;
use countersign::domain::audit::Origin;
use countersign::domain::company::Environment;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::domain::user::User;
use countersign::ops::Ops;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_company::NewCompany;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::administration::installation::Kind;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;
use countersign::tls::private_ca;
use serde::Deserialize;
use serde::Serialize;
use tokio::time::Instant;

use super::Outcome;
use super::rows;

/// What is asked for, and granted.
pub(crate) const SCOPES: &str =
    "companies:readonly customer_invoices:readonly customers:readonly products:readonly";
/// Of everybody who signs in.
pub(crate) const PASSWORD: &str = "vaeghohZ7aiX tükör-fúró";
/// People with a password, so that each may sign in from a connection of their own.
pub(crate) const PEOPLE: usize = 16;
/// Companies whose apps hold the live tokens.
const COMPANIES: usize = 100;

/// An app and its secret.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Client {
    /// The header by which it authenticates.
    pub(crate) fn basic(&self) -> String {
        let pair = format!("{}:{}", self.id, self.secret);
        format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()))
    }
}

/// What the load knows of a data folder.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seeded {
    /// Whom requests are meant for, as they name it.
    pub(crate) authority: String,
    /// API credentials, which ask for tokens.
    pub(crate) credentials: Client,
    /// An OAuth app, which refreshes.
    pub(crate) connected: Client,
    /// A resource server, which introspects.
    pub(crate) resource_server: Client,
    /// Refresh tokens of the OAuth app, each of a connection of its own.
    pub(crate) chains: Vec<String>,
    /// Addresses of people who sign in.
    pub(crate) people: Vec<String>,
    /// Some of the live tokens, from the whole table.
    pub(crate) tokens: Vec<String>,
    /// How long making the live tokens took.
    pub(crate) filling: Duration,
}

/// The defaults, but for where the data is.
pub(crate) fn settings(folder: &Path) -> Outcome<Settings> {
    let flag = Flag {
        name: "bench".to_owned(),
        key: "data.folder".to_owned(),
        value: folder.display().to_string(),
    };
    Ok(config::load(&Sources { flags: vec![flag], ..Sources::default() })?.settings)
}

/// Makes an installation in `folder`, with a connection for each of `chains` and so many live
/// tokens.
pub(crate) async fn seed(folder: &Path, chains: usize, tokens: u32) -> Outcome<Seeded> {
    let settings = settings(folder)?;
    let options = installation::Options::of(&settings, Kind::Real);
    let installation = serving::open(folder, options).await?;
    let ops = wire::ops(&settings, &installation)?;
    let names = [settings.issuer.host()];
    private_ca::ensure(&serving::tls_folder(folder), &names, installation.clock.now())?;
    let seeded = fill(&settings, &installation, &ops, chains, tokens).await;
    ops.close();
    seeded
}

async fn fill(
    settings: &Settings,
    installation: &Installation,
    ops: &Ops,
    chains: usize,
    tokens: u32,
) -> Outcome<Seeded> {
    let (own, owner) = company(ops, "Acme Trading", "owner@acme.example", None).await?;
    let (_, credentials) = credentials(ops, own, &owner, "Load").await?;
    let (app, connected) = connected(ops, own).await?;
    let (_, resource_server) = app_of(ops, NewApp::of(AppKind::ResourceServer, "Upstream")).await?;
    let holders = if tokens > 0 { holders(ops).await? } else { Vec::new() };
    let begun = Instant::now();
    let tokens = rows::live_tokens(installation, &holders, tokens).await?;
    let filling = begun.elapsed();
    Ok(Seeded {
        authority: settings.issuer.as_str().trim_start_matches("https://").to_owned(),
        credentials,
        connected,
        resource_server,
        chains: rows::connections(installation, &app, owner.id, chains).await?,
        people: people(ops).await?,
        tokens,
        filling,
    })
}

/// A company and its owner.
pub(crate) async fn company(
    ops: &Ops,
    name: &str,
    email: &str,
    password: Option<String>,
) -> Outcome<(Place, User)> {
    let new = NewCompany::named(name, Environment::Production);
    let company = ops.create_company(new, Origin::default()).await.map_err(said)?;
    let owner = person(ops, email, password).await?;
    let (place, role) = (Place::Company(company.id), RoleName("owner".to_owned()));
    ops.grant_role(owner.id, place, role, Origin::default()).await.map_err(said)?;
    Ok((place, owner))
}

async fn person(ops: &Ops, email: &str, password: Option<String>) -> Outcome<User> {
    let name = "Olive Owner".to_owned();
    let new = NewUser { email: email.parse()?, name, password, operator: false };
    Ok(ops.create_user(new, Origin::default()).await.map_err(said)?)
}

/// API credentials that `owner` delegated.
pub(crate) async fn credentials(
    ops: &Ops,
    place: Place,
    owner: &User,
    name: &str,
) -> Outcome<(App, Client)> {
    let new = NewApp {
        place: Some(place),
        delegated_by: Some(owner.id),
        owner: Some(owner.id),
        scopes: Some(ScopeSet::parse(SCOPES)),
        purpose: "Asks for tokens".to_owned(),
        ..NewApp::of(AppKind::ApiCredentials, name)
    };
    app_of(ops, new).await
}

/// An app that people connect.
async fn connected(ops: &Ops, place: Place) -> Outcome<(App, Client)> {
    let new = NewApp {
        place: Some(place),
        redirect_uris: vec!["https://app.example/callback".to_owned()],
        ..NewApp::of(AppKind::OauthConfidential, "Connected")
    };
    app_of(ops, new).await
}

pub(crate) async fn app_of(ops: &Ops, new: NewApp) -> Outcome<(App, Client)> {
    let created = ops.create_app(new, Origin::default()).await.map_err(said)?;
    let secret = created.secret.as_ref().map_or("", Secret::expose).to_owned();
    let id = created.app.id.to_string();
    Ok((created.app, Client { id, secret }))
}

/// Apps of many companies, so that not every token leads to the same rows.
async fn holders(ops: &Ops) -> Outcome<Vec<App>> {
    let making = (0..COMPANIES).map(async |n| -> Outcome<App> {
        let (name, email) = (format!("Company {n}"), format!("owner{n}@companies.example"));
        let (place, owner) = company(ops, &name, &email, None).await?;
        Ok(credentials(ops, place, &owner, "Load").await?.0)
    });
    futures_util::future::join_all(making).await.into_iter().collect()
}

/// People who can sign in: one hash for all, made once.
async fn people(ops: &Ops) -> Outcome<Vec<String>> {
    let hash = ops.hash_new_password(PASSWORD.into(), &[]).await;
    let hash = hash.map_err(|_| "the password may not be chosen")?;
    let mut addresses = Vec::new();
    for n in 0..PEOPLE {
        let address = format!("person{n}@acme.example");
        person(ops, &address, Some(hash.clone())).await?;
        addresses.push(address);
    }
    Ok(addresses)
}

fn said(failure: Failure<Refusal>) -> String {
    match failure {
        Failure::Refused(refusal) => refusal.to_string(),
        Failure::Fault(fault) => fault.to_string(),
    }
}
