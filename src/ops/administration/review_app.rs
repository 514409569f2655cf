//! Saying that an app is still needed: the next review is due after its interval.

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
struct ReviewApp {
    app: AppId,
    now: Timestamp,
    origin: Origin,
}

impl Operation for ReviewApp {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(mut app) = reader.get::<Apps>(&self.app)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownApp)));
        };
        if app.status != AppStatus::Active {
            return Ok(Decision::unchanged(Err(AppRefusal::Ended.into())));
        }
        app.look_again(self.now);
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &app)?;
        changes.record(app_events::of(EventKind::AppReviewed, &app, self.now, self.origin));
        Ok(Decision { changes, outcome: Ok(app) })
    }
}

impl Ops {
    /// Notes that somebody looked at `app`.
    ///
    /// # Errors
    /// There is no such app, or it has ended.
    pub async fn review_app(&self, app: AppId, by: impl Into<By>) -> Outcome<App, Refusal> {
        let by = by.into();
        let act = ReviewApp { app, now: self.now(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::App(app)), act).await
    }
}
