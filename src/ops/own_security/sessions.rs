//! Signing out everywhere else.

use crate::domain::audit::EventKind;
use crate::domain::user::Factors;
use crate::ops::Ops;
use crate::ops::confirming::Confirming;
use crate::ops::failure::Outcome;
use crate::ops::own_security::Around;
use crate::ops::own_security::OwnChange;
use crate::ops::own_security::OwnRefusal;
use crate::ops::sessions;
use crate::store::changes::Changes;
use crate::store::fault::Fault;

impl Ops {
    /// Ends every session of this person but their own. Answers how many.
    ///
    /// # Errors
    /// [`OwnRefusal`].
    pub async fn end_other_sessions(&self, by: Confirming) -> Outcome<u64, OwnRefusal> {
        self.change_own(by, EndOthers).await
    }
}

struct EndOthers;

impl OwnChange for EndOthers {
    type Done = u64;

    fn check(&self, _: &Around<'_>, _: &Factors) -> Result<Result<(), OwnRefusal>, Fault> {
        Ok(Ok(()))
    }

    fn make(self, around: &Around<'_>, _: Factors, changes: &mut Changes) -> Result<u64, Fault> {
        end_others(around, changes)
    }
}

/// Ends all sessions of the person but the one that acts.
pub(in crate::ops::own_security) fn end_others(
    around: &Around<'_>,
    changes: &mut Changes,
) -> Result<u64, Fault> {
    let live = around.live;
    let ended = sessions::end_all(around.reader, changes, live.user.id, Some(live.id()))?;
    if ended > 0 {
        changes.record(around.event(EventKind::SessionsEnded).cause("all others"));
    }
    Ok(ended)
}
