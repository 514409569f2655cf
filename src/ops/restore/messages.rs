//! What endpoints of webhooks are told after a restore: nothing twice, what was about to be told, and
//! which connections are no more.
//!
//! The messages of the backup are left out: they were delivered since, or wait in the former file. Those
//! that wait there go out as they are, with the ids by which receivers know them. A connection that was
//! made after the backup is gone with it, so its end is told.

use serde_json::Value;
use serde_json::json;

use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::domain::app::AppStatus;
use crate::domain::connection::EndCause;
use crate::domain::webhook::Announcement;
use crate::domain::webhook::Outgoing;
use crate::domain::webhook::Topic;
use crate::ops::restore::Settling;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Connections;
use crate::store::tables::WebhookOutbox;
use crate::store::tables::Webhooks;

impl Settling<'_> {
    pub(super) fn messages_as_in(&mut self, former: &Reader<'_>) -> Result<(), Fault> {
        for (key, waiting) in former.all::<WebhookOutbox>()? {
            let Some((endpoint, due, message)) = tables::endpoint_key(&key) else { continue };
            if self.is_to_be_told(former, endpoint, &waiting)? {
                self.changes.put::<WebhookOutbox>(&(endpoint, due, message), &waiting)?;
            }
        }
        for (_, connection) in former.all::<Connections>()? {
            if connection.is_active() && !self.reader.has::<Connections>(&connection.id)? {
                let (at, cause) = (self.now, EndCause::EndedByOperator);
                let more = json!({"revoked_at": at.rfc3339(), "cause": cause});
                let topic = Topic::ConnectionRevoked;
                self.changes.announce(Announcement::of_connection(topic, &connection, at, more));
            }
        }
        Ok(())
    }

    /// Whether a message that waited in the former file is still true, and still wanted in both.
    fn is_to_be_told(
        &self,
        former: &Reader<'_>,
        endpoint: RawId,
        waiting: &Outgoing,
    ) -> Result<bool, Fault> {
        for reader in [self.reader, former] {
            let endpoint = reader.get::<Webhooks>(&(waiting.place, endpoint))?;
            if endpoint.is_none_or(|endpoint| !endpoint.is_active()) {
                return Ok(false);
            }
        }
        match waiting.topic {
            // What began after the backup is told to have ended, in this order.
            Topic::ConnectionCreated | Topic::ConnectionRevoked => Ok(true),
            Topic::ConnectionExpiring | Topic::CredentialExpiring | Topic::ReviewDue => {
                Ok(lives(self.reader, &waiting.body)? && lives(former, &waiting.body)?)
            }
            Topic::Test => Ok(false),
        }
    }
}

/// Whether the connection or the app that a message is about is there, and acts.
fn lives(reader: &Reader<'_>, body: &str) -> Result<bool, Fault> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let named = |member: &str| body.get("data")?.get(member)?.as_str();
    if let Some(id) = named("connection") {
        let Ok(id) = id.parse::<ConnectionId>() else { return Ok(false) };
        let found = reader.get::<Connections>(&id)?;
        return Ok(found.is_some_and(|connection| connection.is_active()));
    }
    let Some(Ok(id)) = named("app").map(str::parse::<AppId>) else { return Ok(false) };
    Ok(reader.get::<Apps>(&id)?.is_some_and(|app| app.status == AppStatus::Active))
}
