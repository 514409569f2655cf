//! Removing clients that registered themselves and that nobody uses: the never used ones after a
//! day, the idle ones when no connection of theirs lives. A client that is gone is answered
//! `invalid_client`, whereupon it registers anew.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::ops::registration::manage;
use crate::ops::settings::OpsSettings;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::sweep;
use crate::store::table::Key as _;
use crate::store::table::TableId;
use crate::store::tables;
use crate::store::tables::AppConnections;
use crate::store::tables::AppUse;
use crate::store::tables::Apps;
use crate::store::tables::Connections;
use crate::store::tables::IdleChecks;
use crate::store::tables::UnusedClients;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Clients looked at in one operation: short enough that no request waits for it.
const AT_ONCE: usize = 200;

/// Uses are written down now and then, and lost if the process dies before.
const MARGIN: Duration = Duration::from_secs(24 * 3600);

/// A client whose connections live is looked at again no later than this.
const LOOK_AGAIN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Looks at what is due. Answers whether there may be more.
struct Reap {
    settings: Arc<OpsSettings>,
    now: Timestamp,
}

impl Ops {
    /// Removes clients that registered themselves and that nobody uses, a few at a time.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reap_clients(&self) -> Result<(), Fault> {
        let reap = || Reap { settings: Arc::clone(&self.settings), now: self.now() };
        while self.store.submit(reap()).await? {}
        Ok(())
    }
}

/// Notes that a client got its first connection: from now on it is idle or not.
pub(in crate::ops) fn note_first_use(
    reader: &Reader<'_>,
    changes: &mut Changes,
    app: &App,
    settings: &OpsSettings,
    now: Timestamp,
) -> Result<(), Fault> {
    if !reader.has::<UnusedClients>(&app.id)? {
        return Ok(());
    }
    changes.delete::<UnusedClients>(&app.id);
    changes.put::<IdleChecks>(&(now.plus(settings.registration.idle), app.id), &())
}

impl Operation for Reap {
    type Outcome = bool;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<bool>, Fault> {
        let mut changes = Changes::new();
        let unused = self.unused(reader, &mut changes)?;
        let idle = self.idle(reader, &mut changes)?;
        Ok(Decision { changes, outcome: unused == AT_ONCE || idle == AT_ONCE })
    }
}

impl Reap {
    fn event(&self, app: &App, cause: &str) -> Event {
        let event = Event::new(EventKind::ClientReaped, self.now, Origin::default());
        event.app(app.id).cause(format!("\"{}\", {cause}", app.name))
    }

    fn unused(&self, reader: &Reader<'_>, changes: &mut Changes) -> Result<usize, Fault> {
        let end = RawId::floor(self.now.minus(self.settings.registration.unused));
        let table = TableId::UnusedClients;
        let due = reader.state().range(table, &[], Some(end.bytes()), AT_ONCE)?;
        for id in due.iter().filter_map(|(key, _)| tables::last_id(key)).map(AppId::from_raw) {
            changes.delete::<UnusedClients>(&id);
            if let Some(app) = reader.get::<Apps>(&id)? {
                changes.record(self.event(&app, "never used"));
                manage::forget(changes, id);
            }
        }
        Ok(due.len())
    }

    fn idle(&self, reader: &Reader<'_>, changes: &mut Changes) -> Result<usize, Fault> {
        let end = self.now.key_bytes();
        let due = reader.state().range(TableId::IdleChecks, &[], Some(&end), AT_ONCE)?;
        for (key, _) in &due {
            let (Some(at), Some(id)) = (key.first_chunk::<8>(), tables::last_id(key)) else {
                continue;
            };
            let (at, id) = (Timestamp::from_millis(u64::from_be_bytes(*at)), AppId::from_raw(id));
            changes.delete::<IdleChecks>(&(at, id));
            match reader.get::<Apps>(&id)? {
                Some(app) if !matches!(app.status, AppStatus::Deleted { .. }) => {
                    self.look_at(reader, changes, app)?;
                }
                _ => forget_connections(reader, changes, id)?,
            }
        }
        Ok(due.len())
    }

    fn look_at(&self, reader: &Reader<'_>, changes: &mut Changes, app: App) -> Result<(), Fault> {
        let used = reader.get::<AppUse>(&app.id)?.unwrap_or(app.created_at);
        let idle_from = used.plus(self.settings.registration.idle);
        let again = if self.now < idle_from {
            Some(idle_from)
        } else {
            self.lives_until(reader, changes, &app, used)?
        };
        if let Some(again) = again {
            return changes.put::<IdleChecks>(&(again, app.id), &());
        }
        changes.record(self.event(&app, "idle"));
        forget_connections(reader, changes, app.id)?;
        changes.delete::<AppUse>(&app.id);
        manage::retire(changes, app, self.now)
    }

    /// When to look again, if a connection lives; those that ended are let go of on the way.
    fn lives_until(
        &self,
        reader: &Reader<'_>,
        changes: &mut Changes,
        app: &App,
        used: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        // No refresh token is younger than the last use.
        let refresh = sweep::longest(reader, TableId::RefreshTokens, self.now)?;
        let tokens_end = used.plus(refresh.max(self.settings.lifetimes.refresh)).plus(MARGIN);
        for (key, ()) in reader.under::<AppConnections>(&app.id)? {
            let Some(id) = tables::last_id(&key).map(ConnectionId::from_raw) else { continue };
            let connection = reader.shared::<Connections>(&id)?;
            let alive = connection.filter(|connection| {
                connection.is_active()
                    && connection.app_generation == app.generation
                    && self.now < connection.absolute_end
            });
            match alive {
                None => changes.delete::<AppConnections>(&(app.id, id)),
                Some(connection) if self.now < tokens_end => {
                    let end = connection.absolute_end.min(tokens_end);
                    return Ok(Some(end.min(self.now.plus(LOOK_AGAIN))));
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }
}

fn forget_connections(reader: &Reader<'_>, changes: &mut Changes, app: AppId) -> Result<(), Fault> {
    for (key, ()) in reader.under::<AppConnections>(&app)? {
        if let Some(id) = tables::last_id(&key).map(ConnectionId::from_raw) {
            changes.delete::<AppConnections>(&(app, id));
        }
    }
    Ok(())
}
