//! Changing an OAuth app: what people see of it, where it sends them, what it may ask for, and who
//! answers for it.
//!
//! What reduces it applies at once, to tokens that are out as well: every use goes through the gate.
//! What widens it, or shows people something else than before, asks for the second factor. Whoever had
//! the form open while somebody else changed the app is told, and undoes nothing unseen.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::id::AppId;
use crate::crypto::digest;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::catalogue::Catalogue;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::administration::app_events;
use crate::ops::administration::app_facts;
use crate::ops::administration::app_logo;
use crate::ops::administration::app_logo::LogoChange;
use crate::ops::administration::app_rules;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::change_app::Asked;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::names;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::prove_factor::CodeRefusal;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What it is to be from now on.
#[derive(Clone, Debug)]
pub struct OauthAppChange {
    /// Its name, web site, purpose, owner, permissions, redirect URIs, PKCE and review interval. Its kind
    /// and its place stay as they are, whatever stands here.
    pub to: NewApp,
    /// Its logo.
    pub logo: LogoChange,
    /// The version that the form began with; see [`version_of`].
    pub seen: String,
}

/// Stands for all of an app that the form shows: another one is another text.
#[must_use]
pub fn version_of(app: &App) -> String {
    let shown = (
        (&app.name, &app.website, &app.purpose, app.owner),
        (&app.delegation, &app.required, &app.redirect_uris),
        (app.pkce_required, app.review_days, &app.logo),
    );
    let bytes = serde_json::to_vec(&shown).unwrap_or_default();
    encoding::base64url(&digest::sha256(&bytes))
}

/// The act on the writer.
struct ChangeOauthApp {
    app: AppId,
    change: OauthAppChange,
    asked: Asked,
    catalogue: Arc<Catalogue>,
    custom_schemes: Vec<String>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for ChangeOauthApp {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let app = match reader.get::<Apps>(&self.app)? {
            Some(app) if is_ours(&app) => app,
            _ => return Ok(Decision::unchanged(Err(Refusal::UnknownApp))),
        };
        let changed = match self.checked(reader, &app)? {
            Ok(changed) => changed,
            Err(why) => return Ok(Decision::unchanged(Err(why))),
        };
        if changed == app {
            return Ok(Decision::unchanged(Ok(app)));
        }
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &changed)?;
        app_logo::keep(&mut changes, app.id, &self.change.logo)?;
        changes.record(app_events::of(EventKind::AppChanged, &changed, self.now, self.origin));
        Ok(Decision { changes, outcome: Ok(changed) })
    }
}

/// Whether somebody here registered it. What programs say of themselves, they change themselves.
fn is_ours(app: &App) -> bool {
    app.kind.uses_consent() && !app.registration.is_by_itself()
}

impl ChangeOauthApp {
    fn checked(&self, reader: &Reader<'_>, app: &App) -> Result<Result<App, Refusal>, Fault> {
        if app.status != AppStatus::Active {
            return Ok(Err(AppRefusal::Ended.into()));
        }
        if version_of(app) != self.change.seen {
            return Ok(Err(AppRefusal::ChangedMeanwhile.into()));
        }
        let changed = match self.applied(app) {
            Ok(changed) => changed,
            Err(why) => return Ok(Err(why)),
        };
        if changed.owner != app.owner
            && let Err(why) = may_answer(reader, &changed)?
        {
            return Ok(Err(why));
        }
        if self.asked == Asked::NoCode && self.widens(app, &changed) {
            return Ok(Err(Refusal::Code(CodeRefusal::Missing)));
        }
        Ok(Ok(changed))
    }

    fn applied(&self, app: &App) -> Result<App, Refusal> {
        let to = NewApp {
            kind: app.kind,
            place: app.place,
            delegated_by: None,
            mcp: app.mcp,
            ..self.change.to.clone()
        };
        let checked = app_rules::check(&to, &self.catalogue, &self.custom_schemes)?;
        let all = app.delegation == Delegation::Anything
            && self.allowed(&checked.delegation) == self.allowed(&Delegation::Anything);
        let mut changed = App {
            name: names::checked(&to.name)?,
            website: to.website,
            purpose: to.purpose.trim().to_owned(),
            owner: to.owner,
            delegation: if all { Delegation::Anything } else { checked.delegation },
            required: checked.required,
            redirect_uris: checked.redirect_uris,
            pkce_required: to.pkce_required,
            review_days: to.review_days,
            logo: self.change.logo.applied(app.logo.as_ref()),
            ..app.clone()
        };
        if changed.review_days != app.review_days {
            changed.look_again(self.now);
        }
        Ok(changed)
    }

    fn allowed(&self, delegation: &Delegation) -> ScopeSet {
        match delegation {
            Delegation::Only(scopes) => self.catalogue.closure(scopes),
            Delegation::Anything => {
                let all = self.catalogue.permissions().iter();
                all.map(|permission| permission.name.clone()).collect()
            }
        }
    }

    /// Whether it can do more, leads elsewhere, looks otherwise, or somebody else may administer it.
    fn widens(&self, before: &App, after: &App) -> bool {
        let (had, has) = (self.allowed(&before.delegation), self.allowed(&after.delegation));
        let elsewhere = |uri| !before.redirect_uris.contains(uri);
        let shown = |app: &App| (app.name.clone(), app.website.clone(), app.logo.clone());
        !has.is_subset(&had)
            || !after.required.is_subset(&before.required)
            || after.redirect_uris.iter().any(elsewhere)
            || (before.must_use_pkce() && !after.must_use_pkce())
            || shown(before) != shown(after)
            || before.owner != after.owner
    }
}

/// Who answers for it has a role where it belongs; for one that serves all, an account.
fn may_answer(reader: &Reader<'_>, app: &App) -> Result<Result<(), Refusal>, Fault> {
    let stands = match (app.owner, app.place) {
        (None, _) => true,
        (Some(owner), Some(place)) => app_facts::stands(reader, owner, place)?,
        (Some(owner), None) => reader.get::<Users>(&owner)?.is_some_and(|user| user.is_active()),
    };
    Ok(if stands { Ok(()) } else { Err(AppRefusal::OwnerElsewhere.into()) })
}

impl Ops {
    /// Changes an OAuth app that somebody here registered.
    ///
    /// # Errors
    /// There is no such app or it has ended, somebody changed it meanwhile, a rule of its kind is broken,
    /// or the change widens the app and no code was asked for ([`CodeRefusal::Missing`]).
    pub async fn change_oauth_app(
        &self,
        app: AppId,
        change: OauthAppChange,
        asked: Asked,
        by: impl Into<By>,
    ) -> Outcome<App, Refusal> {
        let by = by.into();
        let found: App = flatten(
            self.store.read(|reader| Ok(reader.get::<Apps>(&app)?.ok_or(Refusal::UnknownApp))),
        )?;
        // An app never moves to another place.
        let authority = found.place.map_or(Authority::Operator, Authority::Administers);
        let needs = match asked {
            Asked::Code => Needs::confirmed(authority),
            Asked::NoCode => Needs::only(authority),
        };
        let act = ChangeOauthApp {
            app,
            change,
            asked,
            catalogue: Arc::clone(&self.catalogue),
            custom_schemes: self.settings.custom_schemes.clone(),
            now: self.now(),
            origin: by.origin(),
        };
        self.administer(by, needs, act).await
    }
}
