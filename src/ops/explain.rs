//! What a refusal was about, worked out when it is written down: who lacks a permission, which redirect
//! URI was expected. Nothing here decides anything.

use std::sync::Arc;

use crate::base::id::CompanyId;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::Delegation;
use crate::domain::audit::Event;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::detail;
use crate::domain::detail::Detail;
use crate::domain::gate::Facts;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::domain::token::AuthorizationCode;
use crate::ops::Ops;
use crate::ops::check_call::LiveToken;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::token_refusal::TokenRefusal;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Codes;
use crate::store::tables::Connections;
use crate::store::tables::RefreshTokens;

/// The parts of a token request that a refusal may be about.
#[derive(Clone, Debug, Default)]
pub struct AskedOfToken {
    /// `code`.
    pub code: Option<String>,
    /// `refresh_token`.
    pub refresh: Option<String>,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
}

/// A redirect URI that is none of the app's.
#[must_use]
pub fn redirect(received: Option<&str>) -> Detail {
    Detail::RedirectUri {
        expected: None,
        received: received.map(detail::shown).unwrap_or_default(),
    }
}

impl Ops {
    /// `event`, with the token's place, connection and person, and with what it lacks of `needed`. A
    /// call through a firm belongs to `company` too.
    #[must_use]
    pub fn about_call(
        &self,
        event: Event,
        live: &LiveToken,
        company: Option<CompanyId>,
        needed: &ScopeSet,
    ) -> Event {
        let place = company.map_or(live.token.place, Place::Company);
        let event = event.app(live.app().id).place(place);
        let event = match &live.connection {
            Some(connection) => event.connection(connection.id).user(connection.user),
            None => event,
        };
        event.detail(self.lacking(live.facts(), &live.token.scopes, needed))
    }

    /// The first of `needed` that is not in effect, and who lacks it.
    fn lacking(&self, facts: &Facts, granted: &ScopeSet, needed: &ScopeSet) -> Option<Detail> {
        let granted = self.catalogue.closure(granted);
        let delegated = match &facts.app.delegation {
            Delegation::Only(scopes) => Some(self.catalogue.closure(scopes)),
            Delegation::Anything => None,
        };
        let has_role = |scope: &ScopeName| {
            facts.roles.iter().any(|role| self.catalogue.held_allows(role).contains(scope))
        };
        needed.iter().find_map(|scope| {
            let token = granted.contains(scope);
            let app = delegated.as_ref().is_none_or(|delegated| delegated.contains(scope));
            let role = has_role(scope);
            let lacks = !(token && app && role);
            lacks.then(|| Detail::Scope { scope: scope.clone(), token, role, app })
        })
    }

    /// `event`, with the connection, place and person of the code or token that was presented, if it is
    /// the app's own, and with what the refusal was about. What cannot be found out is left out.
    #[must_use]
    pub fn about_token(
        &self,
        event: Event,
        app: &App,
        asked: &AskedOfToken,
        why: TokenRefusal,
    ) -> Event {
        let found = self.store.read(|reader| {
            let code = self.code(reader, app, asked)?;
            let connection = self.refreshed(reader, app, asked)?;
            let detail = match (why, &code) {
                (TokenRefusal::RedirectDiffers, Some(code)) => Some(Detail::RedirectUri {
                    expected: Some(detail::shown(code.redirect.as_str())),
                    received: asked.redirect_uri.as_deref().map(detail::shown).unwrap_or_default(),
                }),
                (TokenRefusal::ScopeBeyondGrant, _) => {
                    self.about_scope(reader, app, connection.as_deref(), asked)?
                }
                _ => None,
            };
            let mut event = event.clone().detail(detail);
            if let Some(code) = code {
                event = event.place(code.place).user(code.user);
            }
            if let Some(connection) = connection {
                let Connection { id, place, user, .. } = *connection;
                event = event.connection(id).place(place).user(user);
            }
            Ok(event)
        });
        found.unwrap_or_else(|fault| {
            tracing::warn!(%fault, "what a refusal was about could not be found out");
            event
        })
    }

    /// The code that was presented, if it was issued to the app.
    fn code(
        &self,
        reader: &Reader<'_>,
        app: &App,
        asked: &AskedOfToken,
    ) -> Result<Option<AuthorizationCode>, Fault> {
        let kind = TokenKind::AuthorizationCode;
        let code = asked.code.as_deref().and_then(|text| PlainToken::parse(kind, text));
        let Some(code) = code else { return Ok(None) };
        let row = reader.get::<Codes>(code.id())?;
        Ok(row.filter(|row| row.app == app.id && self.keys.matches(&row.hash, &code)))
    }

    /// The connection of the refresh token that was presented, if it is the app's.
    fn refreshed(
        &self,
        reader: &Reader<'_>,
        app: &App,
        asked: &AskedOfToken,
    ) -> Result<Option<Arc<Connection>>, Fault> {
        let kind = TokenKind::RefreshToken;
        let token = asked.refresh.as_deref().and_then(|text| PlainToken::parse(kind, text));
        let Some(token) = token else { return Ok(None) };
        let row = reader.get::<RefreshTokens>(token.id())?;
        let row = row.filter(|row| self.keys.matches(&row.hash, &token));
        let Some(row) = row else { return Ok(None) };
        let connection = reader.shared::<Connections>(&row.connection)?;
        Ok(connection.filter(|connection| connection.app == app.id))
    }

    /// The permission that was asked for in vain, and who lacks it.
    fn about_scope(
        &self,
        reader: &Reader<'_>,
        app: &App,
        connection: Option<&Connection>,
        asked: &AskedOfToken,
    ) -> Result<Option<Detail>, Fault> {
        let named = super::scopes_asked(asked.scope.as_deref()).map(|named| named.names);
        let app = Arc::new(app.clone());
        let (holder, place, granted) = match (connection, app.place, &app.delegation) {
            (Some(connection), _, _) => {
                let holder = Holder::of_connection(Arc::clone(&app), connection);
                (holder, connection.place, connection.scopes.clone())
            }
            // Its own token carries whatever it asks for.
            (None, Some(place), Delegation::Only(delegated)) => {
                let granted = named.clone().unwrap_or_else(|| delegated.clone());
                (Holder::itself(Arc::clone(&app)), place, granted)
            }
            _ => return Ok(None),
        };
        let needed = self.catalogue.known(named.as_ref().unwrap_or(&granted));
        let facts = facts::gather(reader, holder, place, self.now())?;
        Ok(self.lacking(&facts, &granted, &needed))
    }
}
