//! What people say of a connection: who is responsible, for what, when somebody looks again. And what
//! it may do: less than was approved, never more.

use crate::base::clock::Timestamp;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::connection::Connection;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::administration::app_facts;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::names::misleads;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Connections;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

const LONGEST_PURPOSE: usize = 200;

/// What is to be.
#[derive(Clone, Debug)]
pub struct ConnectionChange {
    /// Whom to ask about it; somebody with a role in its company or firm. None is refused.
    pub owner: Option<UserId>,
    /// What it is for.
    pub purpose: String,
    /// After how many days somebody looks again.
    pub review_days: u32,
    /// What it keeps of what was approved.
    pub keep: ScopeSet,
}

struct ChangeConnection {
    ops: Ops,
    connection: ConnectionId,
    change: ConnectionChange,
    origin: Origin,
}

impl Operation for ChangeConnection {
    type Outcome = Result<Connection, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let refused = |why| Ok(Decision::unchanged(Err(why)));
        let Some(before) = reader.get::<Connections>(&self.connection)? else {
            return refused(Refusal::UnknownConnection);
        };
        if !before.is_active() {
            return refused(Refusal::UnknownConnection);
        }
        let ConnectionChange { owner, purpose, review_days, keep } = self.change;
        if !may_answer(reader, &before, owner)? {
            return refused(AppRefusal::OwnerElsewhere.into());
        }
        let catalogue = &self.ops.catalogue;
        let kept = catalogue.closure(&keep).intersection(&catalogue.closure(&before.scopes));
        let now = self.ops.now();
        let mut after = Connection {
            scopes: catalogue.maximal(&kept),
            owner,
            purpose,
            review_days,
            ..before.clone()
        };
        if review_days != before.review_days {
            after.look_again(now);
        }
        let lost = catalogue.closure(&before.scopes).difference(&kept);
        let mut changes = Changes::new();
        changes.put::<Connections>(&after.id, &after)?;
        let event = event(&after, EventKind::ConnectionChanged, now, self.origin);
        changes.record(if lost.is_empty() {
            event
        } else {
            event.cause(format!("without {}", catalogue.maximal(&lost)))
        });
        Ok(Decision { changes, outcome: Ok(after) })
    }
}

/// Whether `owner` may be who answers for it. Who does already may stay; nobody may not.
fn may_answer(
    reader: &Reader<'_>,
    connection: &Connection,
    owner: Option<UserId>,
) -> Result<bool, Fault> {
    match owner {
        Some(owner) if connection.owner == Some(owner) => Ok(true),
        Some(owner) => app_facts::stands(reader, owner, connection.place),
        None => Ok(false),
    }
}

fn event(connection: &Connection, kind: EventKind, now: Timestamp, origin: Origin) -> Event {
    let event = Event::new(kind, now, origin).app(connection.app).user(connection.user);
    event.place(connection.place).connection(connection.id)
}

struct ReviewConnection {
    connection: ConnectionId,
    now: Timestamp,
    origin: Origin,
}

impl Operation for ReviewConnection {
    type Outcome = Result<Connection, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let found = reader.get::<Connections>(&self.connection)?;
        let Some(mut connection) = found.filter(Connection::is_active) else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownConnection)));
        };
        connection.look_again(self.now);
        let mut changes = Changes::new();
        changes.put::<Connections>(&connection.id, &connection)?;
        changes.record(event(&connection, EventKind::ConnectionReviewed, self.now, self.origin));
        Ok(Decision { changes, outcome: Ok(connection) })
    }
}

impl Ops {
    /// Changes what is said of a connection, and takes from it what is not kept. It never gains
    /// anything, so it asks for no code.
    ///
    /// # Errors
    /// [`Refusal::UnknownConnection`], [`AppRefusal::OwnerElsewhere`], [`AppRefusal::Purpose`].
    pub async fn change_connection(
        &self,
        connection: ConnectionId,
        change: ConnectionChange,
        by: impl Into<By>,
    ) -> Outcome<Connection, Refusal> {
        let purpose = change.purpose.trim().to_owned();
        if purpose.chars().count() > LONGEST_PURPOSE || purpose.chars().any(misleads) {
            return Err(crate::ops::failure::Failure::Refused(AppRefusal::Purpose.into()));
        }
        let (by, change) = (by.into(), ConnectionChange { purpose, ..change });
        let act = ChangeConnection { ops: self.frozen(), connection, change, origin: by.origin() };
        self.administer(by, Needs::only(Authority::Connection(connection)), act).await
    }

    /// Notes that somebody looked at a connection and that it is still needed.
    ///
    /// # Errors
    /// [`Refusal::UnknownConnection`]; for people, also what `Ops::administer` says.
    pub async fn review_connection(
        &self,
        connection: ConnectionId,
        by: impl Into<By>,
    ) -> Outcome<Connection, Refusal> {
        let by = by.into();
        let act = ReviewConnection { connection, now: self.now(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::Connection(connection)), act).await
    }
}
