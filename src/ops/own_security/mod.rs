//! A person's own password, second factors and sessions.
//!
//! Every change asks for a fresh proof of a second factor, which is spent in the same transaction and
//! only if the change itself can be made. The last second factor cannot be removed.

pub mod factors;
pub mod password;
pub mod recovery;
pub mod sessions;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::crypto::totp;
use crate::domain::attempts::Slowed;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::passkey::Passkey;
use crate::domain::passkey::PasskeyFault;
use crate::domain::session::Level;
use crate::domain::session::Session;
use crate::domain::user::Factors;
use crate::ops::Ops;
use crate::ops::administration::new_password::WeakPassword;
use crate::ops::confirming::Confirming;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::prove_factor::CodeRefusal;
use crate::ops::sessions as all_sessions;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Why a person's own security stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnRefusal {
    /// The session is over.
    SignedOut,
    /// The second factor does not count.
    Proof(CodeRefusal),
    /// They have no such factor.
    UnknownFactor,
    /// It is the only one.
    LastFactor,
    /// They have as many passkeys as one person may have.
    TooManyPasskeys,
    /// What the browser made is no passkey that can be taken.
    NewPasskey(PasskeyFault),
    /// The code of the new authenticator app does not count.
    NewCode(CodeRefusal),
    /// The password so far is another one.
    PasswordWrong,
    /// The password so far was not even looked at.
    Slowed(Slowed),
    /// The new password may not be chosen.
    Weak(WeakPassword),
}

/// What the page of one's own security tells.
#[derive(Clone, Debug)]
pub struct OwnSecurity {
    /// When the authenticator app was added, and when it was last used.
    pub totp: Option<(Timestamp, Option<Timestamp>)>,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// Whether one factor more than the last is left, so that any may be removed.
    pub may_remove: bool,
    /// Recovery codes that were not used.
    pub recovery_left: usize,
    /// The sessions, the newest first.
    pub sessions: Vec<(RawId, Session)>,
}

impl Ops {
    /// This person's own security, as it is now.
    ///
    /// # Errors
    /// The store failed.
    pub fn own_security(&self, live: &LiveSession) -> Result<OwnSecurity, Fault> {
        self.store.read(|reader| {
            let factors = reader.get::<tables::Factors>(&live.user.id)?.unwrap_or_default();
            let mut sessions = all_sessions::of_user(reader, live.user.id)?;
            sessions.retain(|(_, row)| !row.is_over(self.now(), &self.settings.lifetimes));
            sessions.sort_by_key(|(id, row)| (*id != *live.id(), std::cmp::Reverse(row.seen_at)));
            Ok(OwnSecurity {
                totp: factors.totp.as_ref().map(|totp| {
                    let used = (totp.last_step > 0).then(|| totp::began_at(totp.last_step));
                    (totp.enrolled_at, used)
                }),
                may_remove: usize::from(factors.totp.is_some()) + factors.passkeys.len() > 1,
                recovery_left: factors.recovery_left(),
                passkeys: factors.passkeys,
                sessions,
            })
        })
    }

    /// Submits a change, and writes a refused proof down.
    async fn change_own<C>(&self, by: Confirming, change: C) -> Outcome<C::Done, OwnRefusal>
    where
        C: OwnChange + Send + 'static,
        C::Done: Send + 'static,
    {
        let (user, origin) = (by.user(), by.origin());
        let changed =
            flatten(self.store.submit(ChangeOwn { ops: self.frozen(), by, change }).await);
        if let Err(Failure::Refused(OwnRefusal::Proof(why))) = &changed {
            self.note_refused_proof(user, origin, *why).await;
        }
        changed
    }
}

/// What a change looks at.
struct Around<'a> {
    ops: &'a Ops,
    reader: &'a Reader<'a>,
    live: &'a LiveSession,
    by: &'a Confirming,
}

impl Around<'_> {
    /// An event of this person.
    fn event(&self, kind: EventKind) -> Event {
        self.ops.event(kind, self.by.origin()).user(self.live.user.id)
    }
}

/// A change of a person's own security.
trait OwnChange {
    /// What is answered.
    type Done;

    /// Whether it can be made, before the proof is spent.
    fn check(
        &self,
        around: &Around<'_>,
        factors: &Factors,
    ) -> Result<Result<(), OwnRefusal>, Fault>;

    /// Makes it. `factors` are as the proof left them.
    fn make(
        self,
        around: &Around<'_>,
        factors: Factors,
        changes: &mut Changes,
    ) -> Result<Self::Done, Fault>;
}

struct ChangeOwn<C> {
    ops: Ops,
    by: Confirming,
    change: C,
}

impl<C: OwnChange + Send + 'static> Operation for ChangeOwn<C>
where
    C::Done: Send + 'static,
{
    type Outcome = Result<C::Done, OwnRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { ops, by, change } = self;
        let refused = |why| Ok(Decision::unchanged(Err(why)));
        let still = all_sessions::still(reader, by.session(), &ops, Level::SecondFactor)?;
        let Some(live) = still else { return refused(OwnRefusal::SignedOut) };
        let around = Around { ops: &ops, reader, live: &live, by: &by };
        let factors = reader.get::<tables::Factors>(&live.user.id)?.unwrap_or_default();
        if let Err(why) = change.check(&around, &factors)? {
            return refused(why);
        }
        let mut changes = Changes::new();
        let outcome = match by.prove(&ops, reader, &mut changes)? {
            Ok(factors) => Ok(change.make(&around, factors, &mut changes)?),
            Err(why) => Err(OwnRefusal::Proof(why)),
        };
        Ok(Decision { changes, outcome })
    }
}
