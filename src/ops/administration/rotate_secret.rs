//! A new client secret for an app. The one before works on for an overlap, or stops at once.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::AppSecret;
use crate::domain::app::AppStatus;
use crate::domain::app_life::Overlap;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Environment;
use crate::ops::Ops;
use crate::ops::administration::app_events;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::create_app::CreatedApp;
use crate::ops::administration::delegable;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct RotateSecret {
    ops: Ops,
    app: AppId,
    secret: AppSecret,
    overlap: Overlap,
    user: Option<UserId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for RotateSecret {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(mut app) = reader.get::<Apps>(&self.app)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownApp)));
        };
        if app.kind.secret_kind() != Some(TokenKind::ClientSecret) || !app.proves_by_secret() {
            return Ok(Decision::unchanged(Err(AppRefusal::NoClientSecret.into())));
        }
        if app.status != AppStatus::Active {
            return Ok(Decision::unchanged(Err(AppRefusal::Ended.into())));
        }
        if let Err(why) = delegable::may_see_secret(reader, &self.ops, self.user, &app)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        app.rotate(self.secret, self.overlap);
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &app)?;
        changes.record(app_events::of(EventKind::SecretRotated, &app, self.now, self.origin));
        Ok(Decision { changes, outcome: Ok(app) })
    }
}

impl Ops {
    /// Makes a new secret. The former one stops when `overlap` says; with it stop the tokens that it
    /// got.
    ///
    /// # Errors
    /// There is no such app, it has no client secret or has ended, or the person may do less than
    /// the app and so is not shown its secret.
    pub async fn rotate_secret(
        &self,
        app: AppId,
        overlap: Overlap,
        by: impl Into<By>,
    ) -> Outcome<CreatedApp, Refusal> {
        let (by, now) = (by.into(), self.now());
        let plain = self.client_secret_for(app)?;
        let act = RotateSecret {
            ops: self.frozen(),
            app,
            secret: self.app_secret(&plain, now),
            overlap,
            user: by.user(),
            now,
            origin: by.origin(),
        };
        let app = self.administer(by, Needs::confirmed(Authority::App(app)), act).await?;
        Ok(CreatedApp { app, secret: Some(Secret::from(plain.text())) })
    }

    /// A new client secret, marked as one for tests if the app is. An app's environment never
    /// changes, so it may be looked up before the writer decides.
    pub(super) fn client_secret_for(&self, app: AppId) -> Outcome<PlainToken, Refusal> {
        let app: App = flatten(
            self.store.read(|reader| Ok(reader.get::<Apps>(&app)?.ok_or(Refusal::UnknownApp))),
        )?;
        let test = app.environment.is_some_and(Environment::is_test);
        Ok(PlainToken::mint(TokenKind::ClientSecret, test, self.now(), self.entropy.as_ref()))
    }
}
