//! Access tokens and API tokens that work now: whose, for what, until when. Never the tokens themselves.

use std::collections::HashMap;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::base::id::SecretId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::scope::ScopeSet;
use crate::domain::token::AccessToken;
use crate::domain::token::Grant;
use crate::ops::Ops;
use crate::store::fault::Fault;
use crate::store::reader::PAGE;
use crate::store::reader::Reader;
use crate::store::table::Row as _;
use crate::store::table::Table;
use crate::store::tables;
use crate::store::tables::AccessTokens;
use crate::store::tables::ApiTokens;
use crate::store::tables::Apps;
use crate::store::tables::ClientAccessTokens;
use crate::store::tables::Connections;

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenSource {
    /// A person's approval.
    Connection,
    /// API credentials.
    ApiCredentials,
    /// It is an API token itself.
    ApiToken,
}

/// A live token.
#[derive(Clone, Debug)]
pub struct LiveToken {
    /// Where it comes from.
    pub source: TokenSource,
    /// The public part of the token, by which a log line names it.
    pub id: RawId,
    /// Whose token it is.
    pub app: AppId,
    /// Who granted it; none: the app holds it in its own right.
    pub user: Option<UserId>,
    /// The company or firm that it is for.
    pub place: Place,
    /// What was granted.
    pub scopes: ScopeSet,
    /// When it ends; none: not by itself.
    pub expires_at: Option<Timestamp>,
}

/// Apps and connections looked up so far: tokens of one share them.
struct Walk<'a> {
    reader: Reader<'a>,
    now: Timestamp,
    apps: HashMap<AppId, Option<App>>,
    connections: HashMap<ConnectionId, Option<Connection>>,
    live: Vec<LiveToken>,
}

impl Walk<'_> {
    fn table<T: Table<Key = RawId, Row = AccessToken>>(&mut self) -> Result<(), Fault> {
        let mut from = Vec::new();
        loop {
            let page = self.reader.state().range(T::ID, &from, None, PAGE)?;
            let full = page.len() == PAGE;
            for (key, value) in page {
                let token = AccessToken::from_bytes(T::ID.name(), &value)?;
                if let Some(id) = tables::last_id(&key) {
                    self.visit(id, token)?;
                }
                from = key;
            }
            if !full {
                return Ok(());
            }
            from.push(0);
        }
    }

    fn visit(&mut self, id: RawId, token: AccessToken) -> Result<(), Fault> {
        if self.now >= token.expires_at {
            return Ok(());
        }
        let Some(app) = self.app(token.app)? else { return Ok(()) };
        if app.status != AppStatus::Active || app.generation != token.app_generation {
            return Ok(());
        }
        let (source, user) = match token.grant {
            Grant::Secret(secret) if app.live_secret(secret, self.now).is_some() => {
                (TokenSource::ApiCredentials, None)
            }
            Grant::Secret(_) => return Ok(()),
            Grant::Connection(id) => match self.connection(id)? {
                Some(connection) if connection.is_active() => {
                    (TokenSource::Connection, Some(connection.user))
                }
                _ => return Ok(()),
            },
        };
        let AccessToken { app, place, scopes, expires_at, .. } = token;
        let expires_at = Some(expires_at);
        self.live.push(LiveToken { source, id, app, user, place, scopes, expires_at });
        Ok(())
    }

    fn api_tokens(&mut self) -> Result<(), Fault> {
        for (key, app) in self.reader.all::<ApiTokens>()? {
            let app = app.parse().map_or(Ok(None), |app| self.app(app))?;
            if let (Some(id), Some(app)) = (tables::last_id(&key), app) {
                self.live.extend(api_token(id, app, self.now));
            }
        }
        Ok(())
    }

    fn app(&mut self, id: AppId) -> Result<Option<App>, Fault> {
        if let Some(known) = self.apps.get(&id) {
            return Ok(known.clone());
        }
        let app = self.reader.get::<Apps>(&id)?;
        self.apps.insert(id, app.clone());
        Ok(app)
    }

    fn connection(&mut self, id: ConnectionId) -> Result<Option<Connection>, Fault> {
        if let Some(known) = self.connections.get(&id) {
            return Ok(known.clone());
        }
        let connection = self.reader.get::<Connections>(&id)?;
        self.connections.insert(id, connection.clone());
        Ok(connection)
    }
}

fn api_token(id: RawId, app: App, now: Timestamp) -> Option<LiveToken> {
    let live = app.status == AppStatus::Active
        && app.expires_at.is_none_or(|end| now < end)
        && app.live_secret(SecretId::from_raw(id), now).is_some();
    let App { id: app, place, delegation, expires_at, .. } = app;
    match (place, delegation) {
        (Some(place), Delegation::Only(scopes)) if live => {
            let source = TokenSource::ApiToken;
            Some(LiveToken { source, id, app, user: None, place, scopes, expires_at })
        }
        _ => None,
    }
}

impl Ops {
    /// Every access token that works now, oldest first: those of connections, then those of apps, then
    /// API tokens.
    ///
    /// # Errors
    /// The store failed.
    pub fn live_tokens(&self) -> Result<Vec<LiveToken>, Fault> {
        let now = self.now();
        self.store.read(|reader| {
            let mut walk = Walk {
                reader: *reader,
                now,
                apps: HashMap::new(),
                connections: HashMap::new(),
                live: Vec::new(),
            };
            walk.table::<AccessTokens>()?;
            walk.table::<ClientAccessTokens>()?;
            walk.api_tokens()?;
            Ok(walk.live)
        })
    }
}
