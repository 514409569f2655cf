//! Signing out everywhere else.

use crate::domain::audit::EventKind;
use crate::domain::user::Factors;
use crate::ops::Ops;
use crate::ops::failure::Outcome;
use crate::ops::own_security::Around;
use crate::ops::own_security::Own;
use crate::ops::own_security::OwnChange;
use crate::ops::own_security::OwnRefusal;
use crate::ops::sessions;
use crate::store::changes::Changes;
use crate::store::fault::Fault;

/// What a proof on the page that ends sessions is for.
pub const END_OTHERS: &str = "end other sessions";

impl Ops {
    /// Ends every session of this person but their own. Answers how many.
    ///
    /// # Errors
    /// [`OwnRefusal`].
    pub async fn end_other_sessions(&self, own: Own) -> Outcome<usize, OwnRefusal> {
        self.change_own(own, EndOthers).await
    }
}

struct EndOthers;

impl OwnChange for EndOthers {
    type Done = usize;

    fn act(&self) -> String {
        END_OTHERS.to_owned()
    }

    fn check(&self, _: &Around<'_>, _: &Factors) -> Result<Result<(), OwnRefusal>, Fault> {
        Ok(Ok(()))
    }

    fn make(self, around: &Around<'_>, _: Factors, changes: &mut Changes) -> Result<usize, Fault> {
        end_others(around, changes)
    }
}

/// Ends all sessions of the person but the one that acts.
pub(in crate::ops::own_security) fn end_others(
    around: &Around<'_>,
    changes: &mut Changes,
) -> Result<usize, Fault> {
    let live = around.live;
    let ended = sessions::end_all(around.reader, changes, live.user.id, Some(live.id()))?;
    if ended > 0 {
        let event = around.ops.event(EventKind::SessionsEnded, around.origin);
        changes.record(event.cause("all others").user(live.user.id));
    }
    Ok(ended)
}
