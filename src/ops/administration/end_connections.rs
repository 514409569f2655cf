//! Ending connections: one that somebody chose, or those that lie idle. Their tokens stop with the
//! same commit.

use crate::base::clock::Timestamp;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;
use crate::domain::connection::EndCause;
use crate::domain::standing;
use crate::domain::standing::Circumstances;
use crate::ops::Ops;
use crate::ops::access::counts::REVOKED_AT_ONCE;
use crate::ops::administration::authority;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::refusal::Refusal;
use crate::ops::connections;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::Connections;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Ends one.
struct EndConnection {
    connection: ConnectionId,
    now: Timestamp,
    origin: Origin,
}

impl Operation for EndConnection {
    type Outcome = Result<Connection, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(connection) = reader.get::<Connections>(&self.connection)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownConnection)));
        };
        // What ended as somebody wished is over, and keeps its cause.
        if matches!(connection.status, ConnectionStatus::Ended { cause, .. } if !cause.needs_reconnecting())
        {
            return Ok(Decision::unchanged(Err(Refusal::UnknownConnection)));
        }
        let mut changes = Changes::new();
        end(&mut changes, &connection, self.now, self.origin)?;
        Ok(Decision { changes, outcome: Ok(connection) })
    }
}

/// One that needs reconnecting is put away too: then it is what somebody wished for.
fn end(
    changes: &mut Changes,
    connection: &Connection,
    now: Timestamp,
    origin: Origin,
) -> Result<(), Fault> {
    let event = Event::new(EventKind::ConnectionEnded, now, origin).cause("DeletedByUser");
    let event = event.app(connection.app).user(connection.user).place(connection.place);
    changes.record(event.connection(connection.id));
    let mut ending = connection.clone();
    ending.status = ConnectionStatus::Active;
    connections::end(changes, ending, now, EndCause::DeletedByUser)
}

/// Ends those of `named` that are idle now and that `person` may end.
struct EndIdle {
    ops: Ops,
    place: Place,
    named: Vec<ConnectionId>,
    person: Option<UserId>,
    origin: Origin,
}

impl Operation for EndIdle {
    type Outcome = Result<u64, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let mut changes = Changes::new();
        let (now, own) = (self.ops.now(), self.only_own_of(reader)?);
        let mut ended = 0;
        for id in &self.named {
            let Some(connection) = reader.get::<Connections>(id)? else { continue };
            let within = connection.place == self.place
                && own.is_none_or(|person| connection.user == person);
            if within && self.is_idle(reader, &connection)? {
                end(&mut changes, &connection, now, self.origin)?;
                ended += 1;
            }
        }
        Ok(Decision { changes, outcome: Ok(ended) })
    }
}

impl EndIdle {
    /// The person, if they may end nothing but what they approved themselves.
    fn only_own_of(&self, reader: &Reader<'_>) -> Result<Option<UserId>, Fault> {
        let Some(person) = self.person else { return Ok(None) };
        let Some(user) = reader.get::<Users>(&person)? else { return Ok(Some(person)) };
        let held = authority::standing(reader, &self.ops, &user, self.place)?;
        Ok(Some(person).filter(|_| !held.is_ok_and(|held| held.administers)))
    }

    fn is_idle(&self, reader: &Reader<'_>, connection: &Connection) -> Result<bool, Fault> {
        let Some(app) = reader.get::<Apps>(&connection.app)? else { return Ok(false) };
        let last_used = self.ops.connection_use(reader, connection.id)?.map(|last| last.at);
        let now = self.ops.now();
        let around = Circumstances { last_used, blocked: false, delegator_stands: true, now };
        Ok(standing::is_idle(connection, &app, around))
    }
}

impl Ops {
    /// Ends a connection: its tokens stop at once, and it cannot refresh.
    ///
    /// # Errors
    /// [`Refusal::UnknownConnection`]; for people, also what `Ops::administer` says.
    pub async fn end_connection(
        &self,
        connection: ConnectionId,
        by: impl Into<By>,
    ) -> Outcome<Connection, Refusal> {
        let by = by.into();
        let act = EndConnection { connection, now: self.now(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::Connection(connection)), act).await
    }

    /// Ends those of `named` that are idle in `place` at this moment, and answers how many. One that
    /// was used meanwhile stays, as does what is not the person's to end.
    ///
    /// # Errors
    /// What `Ops::administer` says.
    pub async fn end_idle(
        &self,
        place: Place,
        mut named: Vec<ConnectionId>,
        by: impl Into<By>,
    ) -> Outcome<u64, Refusal> {
        let by = by.into();
        named.truncate(REVOKED_AT_ONCE);
        named.sort();
        named.dedup();
        let (ops, person, origin) = (self.frozen(), by.user(), by.origin());
        let act = EndIdle { ops, place, named, person, origin };
        self.administer(by, Needs::confirmed(Authority::Member(place)), act).await
    }
}
