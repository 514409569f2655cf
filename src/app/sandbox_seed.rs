//! What a new sandbox holds: two companies, a firm with three, four people, four apps.

use crate::app::sandbox_guide::Guide;
use crate::app::sandbox_guide::GuideApp;
use crate::app::sandbox_guide::GuideCompany;
use crate::app::sandbox_guide::GuideFirm;
use crate::app::sandbox_guide::GuideUser;
use crate::app::stopped::Stopped;
use crate::base::encoding;
use crate::domain::app::AppKind;
use crate::domain::audit::Origin;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::resource::Resource;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeSet;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::create_company::NewCompany;
use crate::ops::administration::create_firm::NewFirm;
use crate::ops::administration::create_user::NewUser;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;

const CALLBACK: &str = "http://127.0.0.1/callback";
const DELEGATED: &str = "companies:readonly customer_invoices:all customers:readonly products:readonly trial_balance:readonly";

fn stopped(failure: Failure<Refusal>) -> Stopped {
    match failure {
        Failure::Refused(refusal) => Stopped::because(&refusal),
        Failure::Fault(fault) => fault.into(),
    }
}

/// Makes it all.
///
/// # Errors
/// The store failed.
pub async fn seed(ops: &Ops, ca_file: String, data_dir: String) -> Result<Guide, Stopped> {
    let firm = ops
        .create_firm(
            NewFirm {
                name: "Ledgerwise".to_owned(),
                slug: "ledgerwise".parse().ok(),
                environment: Environment::Production,
            },
            Origin::default(),
        )
        .await
        .map_err(stopped)?;
    let mut people = People { ops, users: Vec::new() };
    let owner = people.add("owner@acme.example", "Olive Owner", "owner").await?;
    let viewer = people.add("viewer@acme.example", "Vic Viewer", "viewer").await?;
    let partner = people.add("partner@ledgerwise.example", "Pat Partner", "owner").await?;
    let junior = people.add("junior@ledgerwise.example", "June Junior", "accountant").await?;
    let companies = companies(ops, &firm, &partner).await?;
    for company in companies.iter().filter(|company| company.slug.as_str().starts_with("acme")) {
        let place = Place::Company(company.id);
        grant(ops, &owner, place, "owner").await?;
        grant(ops, &viewer, place, "viewer").await?;
    }
    grant(ops, &partner, Place::Firm(firm.id), "owner").await?;
    grant(ops, &junior, Place::Firm(firm.id), "accountant").await?;
    let acme = companies.iter().find(|company| company.slug.as_str() == "acme");
    let apps = apps(ops, acme, &owner).await?;
    let issuer = ops.settings().issuer.as_str().to_owned();
    let of_firm = companies.iter().filter(|company| company.firm == Some(firm.id));
    Ok(Guide {
        ca_file,
        data_dir,
        users: people.users,
        firms: vec![GuideFirm {
            id: firm.id.to_string(),
            slug: firm.slug.to_string(),
            name: firm.name.clone(),
            companies: of_firm.map(|company| company.slug.to_string()).collect(),
        }],
        companies: companies.iter().map(described).collect(),
        apps,
        api_base: Resource::Api.url(&issuer),
        issuer,
    })
}

fn described(company: &Company) -> GuideCompany {
    let environment = if company.environment.is_test() { "test" } else { "production" };
    GuideCompany {
        id: company.id.to_string(),
        slug: company.slug.to_string(),
        name: company.name.clone(),
        environment: environment.to_owned(),
        mcp_url: String::new(),
    }
}

struct People<'a> {
    ops: &'a Ops,
    users: Vec<GuideUser>,
}

