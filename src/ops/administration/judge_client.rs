//! What the operator says of a program that registered itself: that it was looked at, that it is not
//! let in, that it is let in again. A company says so for itself by blocking ([`Ops::block`]).

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

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Somebody looked at it and knows it.
    Approve,
    /// Nothing of it is let in, in no company.
    Block,
    /// It is let in again; what people approved before works as before.
    Unblock,
}

struct Judge {
    app: AppId,
    judgement: Judgement,
    now: Timestamp,
    origin: Origin,
}

impl Operation for Judge {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let found = reader.get::<Apps>(&self.app)?;
        let Some(mut app) = found.filter(|app| app.registration.is_by_itself()) else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownApp)));
        };
        let kind = match (self.judgement, app.status) {
            (Judgement::Approve, AppStatus::Active) if !app.reviewed => {
                app.reviewed = true;
                EventKind::AppApproved
            }
            (Judgement::Block, AppStatus::Active) => {
                app.status = AppStatus::Blocked { at: self.now };
                EventKind::AppBlocked
            }
            (Judgement::Unblock, AppStatus::Blocked { .. }) => {
                app.status = AppStatus::Active;
                EventKind::AppUnblocked
            }
            // It stands so already, or is no more.
            _ => return Ok(Decision::unchanged(Ok(app))),
        };
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &app)?;
        let event = Event::new(kind, self.now, self.origin).app(app.id);
        changes.record(event.cause(format!("\"{}\"", app.name)));
        Ok(Decision { changes, outcome: Ok(app) })
    }
}

impl Ops {
    /// Says it, for the whole installation.
    ///
    /// # Errors
    /// [`Refusal::UnknownApp`]: also of an app that did not register itself.
    pub async fn judge_client(
        &self,
        app: AppId,
        judgement: Judgement,
        by: impl Into<By>,
    ) -> Outcome<App, Refusal> {
        let by = by.into();
        let act = Judge { app, judgement, now: self.now(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::Operator), act).await
    }
}
