//! What hangs on somebody's account, and ending it.

use crate::base::clock::Timestamp;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::connection::Connection;
use crate::domain::connection::EndCause;
use crate::ops::connections;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Connections;
use crate::store::tables::UserConnections;

/// The connections that `user` approved and that live.
pub(in crate::ops) fn live_connections(
    reader: &Reader<'_>,
    user: UserId,
) -> Result<Vec<Connection>, Fault> {
    let mut found = Vec::new();
    for (key, ()) in reader.under::<UserConnections>(&user)? {
        let id = tables::last_id(&key).map(ConnectionId::from_raw);
        let connection = id.map_or(Ok(None), |id| reader.get::<Connections>(&id))?;
        found.extend(connection.filter(Connection::is_active));
    }
    Ok(found)
}

/// Ends those of them that `which` chooses; how many.
pub(in crate::ops) fn end_connections(
    reader: &Reader<'_>,
    changes: &mut Changes,
    user: UserId,
    (at, cause): (Timestamp, EndCause),
    which: impl Fn(&Connection) -> bool,
) -> Result<u64, Fault> {
    let mut ended = 0;
    for connection in live_connections(reader, user)?.into_iter().filter(which) {
        connections::end(changes, connection, at, cause)?;
        ended += 1;
    }
    Ok(ended)
}
