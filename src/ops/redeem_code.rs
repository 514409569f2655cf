//! The authorization code grant (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
//!
//! Everything is checked before the code is consumed: client, redirect URI, PKCE, resource, expiry,
//! in that order. A replay ends what the code issued only if it is valid in all else: somebody who
//! merely saw a used code can end nothing.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::crypto::keyring::Keyring;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::AppKind;
use crate::domain::app_life::REVIEW_EVERY_DAYS;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::catalogue::Catalogue;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;
use crate::domain::connection::EndCause;
use crate::domain::gate;
use crate::domain::redirect_uri::VerifiedRedirect;
use crate::domain::registration::Registration;
use crate::domain::resource::Audience;
use crate::domain::token::AuthorizationCode;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::connections;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::issue::DrawnPair;
use crate::ops::issue::PairTerms;
use crate::ops::issue::TokenAnswer;
use crate::ops::registration::reap;
use crate::ops::settings::OpsSettings;
use crate::ops::targets;
use crate::ops::token_refusal::TokenRefusal;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AppConnections;
use crate::store::tables::Codes;
use crate::store::tables::Connections;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What the token request says.
#[derive(Clone, Debug, Default)]
pub struct CodeRequest {
    /// `code`.
    pub code: String,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `code_verifier`.
    pub verifier: Option<String>,
    /// `resource`, any number of times.
    pub resources: Vec<String>,
}

struct RedeemCode {
    client: AuthenticatedClient,
    code: PlainToken,
    request: CodeRequest,
    pair: DrawnPair,
    keys: Arc<Keyring>,
    catalogue: Arc<Catalogue>,
    settings: Arc<OpsSettings>,
    now: Timestamp,
    origin: Origin,
}

type Decided = Decision<Result<TokenAnswer, TokenRefusal>>;

impl Ops {
    /// Redeems a code.
    ///
    /// # Errors
    /// [`TokenRefusal`]; a replay also ends what the code issued.
    pub async fn redeem_code(
        &self,
        client: AuthenticatedClient,
        request: CodeRequest,
        origin: Origin,
    ) -> Outcome<TokenAnswer, TokenRefusal> {
        if !client.app().kind.uses_consent() {
            return Err(Failure::Refused(TokenRefusal::GrantNotForClient));
        }
        let Some(code) = PlainToken::parse(TokenKind::AuthorizationCode, &request.code) else {
            return Err(Failure::Refused(TokenRefusal::CodeUnknown));
        };
        let now = self.now();
        let test = self.code_is_for_test(&code)?;
        let operation = RedeemCode {
            client,
            code,
            request,
            pair: self.draw_pair(test, now),
            keys: Arc::clone(&self.keys),
            catalogue: Arc::clone(&self.catalogue),
            settings: Arc::clone(&self.settings),
            now,
            origin,
        };
        flatten(self.store.submit(operation).await)
    }

    /// Whether the code is for a test company, whose tokens say so.
    fn code_is_for_test(&self, code: &PlainToken) -> Result<bool, Fault> {
        self.store.read(|reader| match reader.get::<Codes>(code.id())? {
            Some(row) => connections::is_test(reader, row.place),
            None => Ok(false),
        })
    }
}

impl Operation for RedeemCode {
    type Outcome = Result<TokenAnswer, TokenRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decided, Fault> {
        let app = match self.client.still(reader, self.now)? {
            Ok(app) => app,
            Err(why) => return Ok(Decision::unchanged(Err(TokenRefusal::Client(why)))),
        };
        let found = reader.get::<Codes>(self.code.id())?;
        let Some(code) = found.filter(|row| self.keys.matches(&row.hash, &self.code)) else {
            return Ok(Decision::unchanged(Err(TokenRefusal::CodeUnknown)));
        };
        let audience = match self.check(reader, &code)? {
            Ok(audience) => audience,
            Err(why) => return Ok(Decision::unchanged(Err(why))),
        };
        if code.redeemed_at.is_some() {
            return self.replayed(reader, &code);
        }
        if self.now >= code.expires_at {
            return Ok(Decision::unchanged(Err(TokenRefusal::CodeExpired)));
        }
        if code.app_generation != app.generation {
            return Ok(Decision::unchanged(Err(TokenRefusal::ConnectionEnded)));
        }
        // It may have been taken from the app since the code was sent there.
        if VerifiedRedirect::prove(&app.redirect_uris, Some(code.redirect.as_str())).is_none() {
            return Ok(Decision::unchanged(Err(TokenRefusal::RedirectDiffers)));
        }
        let connection = Some(code.connection);
        let holder = Holder { app, person: Some(code.user), connection };
        let facts = facts::gather(reader, holder, code.place, self.now)?;
        match gate::pass(&facts, &self.catalogue, &code.scopes) {
            Ok(effective) => {
                let scope = self.catalogue.maximal(&effective).to_string();
                self.redeemed(reader, &facts.app, code, audience, scope)
            }
            Err(why) => Ok(Decision::unchanged(Err(TokenRefusal::Gate(why)))),
        }
    }
}

