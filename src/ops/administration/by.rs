//! Who does an administrative act: one gate for the command line and for the workspace.
//!
//! An act is an [`Operation`] that knows nothing of who asked for it. `Ops::administer` runs it for
//! somebody: on the writer, in one transaction, it checks that the session lives, that the person has
//! the authority, that the act itself would succeed, and only then the second factor, which is spent
//! with the act or not at all.

use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::audit::Origin;
use crate::domain::session::Level;
use crate::ops::Ops;
use crate::ops::administration::authority;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::refusal::Refusal;
pub use crate::ops::confirming::Confirming;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Who does it.
#[derive(Clone, Debug)]
pub enum By {
    /// The operator at the machine, whom the machine itself let in.
    Machine(Origin),
    /// A person in the workspace.
    Person(Box<Confirming>),
}

impl From<Origin> for By {
    fn from(origin: Origin) -> Self {
        Self::Machine(origin)
    }
}

impl From<Confirming> for By {
    fn from(person: Confirming) -> Self {
        Self::Person(Box::new(person))
    }
}

impl By {
    /// Where the request came from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Machine(origin) => *origin,
            Self::Person(person) => person.origin(),
        }
    }

    /// The session in which they do it; none at the machine.
    #[must_use]
    pub fn session(&self) -> Option<RawId> {
        match self {
            Self::Machine(_) => None,
            Self::Person(person) => Some(*person.session()),
        }
    }

    /// The person; none at the machine.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Machine(_) => None,
            Self::Person(person) => Some(person.user()),
        }
    }
}

/// What an act needs of a person. The operator at the machine needs nothing more.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    authority: Authority,
    second_factor: bool,
}

impl Needs {
    /// The authority, and a second factor that is spent with the act.
    #[must_use]
    pub const fn confirmed(authority: Authority) -> Self {
        Self { authority, second_factor: true }
    }

    /// The authority alone: for what only reduces access or notes something.
    #[must_use]
    pub const fn only(authority: Authority) -> Self {
        Self { authority, second_factor: false }
    }
}

/// The act, for somebody.
struct Administer<O> {
    ops: Ops,
    by: By,
    needs: Needs,
    act: O,
}

impl<O, T> Operation for Administer<O>
where
    O: Operation<Outcome = Result<T, Refusal>>,
    T: Send + 'static,
{
    type Outcome = O::Outcome;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { ops, by, needs, act } = self;
        let By::Person(person) = by else { return act.decide(reader) };
        let still = sessions::still(reader, person.session(), &ops, Level::SecondFactor)?;
        let Some(live) = still else {
            return Ok(Decision::unchanged(Err(Refusal::SessionOver)));
        };
        if let Err(why) = authority::check(reader, &ops, &live.user, needs.authority)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        let decided = act.decide(reader)?;
        if decided.outcome.is_err() {
            return Ok(decided);
        }
        let mut changes = Changes::new();
        if needs.second_factor
            && let Err(why) = person.prove(&ops, reader, &mut changes)?
        {
            return Ok(Decision { changes, outcome: Err(Refusal::Code(why)) });
        }
        changes.append(decided.changes);
        changes.attribute(person.user());
        Ok(Decision { changes, outcome: decided.outcome })
    }
}

impl Ops {
    /// Runs an administrative act for somebody.
    ///
    /// # Errors
    /// [`Refusal::SessionOver`], [`Refusal::OutOfReach`], [`Refusal::NotAllowed`],
    /// [`Refusal::Code`], or what the act itself refuses.
    pub(in crate::ops) async fn administer<O, T>(
        &self,
        by: By,
        needs: Needs,
        act: O,
    ) -> Outcome<T, Refusal>
    where
        O: Operation<Outcome = Result<T, Refusal>>,
        T: Send + 'static,
    {
        let (user, origin) = (by.user(), by.origin());
        let operation = Administer { ops: self.frozen(), by, needs, act };
        let answer = flatten(self.store.submit(operation).await);
        self.due_reviews.forget();
        if let (Some(user), Err(Failure::Refused(Refusal::Code(why)))) = (user, &answer) {
            self.note_refused_proof(user, origin, *why).await;
        }
        answer
    }

    /// Looks at something for a person: `look` sees the snapshot in which the authority was checked.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`], [`Refusal::NotAllowed`], or what `look` refuses.
    pub(in crate::ops) fn look_for<T>(
        &self,
        live: &LiveSession,
        authority: Authority,
        look: impl FnOnce(&Reader<'_>) -> Result<Result<T, Refusal>, Fault>,
    ) -> Outcome<T, Refusal> {
        flatten(self.store.read(|reader| {
            match authority::check(reader, self, &live.user, authority)? {
                Ok(()) => look(reader),
                Err(why) => Ok(Err(why)),
            }
        }))
    }
}
