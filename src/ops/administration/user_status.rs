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
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::sessions;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct SetUserStatus {
    user: UserId,
    status: UserStatus,
    now: Timestamp,
    origin: Origin,
}

impl Operation for SetUserStatus {
    type Outcome = Result<User, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(mut user) = reader.get::<Users>(&self.user)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownUser)));
        };
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

impl Ops {
    /// Stops everything that `user` does or granted, from the next use on.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn disable_user(&self, user: UserId, origin: Origin) -> Outcome<User, Refusal> {
        self.set_user_status(user, UserStatus::Disabled, origin).await
    }

    /// Lets `user` act again.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn enable_user(&self, user: UserId, origin: Origin) -> Outcome<User, Refusal> {
        self.set_user_status(user, UserStatus::Active, origin).await
    }

    async fn set_user_status(
        &self,
        user: UserId,
        status: UserStatus,
        origin: Origin,
    ) -> Outcome<User, Refusal> {
        let now = self.now();
        flatten(self.store.submit(SetUserStatus { user, status, now, origin }).await)
    }
}
