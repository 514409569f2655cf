//! Introspection (RFC 7662): what a token is good for now, told to those it concerns. Everybody
//! else, and for every dead token, gets exactly `{"active":false}`.

use crate::base::clock::Timestamp;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::AppKind;
use crate::domain::company::Place;
use crate::domain::gate;
use crate::domain::resource::Audience;
use crate::domain::resource::Resource;
use crate::domain::token::RefreshState;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::check_call::LiveToken;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Failure;
use crate::store::fault::Fault;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::RefreshTokens;

/// What an active token is.
#[derive(Clone, Debug)]
pub struct Introspection {
    /// What is effective now.
    pub scope: String,
    /// Whose token it is.
    pub client_id: String,
    /// The person's address, where a person granted it.
    pub username: Option<String>,
    /// The subject: a user, or the app itself.
    pub subject: String,
    /// `Bearer`, or `refresh_token`.
    pub token_type: &'static str,
    /// When it ends; none: not by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The surfaces that it is good for, as URLs.
    pub audience: Vec<String>,
    /// The company, for a company token.
    pub company: Option<String>,
    /// The firm, for a firm token.
    pub firm: Option<String>,
}

impl Ops {
    /// Looks at a token for `caller`. None: inactive, unknown or none of the caller's business.
    ///
    /// # Errors
    /// The store failed.
    pub fn introspect(
        &self,
        caller: &AuthenticatedClient,
        text: &str,
    ) -> Result<Option<Introspection>, Fault> {
        match self.live_token(text) {
            Ok(live) if self.concerns(caller, &live) => self.introspect_access(&live),
            Ok(_) => Ok(None),
            Err(Failure::Refused(_)) => self.introspect_refresh(caller, text),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }

    /// A resource server sees the tokens of its surface, the API or the MCP, within its own place and environment;
    /// other clients see their own.
    fn concerns(&self, caller: &AuthenticatedClient, live: &LiveToken) -> bool {
        let caller = caller.app();
        if caller.kind != AppKind::ResourceServer {
            return caller.id == live.app().id;
        }
        let place = caller.place.is_none_or(|place| place == live.token.place);
        let environment = caller
            .environment
            .is_none_or(|environment| live.place().environment() == Some(environment));
        let audience = live.token.audience;
        let surface = if caller.mcp { audience.mcp.is_some() } else { audience.api };
        surface && place && environment
    }

    fn introspect_access(&self, live: &LiveToken) -> Result<Option<Introspection>, Fault> {
        let Ok(effective) = self.effective(live) else { return Ok(None) };
        let (company, firm) = place_names(live.token.place);
        let subject = if live.of_client { live.app().client_id() } else { live.person.to_string() };
        let person = live.user().filter(|_| !live.of_client);
        Ok(Some(Introspection {
            scope: self.catalogue.maximal(&effective).to_string(),
            client_id: live.app().client_id(),
            username: person.map(|user| user.email.to_string()),
            subject,
            token_type: "Bearer",
            expires_at: Some(live.token.expires_at).filter(|end| *end < Timestamp::NEVER),
            issued_at: live.id.made_at(),
            audience: self.audience_urls(live.token.audience)?,
            company,
            firm,
        }))
    }

    fn introspect_refresh(
        &self,
        caller: &AuthenticatedClient,
        text: &str,
    ) -> Result<Option<Introspection>, Fault> {
        let Some(token) = PlainToken::parse(TokenKind::RefreshToken, text) else { return Ok(None) };
        let found = self.store.read(|reader| {
            let row = reader.get::<RefreshTokens>(token.id())?;
            let good = row.filter(|row| {
                self.keys.matches(&row.hash, &token)
                    && row.state == RefreshState::Live
                    && self.now() < row.expires_at
            });
            let Some(row) = good else { return Ok(None) };
            let connection = reader.shared::<Connections>(&row.connection)?;
            let own = connection
                .filter(|connection| connection.is_active() && connection.app == caller.app().id);
            let Some(connection) = own else { return Ok(None) };
            let Some(app) = reader.shared::<Apps>(&connection.app)? else { return Ok(None) };
            if app.generation != connection.app_generation {
                return Ok(None);
            }
            let holder = Holder::of_connection(app, &connection);
            let facts = facts::gather(reader, holder, connection.place, self.now())?;
            Ok(Some((row, connection, facts)))
        })?;
        let Some((row, connection, facts)) = found else { return Ok(None) };
        let Ok(effective) = gate::pass(&facts, &self.catalogue, &connection.scopes) else {
            return Ok(None);
        };
        let (company, firm) = place_names(connection.place);
        Ok(Some(Introspection {
            scope: self.catalogue.maximal(&effective).to_string(),
            client_id: facts.app.client_id(),
            username: facts.person.map(|user| user.email.to_string()),
            subject: connection.user.to_string(),
            token_type: "refresh_token",
            expires_at: Some(row.expires_at),
            issued_at: token.id().made_at(),
            audience: self.audience_urls(connection.audience)?,
            company,
            firm,
        }))
    }

    /// An audience as the URLs that clients name.
    ///
    /// # Errors
    /// The store failed.
    pub fn audience_urls(&self, audience: Audience) -> Result<Vec<String>, Fault> {
        let issuer = self.settings.issuer.as_str();
        let mut urls = Vec::new();
        if audience.api {
            urls.push(Resource::Api.url(issuer));
        }
        if let Some(company) = audience.mcp {
            let company = self.store.read(|reader| reader.shared::<Companies>(&company))?;
            urls.extend(company.map(|company| Resource::Mcp(company.slug.clone()).url(issuer)));
        }
        Ok(urls)
    }
}

fn place_names(place: Place) -> (Option<String>, Option<String>) {
    match place {
        Place::Company(id) => (Some(id.to_string()), None),
        Place::Firm(id) => (None, Some(id.to_string())),
    }
}
