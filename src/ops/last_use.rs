//! When each app, each of its secrets and each connection was last used, and a connection from
//! where: kept in memory and written down now and then, so that noting it never delays a request. A
//! stop without warning loses the last minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::SecretId;
use crate::domain::app::App;
use crate::domain::connection::LastUse;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AppUse;
use crate::store::tables::Apps;
use crate::store::tables::ConnectionUse;
use crate::store::tables::Connections;
use crate::store::tables::SecretUse;
use crate::store::tables::SecretUses;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Uses since the last time they were written down.
#[derive(Default)]
pub struct RecentUse {
    apps: Mutex<HashMap<AppId, Timestamp>>,
    secrets: Mutex<HashMap<AppId, HashMap<SecretId, Timestamp>>>,
    connections: Mutex<HashMap<ConnectionId, LastUse>>,
}

impl RecentUse {
    fn note(&self, connection: ConnectionId, last: LastUse) {
        if let Ok(mut recent) = self.connections.lock() {
            recent
                .entry(connection)
                .and_modify(|before| *before = before.and(last))
                .or_insert(last);
        }
    }

    fn take(&self) -> WriteUse {
        WriteUse {
            apps: take(&self.apps),
            secrets: take(&self.secrets),
            connections: take(&self.connections),
        }
    }

    /// Keeps what could not be written, unless it happened again meanwhile.
    fn put_back(&self, uses: WriteUse) {
        if let Ok(mut recent) = self.apps.lock() {
            for (app, at) in uses.apps {
                recent.entry(app).or_insert(at);
            }
        }
        if let Ok(mut recent) = self.secrets.lock() {
            for (app, of_app) in uses.secrets {
                let recent = recent.entry(app).or_default();
                for (secret, at) in of_app {
                    recent.entry(secret).or_insert(at);
                }
            }
        }
        for (connection, last) in uses.connections {
            self.note(connection, last);
        }
    }
}

fn take<K, V>(recent: &Mutex<HashMap<K, V>>) -> HashMap<K, V> {
    recent.lock().map(|mut recent| std::mem::take(&mut *recent)).unwrap_or_default()
}

#[derive(Clone)]
struct WriteUse {
    apps: HashMap<AppId, Timestamp>,
    secrets: HashMap<AppId, HashMap<SecretId, Timestamp>>,
    connections: HashMap<ConnectionId, LastUse>,
}

impl Operation for WriteUse {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for (app, at) in &self.apps {
            // An app that is gone meanwhile leaves nothing behind.
            if reader.has::<Apps>(app)? {
                changes.put::<AppUse>(app, at)?;
            }
        }
        for (id, recent) in &self.secrets {
            if let Some(app) = reader.shared::<Apps>(id)? {
                let written = reader.get::<SecretUse>(id)?.unwrap_or_default();
                changes.put::<SecretUse>(id, &joined(&app, &written, Some(recent)))?;
            }
        }
        for (connection, last) in &self.connections {
            if reader.has::<Connections>(connection)? {
                let before = reader.get::<ConnectionUse>(connection)?;
                let last = before.map_or(*last, |before| before.and(*last));
                changes.put::<ConnectionUse>(connection, &last)?;
            }
        }
        Ok(Decision { changes, outcome: () })
    }
}

/// The uses of the secrets that an app still has: what is recent counts before what was written.
fn joined(
    app: &App,
    written: &SecretUses,
    recent: Option<&HashMap<SecretId, Timestamp>>,
) -> SecretUses {
    let written = |id| written.0.iter().find(|(of, _)| *of == id).map(|(_, at)| *at);
    let last = |id| recent.and_then(|recent| recent.get(&id).copied()).or_else(|| written(id));
    let ids = app.secrets.iter().map(|secret| secret.id);
    SecretUses(ids.filter_map(|id| Some((id, last(id)?))).collect())
}

impl Ops {
    /// Notes that an app got a token or made a call.
    pub fn note_use(&self, app: AppId) {
        if let Ok(mut recent) = self.recent_use.apps.lock() {
            recent.insert(app, self.now());
        }
    }

    /// Notes that an app proved itself by a secret, or that a token was used which it got by it.
    pub fn note_secret_use(&self, app: AppId, secret: SecretId) {
        if let Ok(mut recent) = self.recent_use.secrets.lock() {
            recent.entry(app).or_default().insert(secret, self.now());
        }
    }

    /// When each secret of an app was last used, to the moment; without those that never were.
    pub(in crate::ops) fn secret_uses(
        &self,
        reader: &Reader<'_>,
        app: &App,
    ) -> Result<SecretUses, Fault> {
        let written = reader.get::<SecretUse>(&app.id)?.unwrap_or_default();
        let recent = self.recent_use.secrets.lock().ok();
        let recent = recent.as_ref().and_then(|recent| recent.get(&app.id));
        Ok(joined(app, &written, recent))
    }

    /// Notes that a connection got a new token. Its first came with it, and is no use yet.
    pub fn note_connection_token(&self, connection: ConnectionId, from: Option<IpAddr>) {
        self.recent_use.note(connection, LastUse::token(self.now(), from));
    }

    /// Notes that a token of a connection made a call.
    pub fn note_connection_call(&self, connection: ConnectionId, from: Option<IpAddr>) {
        self.recent_use.note(connection, LastUse::call(self.now(), from));
    }

    /// When a connection was last used, to the moment.
    pub(in crate::ops) fn connection_use(
        &self,
        reader: &Reader<'_>,
        connection: ConnectionId,
    ) -> Result<Option<LastUse>, Fault> {
        let stored = reader.get::<ConnectionUse>(&connection)?;
        let recent = self.recent_use.connections.lock().ok();
        let recent = recent.and_then(|recent| recent.get(&connection).copied());
        Ok(match (stored, recent) {
            (Some(stored), Some(recent)) => Some(stored.and(recent)),
            (stored, recent) => recent.or(stored),
        })
    }

    /// When an app was last used, to the moment.
    pub(in crate::ops) fn app_use(
        &self,
        reader: &Reader<'_>,
        app: AppId,
    ) -> Result<Option<Timestamp>, Fault> {
        let recent = self.recent_use.apps.lock().ok();
        let recent = recent.and_then(|recent| recent.get(&app).copied());
        recent.map_or_else(|| reader.get::<AppUse>(&app), |at| Ok(Some(at)))
    }

    /// Writes the uses down.
    ///
    /// # Errors
    /// The store failed: they are written with a later flush.
    pub async fn flush_use(&self) -> Result<(), Fault> {
        let uses = self.recent_use.take();
        if uses.apps.is_empty() && uses.secrets.is_empty() && uses.connections.is_empty() {
            return Ok(());
        }
        let written = self.store.submit(uses.clone()).await;
        if written.is_err() {
            self.recent_use.put_back(uses);
        }
        written
    }
}
