//! Deleting an app: it ends like a revoked one, leaves the lists, and can be restored for 90 days. Its
//! history is kept.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::ops::administration::app_events;
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
struct DeleteApp {
    app: AppId,
    now: Timestamp,
    origin: Origin,
}

impl Operation for DeleteApp {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(mut app) = reader.get::<Apps>(&self.app)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownApp)));
        };
        // A deleted app keeps the time at which it was: its ninety days do not begin anew.
        if matches!(app.status, AppStatus::Deleted { .. }) {
            return Ok(Decision::unchanged(Ok(app)));
        }
        app.end(AppStatus::Deleted { at: self.now });
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &app)?;
        changes.record(app_events::of(EventKind::AppDeleted, &app, self.now, self.origin));
        Ok(Decision { changes, outcome: Ok(app) })
    }
}

impl Ops {
    /// Deletes `app`: its secrets are destroyed, its tokens and connections end.
    ///
    /// # Errors
    /// There is no such app.
    pub async fn delete_app(&self, app: AppId, by: impl Into<By>) -> Outcome<App, Refusal> {
        let by = by.into();
        let act = DeleteApp { app, now: self.now(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::App(app)), act).await
    }
}
