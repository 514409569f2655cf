//! Registering an app of any kind. Permissions are delegated, never elevated.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::SecretId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::app::AppSecret;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::app_life::REVIEW_EVERY_DAYS;
use crate::domain::app_life::days_after;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::catalogue::Catalogue;
use crate::domain::company::Environment;
use crate::domain::company::Place;
use crate::domain::logo::Logo;
use crate::domain::registration::ClientProof;
use crate::domain::registration::Registration;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::administration::app_facts;
use crate::ops::administration::app_logo;
use crate::ops::administration::app_logo::LogoChange;
use crate::ops::administration::app_rules;
use crate::ops::administration::app_rules::CheckedApp;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::delegable;
use crate::ops::administration::names;
use crate::ops::administration::records;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Companies;
use crate::store::tables::Firms;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What an app is made of.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Its kind.
    pub kind: AppKind,
    /// As people see it on the consent page.
    pub name: String,
    /// Its web site.
    pub website: Option<String>,
    /// The logo of an OAuth app.
    pub logo: Option<Logo>,
    /// What it is for.
    pub purpose: String,
    /// The company or firm that it serves; none: all, published by the operator. The environment
    /// follows from it.
    pub place: Option<Place>,
    /// For API credentials and API tokens: whose permissions bound it.
    pub delegated_by: Option<UserId>,
    /// Whom to ask about it.
    pub owner: Option<UserId>,
    /// The permissions that it can have at all; none: whatever a person grants.
    pub scopes: Option<ScopeSet>,
    /// Permissions that cannot be unticked at consent.
    pub required: ScopeSet,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Whether it was made for MCP.
    pub mcp: bool,
    /// Whether a confidential app must use PKCE too.
    pub pkce_required: bool,
    /// When it stops by itself (see [`crate::ops::administration::expiry`]).
    pub expires_at: Option<Timestamp>,
    /// Why it never does, if somebody was asked.
    pub no_expiry_reason: String,
    /// After how many days somebody looks at it again.
    pub review_days: u32,
}

impl NewApp {
    /// An app of `kind` with nothing else said.
    #[must_use]
    pub fn of(kind: AppKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            website: None,
            logo: None,
            purpose: String::new(),
            place: None,
            delegated_by: None,
            owner: None,
            scopes: None,
            required: ScopeSet::default(),
            redirect_uris: Vec::new(),
            mcp: false,
            pkce_required: false,
            expires_at: None,
            no_expiry_reason: String::new(),
            review_days: REVIEW_EVERY_DAYS,
        }
    }
}

/// A registered app, and its secret: shown now and never again.
#[derive(Clone, Debug)]
pub struct CreatedApp {
    /// The app.
    pub app: App,
    /// Its secret, or the API token; none for a public app.
    pub secret: Option<Secret>,
}

/// The act on the writer.
struct CreateApp {
    app: App,
    logo: Option<Logo>,
    asked_by: Option<UserId>,
    catalogue: Arc<Catalogue>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for CreateApp {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if let Err(refusal) = self.may_add(reader)? {
            return Ok(Decision::unchanged(Err(refusal)));
        }
        let Self { app, logo, now, origin, .. } = self;
        let mut changes = Changes::new();
        records::add_app(&mut changes, &app)?;
        app_logo::keep(&mut changes, app.id, &logo.map_or(LogoChange::Keep, LogoChange::Put))?;
        changes.record(event(&app, now, origin));
        Ok(Decision { changes, outcome: Ok(app) })
    }
}

impl CreateApp {
    fn may_add(&self, reader: &Reader<'_>) -> Result<Result<(), Refusal>, Fault> {
        for user in [self.app.owner, self.app.delegated_by].into_iter().flatten() {
            if !reader.has::<Users>(&user)? {
                return Ok(Err(Refusal::UnknownUser));
            }
        }
        let Some(place) = self.app.place else { return Ok(Ok(())) };
        if let Err(refusal) = records::place_exists(reader, place)? {
            return Ok(Err(refusal));
        }
        if let (Some(_), Some(owner)) = (self.asked_by, self.app.owner)
            && !app_facts::stands(reader, owner, place)?
        {
            return Ok(Err(AppRefusal::OwnerElsewhere.into()));
        }
        match (&self.app.delegation, self.app.delegated_by) {
            (Delegation::Only(scopes), Some(delegator)) => {
                let (whose, what) = ((&self.app, place), (delegator, scopes));
                let held = delegable::check(reader, &self.catalogue, whose, what, self.now)?;
                Ok(held.map_err(Refusal::App))
            }
            _ => Ok(Ok(())),
        }
    }
}