impl People<'_> {
    /// Adds a person with a password and a second factor, so that trying needs no set-up.
    async fn add(&mut self, email: &str, name: &str, role: &str) -> Result<User, Stopped> {
        let password = encoding::base62(&self.ops.draw_secret());
        let hash = self.ops.hash_new_password(password.as_str().into(), &[]).await;
        let hash = hash.map_err(|failure| match failure {
            Failure::Refused(weak) => Stopped::because(&weak),
            Failure::Fault(fault) => fault.into(),
        })?;
        let new = NewUser {
            email: email.parse().map_err(|error| Stopped::because(&error))?,
            name: name.to_owned(),
            password: Some(hash),
            // Somebody has to be able to try what an operator may do.
            operator: email.starts_with("owner@"),
        };
        let user = self.ops.create_user(new, Origin::default()).await.map_err(stopped)?;
        let provisioned = self.ops.provision_factors(user.id, Origin::default()).await?;
        self.users.push(GuideUser {
            email: email.to_owned(),
            password,
            totp_secret: provisioned.totp_secret,
            role: role.to_owned(),
            recovery_codes: provisioned.recovery_codes,
        });
        Ok(user)
    }
}

async fn grant(ops: &Ops, user: &User, place: Place, role: &str) -> Result<(), Stopped> {
    let role = RoleName(role.to_owned());
    ops.grant_role(user.id, place, role, Origin::default()).await.map_err(stopped).map(|_| ())
}

async fn companies(ops: &Ops, firm: &Firm, partner: &User) -> Result<Vec<Company>, Stopped> {
    let all = [
        ("acme", "Acme Trading", Environment::Production, true),
        ("acme-test", "Acme Trading (test)", Environment::Test, false),
        ("bakery", "Bakery", Environment::Production, true),
        ("clinic", "Clinic", Environment::Production, true),
    ];
    let mut made = Vec::new();
    for (slug, name, environment, of_firm) in all {
        let confidential = slug == "clinic";
        let new = NewCompany {
            slug: slug.parse().ok(),
            firm: of_firm.then_some(firm.id),
            confidential,
            confided_to: if confidential { vec![partner.id] } else { Vec::new() },
            ..NewCompany::named(name, environment)
        };
        made.push(ops.create_company(new, Origin::default()).await.map_err(stopped)?);
    }
    Ok(made)
}

async fn apps(ops: &Ops, acme: Option<&Company>, owner: &User) -> Result<Vec<GuideApp>, Stopped> {
    let website = Some("https://tidewater.example".to_owned());
    let credentials = NewApp {
        place: acme.map(|company| Place::Company(company.id)),
        delegated_by: Some(owner.id),
        owner: Some(owner.id),
        scopes: Some(ScopeSet::parse(DELEGATED)),
        purpose: "Copies invoices into a data warehouse every night".to_owned(),
        ..NewApp::of(AppKind::ApiCredentials, "Nightly sync")
    };
    let public = NewApp {
        redirect_uris: vec![CALLBACK.to_owned()],
        purpose: "A program on a person's own computer".to_owned(),
        ..NewApp::of(AppKind::OauthPublic, "Desk assistant")
    };
    let confidential = NewApp {
        redirect_uris: vec![CALLBACK.to_owned()],
        website,
        purpose: "A partner's reporting service".to_owned(),
        ..NewApp::of(AppKind::OauthConfidential, "Tidewater Reports")
    };
    let server = NewApp {
        purpose: "An API that checks tokens for itself".to_owned(),
        ..NewApp::of(AppKind::ResourceServer, "Sample ledger")
    };
    let mut listed = Vec::new();
    for (kind, new) in [
        ("api_credentials", credentials),
        ("oauth_public", public),
        ("oauth_confidential", confidential),
        ("resource_server", server),
    ] {
        let of_company = kind == "api_credentials";
        let created = ops.create_app(new, Origin::default()).await.map_err(stopped)?;
        let uris = created.app.redirect_uris.iter().map(|uri| uri.as_str().to_owned());
        listed.push(GuideApp {
            kind: kind.to_owned(),
            name: created.app.name.clone(),
            client_id: created.app.id.to_string(),
            client_secret: created.secret.map(|secret| secret.expose().to_owned()),
            redirect_uris: uris.collect(),
            company: acme.filter(|_| of_company).map(|company| company.slug.to_string()),
            scope: of_company.then(|| DELEGATED.to_owned()),
        });
    }
    Ok(listed)
}
