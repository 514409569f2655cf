//! Restoring a revoked or deleted app, with a new secret. Nothing that ended with it comes back.
//!
//! Whoever restores what acts by itself delegates its permissions from then on: it comes back with
//! those that they hold, and its secret shows them nothing that they may not do.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::domain::app::App;
use crate::domain::app::AppSecret;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::ops::administration::app_events;
use crate::ops::administration::app_facts;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::create_app::CreatedApp;
use crate::ops::administration::delegable;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct RestoreApp {
    ops: Ops,
    app: AppId,
    secret: AppSecret,
    user: Option<UserId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for RestoreApp {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(mut app) = reader.get::<Apps>(&self.app)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownApp)));
        };
        if !app.may_return(self.now) {
            return Ok(Decision::unchanged(Err(AppRefusal::NotRestorable.into())));
        }
        self.take_on(reader, &mut app)?;
        if let Err(why) = delegable::may_see_secret(reader, &self.ops, self.user, &app)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        app.restore(app.proves_by_secret().then_some(self.secret), self.now);
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &app)?;
        changes.record(app_events::of(EventKind::AppRestored, &app, self.now, self.origin));
        Ok(Decision { changes, outcome: Ok(app) })
    }
}

impl RestoreApp {
    /// Whoever restores it delegates its permissions, and answers for it if nobody does.
    fn take_on(&self, reader: &Reader<'_>, app: &mut App) -> Result<(), Fault> {
        let (Some(user), Some(place)) = (self.user, app.place) else { return Ok(()) };
        if app.kind.acts_by_itself() {
            app.delegated_by = Some(user);
        }
        let answered = match app.owner {
            Some(owner) => app_facts::stands(reader, owner, place)?,
            None => false,
        };
        if !answered {
            app.owner = Some(user);
        }
        Ok(())
    }
}

impl Ops {
    /// Restores `app` with a new secret, if it has one.
    ///
    /// # Errors
    /// There is no such app, it has not ended, or it was deleted more than ninety days ago.
    pub async fn restore_app(&self, app: AppId, by: impl Into<By>) -> Outcome<CreatedApp, Refusal> {
        let (by, now) = (by.into(), self.now());
        let plain = self.client_secret_for(app)?;
        let act = RestoreApp {
            ops: self.frozen(),
            app,
            secret: self.app_secret(&plain, now),
            user: by.user(),
            now,
            origin: by.origin(),
        };
        let app = self.administer(by, Needs::confirmed(Authority::App(app)), act).await?;
        let secret = (!app.secrets.is_empty()).then(|| Secret::from(plain.text()));
        Ok(CreatedApp { app, secret })
    }
}
