//! Apps, API tokens and connections as far as the former file still had them.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::connection::Connection;
use crate::domain::connection::EndCause;
use crate::domain::initial_token::InitialToken;
use crate::ops::restore::Settling;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Connections;
use crate::store::tables::InitialTokens;
use crate::store::tables::SelfRegistered;

impl Settling<'_> {
    pub(super) fn apps_as_in(&mut self, former: &Reader<'_>) -> Result<(), Fault> {
        for (_, app) in self.reader.all::<Apps>()? {
            let was = former.get::<Apps>(&app.id)?;
            let left = match &was {
                Some(was) => self.app_as(app.clone(), was),
                None => gone(app.clone(), self.now),
            };
            if left != app {
                self.changes.put::<Apps>(&left.id, &left)?;
                self.settled.apps += 1;
            }
            self.registration_as_in(former, app.id)?;
        }
        for (_, connection) in self.reader.all::<Connections>()? {
            let was = former.get::<Connections>(&connection.id)?;
            let left = self.connection_as(connection.clone(), was);
            if left != connection {
                self.changes.put::<Connections>(&left.id, &left)?;
                self.settled.connections += 1;
            }
        }
        for (key, token) in self.reader.all::<InitialTokens>()? {
            let Some(id) = tables::last_id(&key) else { continue };
            match former.get::<InitialTokens>(&id)? {
                None => self.changes.delete::<InitialTokens>(&id),
                Some(was) => {
                    let revoked_at = token.revoked_at.or(was.revoked_at);
                    let used = token.used.max(was.used);
                    let left = InitialToken { revoked_at, used, ..token };
                    self.changes.put::<InitialTokens>(&id, &left)?;
                }
            }
        }
        Ok(())
    }

    fn app_as(&self, mut app: App, was: &App) -> App {
        if app.status == AppStatus::Active || matches!(was.status, AppStatus::Deleted { .. }) {
            app.status = was.status;
        }
        app.generation = app.generation.max(was.generation);
        app.expires_at = earlier(app.expires_at, was.expires_at);
        app.secrets.retain_mut(|secret| {
            let kept =
                was.secrets.iter().find(|kept| (kept.id, &kept.hash) == (secret.id, &secret.hash));
            secret.expires_at = earlier(secret.expires_at, kept.and_then(|kept| kept.expires_at));
            kept.is_some()
        });
        app.redirect_uris.retain(|uri| was.redirect_uris.contains(uri));
        app.mcp &= was.mcp;
        app.pkce_required |= was.pkce_required;
        app.delegation = match (&app.delegation, &was.delegation) {
            (Delegation::Only(ours), Delegation::Only(theirs)) => {
                Delegation::Only(self.both(ours, theirs))
            }
            (Delegation::Anything, narrower) => narrower.clone(),
            (narrower, Delegation::Anything) => narrower.clone(),
        };
        app
    }

    fn connection_as(&self, mut connection: Connection, was: Option<Connection>) -> Connection {
        let Some(was) = was else {
            return connection.ended(self.now, EndCause::EndedByOperator);
        };
        if connection.is_active() {
            connection.status = was.status;
        }
        connection.scopes = self.both(&connection.scopes, &was.scopes);
        connection.absolute_end = connection.absolute_end.min(was.absolute_end);
        connection
    }

    /// The token with which a client manages its own registration.
    fn registration_as_in(&mut self, former: &Reader<'_>, app: AppId) -> Result<(), Fault> {
        if let Some(row) = self.reader.get::<SelfRegistered>(&app)? {
            let was = former.get::<SelfRegistered>(&app)?;
            if was.is_none_or(|was| was.access != row.access) {
                self.changes.delete::<SelfRegistered>(&app);
            }
        }
        Ok(())
    }
}

/// What is left of an app that is no more.
fn gone(app: App, now: Timestamp) -> App {
    if matches!(app.status, AppStatus::Deleted { .. }) {
        return app;
    }
    let generation = app.generation.saturating_add(1);
    App { status: AppStatus::Deleted { at: now }, generation, secrets: Vec::new(), ..app }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
