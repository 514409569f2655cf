//! Connections in the store: making, ending and finding them, with their indexes.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::connection::EndCause;
use crate::domain::webhook;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::Firms;
use crate::store::tables::PlaceConnections;
use crate::store::tables::UserConnections;

/// Writes a new connection and its index rows.
pub fn create(changes: &mut Changes, connection: &Connection) -> Result<(), Fault> {
    let Connection { id, app, user, place, .. } = connection;
    changes.put::<Connections>(id, connection)?;
    changes.put::<UserConnections>(&(*user, *app, *id), &())?;
    changes.put::<PlaceConnections>(&(*place, *id), &())?;
    changes.announce(webhook::created(connection));
    Ok(())
}

/// Ends a connection: refresh and access stop at the next use. The row stays, as history. Webhooks are
/// told because the row says so (`store/outbox.rs`).
pub fn end(
    changes: &mut Changes,
    connection: Connection,
    at: Timestamp,
    cause: EndCause,
) -> Result<(), Fault> {
    let id = connection.id;
    changes.put::<Connections>(&id, &connection.ended(at, cause))
}

/// The connections of one user with one app.
pub fn of_user_and_app(
    reader: &Reader<'_>,
    user: UserId,
    app: AppId,
) -> Result<Vec<Connection>, Fault> {
    let mut found = Vec::new();
    for (key, ()) in reader.under::<UserConnections>(&(user, app))? {
        let id = tables::last_id(&key).map(ConnectionId::from_raw);
        found.extend(id.map_or(Ok(None), |id| reader.get::<Connections>(&id))?);
    }
    Ok(found)
}

/// Whether `place` is for trying things.
pub fn is_test(reader: &Reader<'_>, place: Place) -> Result<bool, Fault> {
    let environment = match place {
        Place::Company(id) => reader.get::<Companies>(&id)?.map(|company| company.environment),
        Place::Firm(id) => reader.get::<Firms>(&id)?.map(|firm| firm.environment),
    };
    Ok(environment.is_some_and(crate::domain::company::Environment::is_test))
}
