//! New recovery codes in place of the old ones.

use crate::crypto::token::PlainToken;
use crate::domain::audit::EventKind;
use crate::domain::user::Factors;
use crate::ops::Ops;
use crate::ops::confirming::Confirming;
use crate::ops::enrol;
use crate::ops::failure::Outcome;
use crate::ops::own_security::Around;
use crate::ops::own_security::OwnChange;
use crate::ops::own_security::OwnRefusal;
use crate::ops::prove_factor;
use crate::ops::sessions::BrowserMark;
use crate::ops::sign_in;
use crate::ops::sign_in::NewSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::tables;

impl Ops {
    /// Makes new recovery codes. They come of the session's new id and wait in it to be shown, until
    /// they are acknowledged; the old ones are worth nothing any more.
    ///
    /// # Errors
    /// [`OwnRefusal`].
    pub async fn new_recovery_codes(&self, by: Confirming) -> Outcome<NewSession, OwnRefusal> {
        let token = self.draw_session(self.now());
        let browser = by.browser();
        self.change_own(by, NewCodes { token: token.clone(), browser }).await?;
        Ok(NewSession { cookie: token.text().into(), enrolled: true })
    }
}

struct NewCodes {
    token: PlainToken,
    browser: BrowserMark,
}

impl OwnChange for NewCodes {
    type Done = ();

    fn check(&self, _: &Around<'_>, _: &Factors) -> Result<Result<(), OwnRefusal>, Fault> {
        Ok(Ok(()))
    }

    fn make(
        self,
        around: &Around<'_>,
        factors: Factors,
        changes: &mut Changes,
    ) -> Result<(), Fault> {
        let (ops, live) = (around.ops, around.live);
        let user = live.user.id;
        let codes = enrol::recovery_codes(ops, self.token.id(), user);
        let recovery = prove_factor::recovery_rows(&ops.keys, user, &codes);
        changes.put::<tables::Factors>(&user, &Factors { recovery, ..factors })?;
        sign_in::raise(ops, around.reader, changes, live, &self.token, self.browser, true)?;
        changes.record(around.event(EventKind::RecoveryCodesCreated));
        Ok(())
    }
}
