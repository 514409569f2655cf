//! Telling of connections that ended. The commit that ended them kept what is to be told
//! (`store/outbox.rs`); it is told here, a piece a commit, so that the end of thousands holds nobody up.

use std::collections::HashMap;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::domain::connection::Connection;
use crate::domain::webhook;
use crate::domain::webhook::AppOver;
use crate::ops::Ops;
use crate::ops::connections;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Connections;
use crate::store::tables::WebhookOver;
use crate::store::tables::WebhookUntold;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Rows looked at in one go.
const PAGE: usize = 500;
/// Connections that one commit ends or tells of.
const PIECE: usize = 100;

/// Tells of some; whether there may be more.
struct TellEnded;

impl Operation for TellEnded {
    type Outcome = bool;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<bool>, Fault> {
        let mut changes = Changes::new();
        let untold = reader.after::<WebhookUntold>(None, PIECE)?;
        for id in untold.iter().filter_map(|(key, ())| tables::last_id(key)) {
            let id = ConnectionId::from_raw(id);
            changes.delete::<WebhookUntold>(&id);
            let ended = reader.get::<Connections>(&id)?;
            if let Some(told) = ended.as_ref().and_then(webhook::revoked) {
                changes.announce(told);
            }
        }
        Ok(Decision { changes, outcome: untold.len() == PIECE })
    }
}

/// Ends connections whose app is of a later generation.
struct EndOver {
    over: Vec<(ConnectionId, AppOver)>,
    now: Timestamp,
}

impl Operation for EndOver {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for (id, over) in self.over {
            let Some(connection) = reader.get::<Connections>(&id)? else { continue };
            if is_over(&connection, &over) {
                let (at, cause) = over.how(self.now);
                connections::end(&mut changes, connection, at, cause)?;
            }
        }
        Ok(Decision { changes, outcome: () })
    }
}

fn is_over(connection: &Connection, over: &AppOver) -> bool {
    connection.is_active() && connection.app_generation < over.generation
}

/// All connections of these apps were looked at. One that went up again meanwhile stays.
struct Looked(HashMap<AppId, AppOver>);

impl Operation for Looked {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for (app, over) in self.0 {
            if reader.get::<WebhookOver>(&app)? == Some(over) {
                changes.delete::<WebhookOver>(&app);
            }
        }
        Ok(Decision { changes, outcome: () })
    }
}

impl Ops {
    /// Tells all who want to know of connections that ended by themselves or with their app. What a stop
    /// cuts short goes on after it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tell_of_ends(&self) -> Result<(), Fault> {
        self.end_what_is_over().await?;
        let any = |reader: &Reader<'_>| Ok(!reader.after::<WebhookUntold>(None, 1)?.is_empty());
        if self.store.read(any)? {
            while self.store.submit(TellEnded).await? {}
        }
        Ok(())
    }

    async fn end_what_is_over(&self) -> Result<(), Fault> {
        let apps = self.store.read(|reader| reader.after::<WebhookOver>(None, PAGE))?;
        let apps: HashMap<AppId, AppOver> = apps
            .into_iter()
            .filter_map(|(key, over)| Some((AppId::from_raw(tables::last_id(&key)?), over)))
            .collect();
        if apps.is_empty() {
            return Ok(());
        }
        let (mut last, now) = (None, self.now());
        loop {
            let page =
                self.store.read(|reader| reader.after::<Connections>(last.as_ref(), PAGE))?;
            let over = page.iter().filter_map(|(_, connection)| {
                let over = apps.get(&connection.app)?;
                is_over(connection, over).then_some((connection.id, *over))
            });
            let over: Vec<_> = over.collect();
            for piece in over.chunks(PIECE) {
                self.store.submit(EndOver { over: piece.to_vec(), now }).await?;
            }
            let Some((_, end)) = page.last() else { break };
            last = Some(end.id);
            tokio::task::yield_now().await;
        }
        self.store.submit(Looked(apps)).await
    }
}
