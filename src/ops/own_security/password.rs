//! Choosing another password: by the old one and a second factor. All other sessions end.

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::domain::audit::EventKind;
use crate::domain::user::Factors;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::new_password;
use crate::ops::confirming::Confirming;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::own_security::Around;
use crate::ops::own_security::OwnChange;
use crate::ops::own_security::OwnRefusal;
use crate::ops::own_security::sessions;
use crate::ops::prove_factor::Counter;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AccountKey;
use crate::store::tables::BrowserMark;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

impl Ops {
    /// Changes this person's password. A wrong old one counts like one at the sign-in.
    ///
    /// # Errors
    /// [`OwnRefusal`]; [`Fault::Busy`] when too much is being hashed.
    pub async fn change_password(
        &self,
        live: &LiveSession,
        by: Confirming,
        old: Secret,
        new: Secret,
    ) -> Outcome<(), OwnRefusal> {
        let user = live.user.id;
        let host = self.settings.issuer.host();
        let known = [live.user.name.as_str(), live.user.email.as_str(), &host, "countersign"];
        new_password::check(&new, &known)
            .map_err(|weak| Failure::Refused(OwnRefusal::Weak(weak)))?;
        let verified = self.verify_own_password(user, old, by.browser()).await;
        if let Err(Failure::Refused(OwnRefusal::PasswordWrong)) = &verified {
            let event = self.event(EventKind::SignInFailed, by.origin());
            self.note_refusal(event.cause("wrong password at its change").user(user)).await;
        }
        let verified = verified?;
        let hash = self.hashing.hash(new, self.draw()).await?;
        self.change_own(by, ChangePassword { verified, hash }).await
    }

    /// The hash that `password` fits, as it stood when it was looked at.
    async fn verify_own_password(
        &self,
        user: UserId,
        password: Secret,
        browser: BrowserMark,
    ) -> Outcome<Option<String>, OwnRefusal> {
        let place = self.hashing.place()?;
        let (now, strangers_per_day) = (self.now(), self.settings.strangers_per_day);
        let charge = Charge { user, browser, now, strangers_per_day };
        let phc = flatten(self.store.submit(charge).await)?;
        if !self.hashing.verify(place, password, phc.clone()).await? {
            return Err(Failure::Refused(OwnRefusal::PasswordWrong));
        }
        self.store.submit(Refund { user, browser }).await?;
        Ok(phc)
    }
}

/// Counts a guess before it is evaluated, so that guesses made at once are all counted.
struct Charge {
    user: UserId,
    browser: BrowserMark,
    now: Timestamp,
    strangers_per_day: u32,
}

impl Operation for Charge {
    type Outcome = Result<Option<String>, OwnRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let counter = Counter::load(reader, AccountKey::User(self.user), Some(self.browser))?;
        if let Err(slowed) = counter.may_try(self.now, self.strangers_per_day) {
            return Ok(Decision::unchanged(Err(OwnRefusal::Slowed(slowed))));
        }
        let mut changes = Changes::new();
        counter.store(&mut changes, counter.attempts().charged(self.now))?;
        let user = reader.get::<Users>(&self.user)?;
        Ok(Decision { changes, outcome: Ok(user.and_then(|user| user.password)) })
    }
}

/// The guess was right.
struct Refund {
    user: UserId,
    browser: BrowserMark,
}

impl Operation for Refund {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let counter = Counter::load(reader, AccountKey::User(self.user), Some(self.browser))?;
        let mut changes = Changes::new();
        counter.store(&mut changes, counter.attempts().refunded())?;
        Ok(Decision { changes, outcome: () })
    }
}

struct ChangePassword {
    verified: Option<String>,
    hash: String,
}

impl OwnChange for ChangePassword {
    type Done = ();

    fn check(&self, around: &Around<'_>, _: &Factors) -> Result<Result<(), OwnRefusal>, Fault> {
        // Somebody else may have changed it while it was being checked.
        let same = around.live.user.password == self.verified;
        Ok(if same { Ok(()) } else { Err(OwnRefusal::PasswordWrong) })
    }

    fn make(self, around: &Around<'_>, _: Factors, changes: &mut Changes) -> Result<(), Fault> {
        let user = User {
            password: Some(self.hash),
            password_at: Some(around.ops.now()),
            ..around.live.user.clone()
        };
        changes.put::<Users>(&user.id, &user)?;
        changes.record(around.event(EventKind::PasswordSet).cause("changed by its owner"));
        sessions::end_others(around, changes)?;
        Ok(())
    }
}