impl RedeemCode {
    /// Client, redirect URI, PKCE and resource, in this order; the audience for the access token.
    fn check(
        &self,
        reader: &Reader<'_>,
        code: &AuthorizationCode,
    ) -> Result<Result<Audience, TokenRefusal>, Fault> {
        if code.app != self.client.app().id {
            return Ok(Err(TokenRefusal::CodeOfAnotherClient));
        }
        if let Err(why) = self.check_redirect(code).and_then(|()| self.check_verifier(code)) {
            return Ok(Err(why));
        }
        let issuer = self.settings.issuer.as_str();
        targets::narrow(reader, issuer, &self.request.resources, code.audience)
    }

    /// Byte-equal to authorize's; it may be absent only where PKCE binds the code.
    fn check_redirect(&self, code: &AuthorizationCode) -> Result<(), TokenRefusal> {
        match &self.request.redirect_uri {
            Some(uri) if uri == code.redirect.as_str() => Ok(()),
            None if code.challenge.is_some() => Ok(()),
            _ => Err(TokenRefusal::RedirectDiffers),
        }
    }

    fn check_verifier(&self, code: &AuthorizationCode) -> Result<(), TokenRefusal> {
        match (&code.challenge, &self.request.verifier) {
            (Some(challenge), Some(verifier)) if challenge.proved_by(verifier) => Ok(()),
            (Some(_), Some(_)) => Err(TokenRefusal::VerifierWrong),
            (Some(_), None) => Err(TokenRefusal::VerifierMissing),
            (None, Some(_)) => Err(TokenRefusal::VerifierWithoutChallenge),
            (None, None) => Ok(()),
        }
    }

    fn replayed(self, reader: &Reader<'_>, code: &AuthorizationCode) -> Result<Decided, Fault> {
        let mut changes = Changes::new();
        let event = Event::new(EventKind::CodeReplayed, self.now, self.origin)
            .app(code.app)
            .user(code.user)
            .place(code.place)
            .connection(code.connection);
        if let Some(connection) = reader.get::<Connections>(&code.connection)?
            && connection.is_active()
        {
            changes.record(event);
            connections::end(&mut changes, connection, self.now, EndCause::CodeReplayed)?;
        }
        Ok(Decision { changes, outcome: Err(TokenRefusal::CodeReplayed) })
    }

    fn redeemed(
        self,
        reader: &Reader<'_>,
        app: &crate::domain::app::App,
        code: AuthorizationCode,
        audience: Audience,
        effective: String,
    ) -> Result<Decided, Fault> {
        let mut changes = Changes::new();
        // A client with a document has one name for all its installations: a new one must not end another.
        let is_one_installation = !matches!(app.registration, Registration::Document { .. });
        if app.kind == AppKind::OauthConfidential && is_one_installation {
            self.replace_older(reader, &mut changes, &code)?;
        }
        let mut connection = Connection {
            id: code.connection,
            app: code.app,
            app_generation: app.generation,
            user: code.user,
            place: code.place,
            scopes: code.scopes.clone(),
            audience: code.audience,
            consented_at: code.approved_at,
            absolute_end: code.approved_at.plus(self.settings.lifetimes.refresh_absolute),
            owner: Some(code.user),
            purpose: String::new(),
            review_due: None,
            review_days: REVIEW_EVERY_DAYS,
            status: ConnectionStatus::Active,
        };
        connection.look_again(code.approved_at);
        connections::create(&mut changes, &connection)?;
        if app.registration.is_by_itself() {
            changes.put::<AppConnections>(&(app.id, connection.id), &())?;
            reap::note_first_use(reader, &mut changes, app, &self.settings, self.now)?;
        }
        let terms = PairTerms {
            connection: &connection,
            app,
            scopes: code.scopes.clone(),
            audience,
            effective,
            now: self.now,
        };
        let answer = self.pair.issue(&mut changes, terms, &self.settings.lifetimes)?;
        changes.record(
            Event::new(EventKind::ConnectionCreated, self.now, self.origin)
                .app(code.app)
                .user(code.user)
                .place(code.place)
                .connection(code.connection),
        );
        let consumed = AuthorizationCode { redeemed_at: Some(self.now), ..code };
        changes.put::<Codes>(self.code.id(), &consumed)?;
        Ok(Decision { changes, outcome: Ok(answer) })
    }

    /// A confidential app has one connection for a user and a place: the new one replaces the old.
    fn replace_older(
        &self,
        reader: &Reader<'_>,
        changes: &mut Changes,
        code: &AuthorizationCode,
    ) -> Result<(), Fault> {
        for older in connections::of_user_and_app(reader, code.user, code.app)? {
            if older.place == code.place && older.is_active() {
                changes.record(
                    Event::new(EventKind::ConnectionEnded, self.now, self.origin)
                        .cause("replaced")
                        .app(older.app)
                        .user(older.user)
                        .connection(older.id),
                );
                connections::end(changes, older, self.now, EndCause::Replaced)?;
            }
        }
        Ok(())
    }
}
