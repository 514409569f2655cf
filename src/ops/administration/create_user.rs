//! Making a user.

use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::user::Email;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::ops::Ops;
use crate::ops::administration::names;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Emails;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What a user is made of.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they sign in with.
    pub email: Email,
    /// As people read it.
    pub name: String,
    /// The PHC string of their password; none: they choose it through a welcome link.
    pub password: Option<String>,
    /// Whether they administer the installation.
    pub operator: bool,
}

impl NewUser {
    /// The user themself, the name checked.
    pub(in crate::ops) fn into_user(
        self,
        id: UserId,
        now: crate::base::clock::Timestamp,
    ) -> Result<User, Refusal> {
        Ok(User {
            id,
            email: self.email,
            name: names::checked(&self.name)?,
            status: UserStatus::Active,
            operator: self.operator,
            password_at: self.password.as_ref().map(|_| now),
            password: self.password,
            created_at: now,
            recovery: None,
            erased_at: None,
        })
    }
}

/// The act on the writer.
struct CreateUser {
    user: User,
    origin: Origin,
}

impl Operation for CreateUser {
    type Outcome = Result<User, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { user, origin } = self;
        if reader.has::<Emails>(&user.email)? {
            return Ok(Decision::unchanged(Err(Refusal::EmailTaken(user.email))));
        }
        let mut changes = Changes::new();
        records::add_user(&mut changes, &user)?;
        let event = Event::new(EventKind::UserCreated, user.created_at, origin);
        changes.record(event.user(user.id));
        Ok(Decision { changes, outcome: Ok(user) })
    }
}

impl Ops {
    /// Makes a user.
    ///
    /// # Errors
    /// The address is another user's, or the name is none.
    pub async fn create_user(&self, new: NewUser, origin: Origin) -> Outcome<User, Refusal> {
        let now = self.now();
        let id = UserId::make(now, self.entropy.as_ref());
        let user = new.into_user(id, now).map_err(Failure::Refused)?;
        flatten(self.store.submit(CreateUser { user, origin }).await)
    }
}
