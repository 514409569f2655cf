//! Accepting that the installation is known by another origin from now on.
//!
//! Tokens for MCP surfaces were issued for URLs that are no more, so their connections end; those
//! for the API alone go on.

use crate::base::clock::Timestamp;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::connection::EndCause;
use crate::ops::administration::installation;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::ClientAccessTokens;
use crate::store::tables::Connections;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer. Answers how many connections ended.
pub struct AcceptIssuer {
    /// The new issuer.
    pub issuer: String,
    /// The present.
    pub now: Timestamp,
}

impl Operation for AcceptIssuer {
    type Outcome = usize;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<usize>, Fault> {
        let mut changes = Changes::new();
        installation::put_issuer(&mut changes, &self.issuer)?;
        let ended = self.end_connections(reader, &mut changes)?;
        end_client_tokens(reader, &mut changes)?;
        Ok(Decision { changes, outcome: ended })
    }
}

impl AcceptIssuer {
    fn end_connections(&self, reader: &Reader<'_>, changes: &mut Changes) -> Result<usize, Fault> {
        let mut ended = 0;
        for (_, connection) in reader.all::<Connections>()? {
            if connection.audience.mcp.is_none() || !connection.is_active() {
                continue;
            }
            let event = Event::new(EventKind::ConnectionEnded, self.now, Origin::default())
                .connection(connection.id)
                .app(connection.app)
                .user(connection.user)
                .place(connection.place);
            changes.record(event.cause("issuer_changed"));
            let over = connection.ended(self.now, EndCause::EndedByOperator);
            changes.put::<Connections>(&over.id, &over)?;
            ended += 1;
        }
        Ok(ended)
    }
}

fn end_client_tokens(reader: &Reader<'_>, changes: &mut Changes) -> Result<(), Fault> {
    for (key, token) in reader.all::<ClientAccessTokens>()? {
        if token.audience.mcp.is_some()
            && let Some(id) = tables::last_id(&key)
        {
            changes.delete::<ClientAccessTokens>(&id);
        }
    }
    Ok(())
}
