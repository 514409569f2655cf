//! The refresh grant (RFC 6749 section 6, RFC 9700 section 4.14): rotation in one write operation.
//!
//! Two uses at once give one successor: the second is a repeat. A repeat of the last one within
//! the grace gets the identical answer, as long as its successor has not been used itself; any
//! other replay ends the family. A wrong client is refused and ends nothing.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::crypto::digest;
use crate::crypto::keyring::Keyring;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::catalogue::Catalogue;
use crate::domain::connection::Connection;
use crate::domain::connection::EndCause;
use crate::domain::gate;
use crate::domain::lifetimes;
use crate::domain::resource::Audience;
use crate::domain::scope::ScopeSet;
use crate::domain::token::RefreshState;
use crate::domain::token::RefreshToken;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::connections;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::issue;
use crate::ops::issue::DrawnPair;
use crate::ops::issue::PairTerms;
use crate::ops::issue::TokenAnswer;
use crate::ops::settings::OpsSettings;
use crate::ops::targets;
use crate::ops::token_refusal::TokenRefusal;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AccessTokens;
use crate::store::tables::Connections;
use crate::store::tables::RefreshTokens;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What the token request says.
#[derive(Clone, Debug, Default)]
pub struct RefreshRequest {
    /// `refresh_token`.
    pub token: String,
    /// `scope`: less than was granted.
    pub scope: Option<String>,
    /// `resource`: fewer surfaces than were granted.
    pub resources: Vec<String>,
}

struct Refresh {
    client: AuthenticatedClient,
    token: PlainToken,
    request: RefreshRequest,
    pair: DrawnPair,
    salt: [u8; 32],
    keys: Arc<Keyring>,
    catalogue: Arc<Catalogue>,
    settings: Arc<OpsSettings>,
    now: Timestamp,
    origin: Origin,
}

type Decided = Decision<Result<TokenAnswer, TokenRefusal>>;

impl Ops {
    /// Rotates a refresh token.
    ///
    /// # Errors
    /// [`TokenRefusal`]; a replay after the grace also ends the family.
    pub async fn refresh(
        &self,
        client: AuthenticatedClient,
        request: RefreshRequest,
        origin: Origin,
    ) -> Outcome<TokenAnswer, TokenRefusal> {
        if !client.app().kind.uses_consent() {
            return Err(Failure::Refused(TokenRefusal::GrantNotForClient));
        }
        let Some(token) = PlainToken::parse(TokenKind::RefreshToken, &request.token) else {
            return Err(Failure::Refused(TokenRefusal::RefreshUnknown));
        };
        let now = self.now();
        let test = token.is_test();
        let operation = Refresh {
            client,
            token,
            request,
            pair: self.draw_pair(test, now),
            salt: self.draw(),
            keys: Arc::clone(&self.keys),
            catalogue: Arc::clone(&self.catalogue),
            settings: Arc::clone(&self.settings),
            now,
            origin,
        };
        flatten(self.store.submit(operation).await)
    }
}

impl Operation for Refresh {
    type Outcome = Result<TokenAnswer, TokenRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decided, Fault> {
        let refused = |why| Ok(Decision::unchanged(Err(why)));
        let app = match self.client.still(reader, self.now)? {
            Ok(app) => app,
            Err(why) => return refused(TokenRefusal::Client(why)),
        };
        let found = reader.get::<RefreshTokens>(self.token.id())?;
        let Some(row) = found.filter(|row| self.keys.matches(&row.hash, &self.token)) else {
            return refused(TokenRefusal::RefreshUnknown);
        };
        let Some(connection) = reader.shared::<Connections>(&row.connection)? else {
            return refused(TokenRefusal::ConnectionEnded);
        };
        if connection.app != app.id {
            return refused(TokenRefusal::RefreshOfAnotherClient);
        }
        if !connection.is_active() || connection.app_generation != app.generation {
            return refused(TokenRefusal::ConnectionEnded);
        }
        if self.now >= row.expires_at || self.now >= connection.absolute_end {
            return refused(TokenRefusal::RefreshExpired);
        }
        match row.state {
            RefreshState::Live => self.rotate(reader, app, &connection, &row),
            RefreshState::Consumed { at, successor, ref kept_answer } => {
                let over = lifetimes::is_over(at, self.settings.lifetimes.refresh_grace, self.now);
                let next = reader.get::<RefreshTokens>(&successor)?;
                let unused = next.is_some_and(|next| next.state == RefreshState::Live);
                if !over && unused {
                    self.repeat(reader, app, &connection, kept_answer)
                } else {
                    self.replayed(Connection::clone(&connection))
                }
            }
        }
    }
}

impl Refresh {
    /// What this request asks for, as bytes: a kept answer opens only for the same.
    fn terms(&self, connection: &Connection) -> Vec<u8> {
        let scope = self.request.scope.iter().map(|scope| ("scope", scope));
        let resources = self.request.resources.iter().map(|resource| ("resource", resource));
        let asked = form_urlencoded::Serializer::new(format!("{}?", connection.id))
            .extend_pairs(scope.chain(resources))
            .finish();
        digest::sha256(asked.as_bytes()).to_vec()
    }

