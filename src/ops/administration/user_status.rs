//! Disabling a user, and enabling one again.
//!
//! Disabling ends the user's sessions. Connections and API credentials stay: the gate asks for the
//! status at every use, so their tokens stop at once and work again if the person is enabled while
//! they live.

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::ops::Ops;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::issue_recovery::Account;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::sessions;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct SetUserStatus {
    ops: Ops,
    account: Account,
    by: Option<UserId>,
    status: UserStatus,
    now: Timestamp,
    origin: Origin,
}

impl Operation for SetUserStatus {
    type Outcome = Result<User, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let found = reader.get::<Users>(&self.account.user)?;
        let Some(mut user) = found.filter(|user| user.erased_at.is_none()) else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownUser)));
        };
        if let Err(why) = self.allowed(reader)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        if user.status == self.status {
            return Ok(Decision::unchanged(Ok(user)));
        }
        user.status = self.status;
        let kind = match self.status {
            UserStatus::Active => EventKind::UserEnabled,
            UserStatus::Disabled => EventKind::UserDisabled,
        };
        let mut changes = Changes::new();
        if !user.is_active() {
            // One that somebody stole must not live again with the user.
            sessions::end_all(reader, &mut changes, user.id, None)?;
        }
        changes.put::<Users>(&user.id, &user)?;
        changes.record(Event::new(kind, self.now, self.origin).user(user.id));
        Ok(Decision { changes, outcome: Ok(user) })
    }
}

impl SetUserStatus {
    fn allowed(&self, reader: &Reader<'_>) -> Result<Result<(), Refusal>, Fault> {
        let Account { user, place } = self.account;
        let hand = Hand { reader, ops: &self.ops, by: self.by };
        let governed = place.map_or(Ok(Ok(())), |place| hand.governs(place, user))?;
        match self.status {
            UserStatus::Active => Ok(governed),
            UserStatus::Disabled => match governed {
                Ok(()) => hand.leaves_owners(user),
                Err(why) => Ok(Err(why)),
            },
        }
    }
}

impl Ops {
    /// Stops everything that `user` does or granted, from the next use on.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn disable_user(&self, user: UserId, origin: Origin) -> Outcome<User, Refusal> {
        let account = Account { user, place: None };
        self.set_user_status(account, UserStatus::Disabled, origin.into()).await
    }

    /// Lets `user` act again.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn enable_user(&self, user: UserId, origin: Origin) -> Outcome<User, Refusal> {
        let account = Account { user, place: None };
        self.set_user_status(account, UserStatus::Active, origin.into()).await
    }

    /// As [`Self::disable_user`], for whoever administers the only place that the account is of, or
    /// for an operator who administers one of them.
    ///
    /// # Errors
    /// The account is not only that place's, or nobody else owns one of their companies or firms.
    pub async fn disable_person(
        &self,
        account: Account,
        by: impl Into<By>,
    ) -> Outcome<User, Refusal> {
        self.set_user_status(account, UserStatus::Disabled, by.into()).await
    }

    /// As [`Self::enable_user`], for the same.
    ///
    /// # Errors
    /// As [`Self::disable_person`].
    pub async fn enable_person(
        &self,
        account: Account,
        by: impl Into<By>,
    ) -> Outcome<User, Refusal> {
        self.set_user_status(account, UserStatus::Active, by.into()).await
    }

    async fn set_user_status(
        &self,
        account: Account,
        status: UserStatus,
        by: By,
    ) -> Outcome<User, Refusal> {
        let (now, ops, origin) = (self.now(), self.frozen(), by.origin());
        let act = SetUserStatus { ops, account, by: by.user(), status, now, origin };
        self.administer(by, Needs::confirmed(account.authority()), act).await
    }
}
