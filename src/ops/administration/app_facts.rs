//! An app, for a person who may administer it, and what stands around it.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::SecretId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::Delegation;
use crate::domain::company::Place;
use crate::domain::gate::PlaceFacts;
use crate::domain::scope::ScopeSet;
use crate::domain::standing;
use crate::domain::standing::Circumstances;
use crate::domain::standing::Standing as Word;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::authority;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::refusal::Refusal;
use crate::ops::blocks;
use crate::ops::failure::Outcome;
use crate::ops::place_access;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::SecretUses;
use crate::store::tables::Users;

/// An app that acts by itself, with what its page tells.
#[derive(Clone, Debug)]
pub struct CredentialFacts {
    /// The app.
    pub app: App,
    /// How it stands.
    pub states: Vec<Word>,
    /// Whose permissions bound it; none if they are gone.
    pub delegator: Option<User>,
    /// Who answers for it; none if they are gone.
    pub owner: Option<User>,
    /// All that the delegator's roles allow there now, as a closure.
    pub held: ScopeSet,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// When each of its secrets was last used, since that is noted.
    pub secret_uses: SecretUses,
    /// What the person who looks holds in its company or firm, as a closure.
    pub looker_holds: ScopeSet,
    /// Whether they administer it: the company or firm, or the installation for an app of its own.
    pub looker_administers: bool,
}

impl CredentialFacts {
    /// What it was delegated.
    #[must_use]
    pub fn delegated(&self) -> ScopeSet {
        delegated(&self.app)
    }

    /// When a secret was last used. Before that was noted of each, the app's last use tells it of the
    /// secret that alone was live then.
    #[must_use]
    pub fn last_use_of(&self, secret: SecretId) -> Option<Timestamp> {
        if let Some((_, at)) = self.secret_uses.0.iter().find(|(of, _)| *of == secret) {
            return Some(*at);
        }
        let secret = self.app.secrets.iter().find(|one| one.id == secret)?;
        let replaced = self.app.secrets.iter().map(|one| one.created_at).max();
        let used = self.last_used.filter(|at| *at >= secret.created_at)?;
        let alone = self.app.secrets.len() == 1 || replaced.is_some_and(|at| used < at);
        alone.then_some(used)
    }
}

/// What an app was delegated; nothing of its own, if a person grants it each time.
#[must_use]
pub fn delegated(app: &App) -> ScopeSet {
    match &app.delegation {
        Delegation::Only(scopes) => scopes.clone(),
        Delegation::Anything => ScopeSet::default(),
    }
}

/// Whether `user` can sign in and has a role in `place`.
pub(in crate::ops) fn stands(
    reader: &Reader<'_>,
    user: UserId,
    place: Place,
) -> Result<bool, Fault> {
    let Some(user) = reader.shared::<Users>(&user)? else { return Ok(false) };
    let (facts, roles) = place_access::standing(reader, user.id, place)?;
    Ok(user.is_active() && !roles.is_empty() && !matches!(facts, PlaceFacts::Gone))
}

/// Whether whoever delegated an app's permissions is still there; true of one that has no delegator
/// by its kind.
pub(in crate::ops) fn delegator_stands(reader: &Reader<'_>, app: &App) -> Result<bool, Fault> {
    match (app.kind.acts_by_itself(), app.delegated_by, app.place) {
        (false, _, _) => Ok(true),
        (true, Some(user), Some(place)) => stands(reader, user, place),
        (true, _, _) => Ok(false),
    }
}

impl Ops {
    /// The app, whatever its status.
    ///
    /// # Errors
    /// [`Refusal::UnknownApp`], also where it is out of reach; [`Refusal::NotAllowed`].
    pub fn app_for(&self, live: &LiveSession, app: AppId) -> Outcome<App, Refusal> {
        self.look_for(live, Authority::App(app), |reader| {
            Ok(reader.get::<Apps>(&app)?.ok_or(Refusal::UnknownApp))
        })
    }

    /// The app with all that its page tells, and what the person who looks may do with it.
    ///
    /// # Errors
    /// As [`Self::app_for`].
    pub fn credential_for(
        &self,
        live: &LiveSession,
        app: AppId,
    ) -> Outcome<CredentialFacts, Refusal> {
        self.look_for(live, Authority::App(app), |reader| match reader.get::<Apps>(&app)? {
            Some(app) => self.credential_facts(reader, live, app),
            None => Ok(Err(Refusal::UnknownApp)),
        })
    }

    fn credential_facts(
        &self,
        reader: &Reader<'_>,
        live: &LiveSession,
        app: App,
    ) -> Result<Result<CredentialFacts, Refusal>, Fault> {
        let standing = |user: &User| match app.place {
            Some(place) => authority::standing(reader, self, user, place),
            None => Ok(Err(Refusal::OutOfReach)),
        };
        let (looker_holds, looker_administers) = match (app.place, standing(&live.user)?) {
            // An app of the installation: whoever may look at it is its operator.
            (None, _) => (ScopeSet::default(), true),
            (Some(_), Ok(looking)) => (looking.held, looking.administers),
            (Some(_), Err(why)) => return Ok(Err(why)),
        };
        let who = |user: Option<UserId>| match (user, app.place) {
            (Some(user), Some(place)) if !stands(reader, user, place)? => Ok(None),
            (Some(user), _) => reader.get::<Users>(&user),
            (None, _) => Ok(None),
        };
        let (delegator, owner) = (who(app.delegated_by)?, who(app.owner)?);
        let held = match &delegator {
            Some(user) => standing(user)?.map(|standing| standing.held).unwrap_or_default(),
            None => ScopeSet::default(),
        };
        let last_used = self.app_use(reader, app.id)?;
        let around = Circumstances {
            last_used,
            blocked: match app.place {
                Some(place) => blocks::keeps_away(reader, place, app.id)?,
                None => false,
            },
            delegator_stands: delegator_stands(reader, &app)?,
            now: self.now(),
        };
        Ok(Ok(CredentialFacts {
            states: standing::of_app(&app, around),
            delegator,
            owner,
            held,
            last_used,
            secret_uses: self.secret_uses(reader, &app)?,
            looker_holds,
            looker_administers,
            app,
        }))
    }
}