    fn rotate(
        self,
        reader: &Reader<'_>,
        app: Arc<App>,
        connection: &Connection,
        row: &RefreshToken,
    ) -> Result<Decided, Fault> {
        let holder = Holder::of_connection(app, connection);
        let facts = facts::gather(reader, holder, connection.place, self.now)?;
        let granted = match gate::pass(&facts, &self.catalogue, &connection.scopes) {
            Ok(granted) => granted,
            Err(why) => return Ok(Decision::unchanged(Err(TokenRefusal::Gate(why)))),
        };
        let audience = match self.narrowed_audience(reader, connection)? {
            Ok(audience) => audience,
            Err(why) => return Ok(Decision::unchanged(Err(why))),
        };
        let (scopes, effective) = match self.narrowed_scopes(connection, &granted) {
            Ok(narrowed) => narrowed,
            Err(why) => return Ok(Decision::unchanged(Err(why))),
        };
        let mut changes = Changes::new();
        let terms = PairTerms {
            connection,
            app: &facts.app,
            scopes,
            audience,
            effective: self.catalogue.maximal(&effective).to_string(),
            now: self.now,
        };
        let answer = self.pair.issue(&mut changes, terms, &self.settings.lifetimes)?;
        self.shorten_previous_access(reader, &mut changes, row)?;
        let kept_answer = issue::keep(&self.token, &self.terms(connection), &answer, self.salt)?;
        let successor = *self.pair.refresh_id();
        let state = RefreshState::Consumed { at: self.now, successor, kept_answer };
        changes.put::<RefreshTokens>(self.token.id(), &RefreshToken { state, ..row.clone() })?;
        Ok(Decision { changes, outcome: Ok(answer) })
    }

    fn narrowed_audience(
        &self,
        reader: &Reader<'_>,
        connection: &Connection,
    ) -> Result<Result<Audience, TokenRefusal>, Fault> {
        let issuer = self.settings.issuer.as_str();
        targets::narrow(reader, issuer, &self.request.resources, connection.audience)
    }

    /// The scopes for the access token, and which of them are effective. The refresh token keeps
    /// all that was granted.
    fn narrowed_scopes(
        &self,
        connection: &Connection,
        granted: &ScopeSet,
    ) -> Result<(ScopeSet, ScopeSet), TokenRefusal> {
        let Some(asked) = super::scopes_asked(self.request.scope.as_deref()) else {
            return Ok((connection.scopes.clone(), granted.clone()));
        };
        let approved = self.catalogue.closure(&connection.scopes);
        let known = self.catalogue.known(&asked.names);
        if asked.malformed || !self.catalogue.knows(&asked.names) || !known.is_subset(&approved) {
            return Err(TokenRefusal::ScopeBeyondGrant);
        }
        let effective = self.catalogue.closure(&known).intersection(granted);
        if effective.is_empty() {
            return Err(TokenRefusal::ScopeBeyondGrant);
        }
        Ok((known, effective))
    }

    /// The access token issued before stays good for the grace at most.
    fn shorten_previous_access(
        &self,
        reader: &Reader<'_>,
        changes: &mut Changes,
        row: &RefreshToken,
    ) -> Result<(), Fault> {
        let end = self.now.plus(self.settings.lifetimes.refresh_grace);
        if let Some(mut access) = reader.get::<AccessTokens>(&row.access_token)?
            && access.expires_at > end
        {
            access.expires_at = end;
            changes.put::<AccessTokens>(&row.access_token, &access)?;
        }
        Ok(())
    }

    /// The same answer again; the gate is passed anew, since it may have shut meanwhile.
    fn repeat(
        self,
        reader: &Reader<'_>,
        app: Arc<App>,
        connection: &Connection,
        kept_answer: &[u8],
    ) -> Result<Decided, Fault> {
        let id = app.id;
        let holder = Holder::of_connection(app, connection);
        let facts = facts::gather(reader, holder, connection.place, self.now)?;
        if let Err(why) = gate::pass(&facts, &self.catalogue, &connection.scopes) {
            return Ok(Decision::unchanged(Err(TokenRefusal::Gate(why))));
        }
        let terms = self.terms(connection);
        let Some(answer) = issue::recall(&self.token, &terms, kept_answer, self.now) else {
            return Ok(Decision::unchanged(Err(TokenRefusal::RepeatDiffers)));
        };
        let mut changes = Changes::new();
        changes.record(
            Event::new(EventKind::RefreshRepeated, self.now, self.origin)
                .app(id)
                .user(connection.user)
                .connection(connection.id),
        );
        Ok(Decision { changes, outcome: Ok(answer) })
    }

    fn replayed(self, connection: Connection) -> Result<Decided, Fault> {
        let mut changes = Changes::new();
        changes.record(
            Event::new(EventKind::RefreshReplayed, self.now, self.origin)
                .app(connection.app)
                .user(connection.user)
                .place(connection.place)
                .connection(connection.id),
        );
        connections::end(&mut changes, connection, self.now, EndCause::RefreshReplayed)?;
        Ok(Decision { changes, outcome: Err(TokenRefusal::RefreshReplayed) })
    }
}