fn event(app: &App, now: Timestamp, origin: Origin) -> Event {
    let event = Event::new(EventKind::AppCreated, now, origin).app(app.id);
    let event = match app.place {
        Some(place) => event.place(place),
        None => event,
    };
    match app.delegated_by.or(app.owner) {
        Some(user) => event.user(user),
        None => event,
    }
}

impl Ops {
    /// Registers an app.
    ///
    /// # Errors
    /// A rule of its kind is broken, something named does not exist, or the delegator does not
    /// hold what is to be delegated.
    pub async fn create_app(&self, new: NewApp, by: impl Into<By>) -> Outcome<CreatedApp, Refusal> {
        let (by, now) = (by.into(), self.now());
        let needs = Needs::confirmed(authority(&new, &by).map_err(Failure::Refused)?);
        let checked = self.check_app(&new, now).map_err(Failure::Refused)?;
        let environment = match new.place {
            Some(place) => Some(self.environment_of(place)?),
            None => None,
        };
        let test = environment.is_some_and(Environment::is_test);
        let mint = |kind| PlainToken::mint(kind, test, now, self.entropy.as_ref());
        let plain = new.kind.secret_kind().map(mint);
        let secrets = plain.iter().map(|plain| self.app_secret(plain, now)).collect();
        let id = AppId::make(now, self.entropy.as_ref());
        let logo = new.logo.clone().filter(|_| new.kind.uses_consent());
        let app =
            assemble(new, id, checked, environment, secrets, now).map_err(Failure::Refused)?;
        let catalogue = Arc::clone(&self.catalogue);
        let act = CreateApp {
            app: App { logo: logo.as_ref().map(Logo::mark), ..app },
            logo,
            asked_by: by.user(),
            catalogue,
            now,
            origin: by.origin(),
        };
        let app = self.administer(by, needs, act).await?;
        let secret = plain.map(|plain| Secret::from(plain.text()));
        Ok(CreatedApp { app, secret })
    }

    fn check_app(&self, new: &NewApp, now: Timestamp) -> Result<CheckedApp, Refusal> {
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(AppRefusal::ExpiryPassed.into());
        }
        Ok(app_rules::check(new, &self.catalogue, &self.settings.custom_schemes)?)
    }

    /// A place's environment never changes, so it may be looked up before the writer decides.
    fn environment_of(&self, place: Place) -> Outcome<Environment, Refusal> {
        flatten(self.store.read(|reader| {
            Ok(match place {
                Place::Company(id) => reader
                    .get::<Companies>(&id)?
                    .map(|company| company.environment)
                    .ok_or(Refusal::UnknownCompany),
                Place::Firm(id) => reader
                    .get::<Firms>(&id)?
                    .map(|firm| firm.environment)
                    .ok_or(Refusal::UnknownFirm),
            })
        }))
    }

    /// What is stored of a client secret.
    pub(in crate::ops) fn app_secret(&self, plain: &PlainToken, now: Timestamp) -> AppSecret {
        AppSecret {
            id: SecretId::from_raw(*plain.id()),
            hash: self.keys.hash(plain),
            last_four: plain.last_four(),
            created_at: now,
            expires_at: None,
        }
    }
}

/// Whoever has a role may let a program act with their own permissions, as they may by consent; only
/// who administers a company or firm registers what others will be asked about.
fn authority(new: &NewApp, by: &By) -> Result<Authority, Refusal> {
    match (new.place, new.kind.acts_by_itself()) {
        (Some(place), true) => match by.user() {
            Some(user) if new.delegated_by != Some(user) => Err(Refusal::NotAllowed),
            _ => Ok(Authority::Member(place)),
        },
        (Some(place), false) => Ok(Authority::Administers(place)),
        (None, _) => Ok(Authority::Operator),
    }
}

fn assemble(
    new: NewApp,
    id: AppId,
    checked: CheckedApp,
    environment: Option<Environment>,
    secrets: Vec<AppSecret>,
    now: Timestamp,
) -> Result<App, Refusal> {
    Ok(App {
        id,
        kind: new.kind,
        registration: Registration::Administrator,
        proof: ClientProof::Secret,
        name: names::checked(&new.name)?,
        website: new.website,
        logo: None,
        purpose: new.purpose.trim().to_owned(),
        place: new.place,
        environment,
        delegation: checked.delegation,
        required: checked.required,
        delegated_by: new.delegated_by,
        owner: new.owner,
        reviewed: true,
        review_due: Some(days_after(now, new.review_days)),
        review_days: new.review_days,
        redirect_uris: checked.redirect_uris,
        mcp: new.mcp,
        pkce_required: new.pkce_required,
        secrets,
        status: AppStatus::Active,
        generation: 1,
        expires_at: new.expires_at,
        no_expiry_reason: new.no_expiry_reason.trim().to_owned(),
        created_at: now,
    })
}
