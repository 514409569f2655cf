//! Revoking an app: it stops at once, and nothing that it held ever works again.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct RevokeApp {
    app: AppId,
    now: Timestamp,
    origin: Origin,
}

impl Operation for RevokeApp {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(mut app) = reader.get::<Apps>(&self.app)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownApp)));
        };
        // Revoked and deleted apps are stopped already, and keep the time at which they were.
        if matches!(app.status, AppStatus::Revoked { .. } | AppStatus::Deleted { .. }) {
            return Ok(Decision::unchanged(Ok(app)));
        }
        app.end(AppStatus::Revoked { at: self.now });
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &app)?;
        let event = Event::new(EventKind::AppRevoked, self.now, self.origin).app(app.id);
        changes.record(match app.place {
            Some(place) => event.place(place),
            None => event,
        });
        Ok(Decision { changes, outcome: Ok(app) })
    }
}

impl Ops {
    /// Revokes `app`: its secrets are destroyed, its tokens and connections end.
    ///
    /// # Errors
    /// There is no such app.
    pub async fn revoke_app(&self, app: AppId, by: impl Into<By>) -> Outcome<App, Refusal> {
        let by = by.into();
        let act = RevokeApp { app, now: self.now(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::App(app)), act).await
    }
}
