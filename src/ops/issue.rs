//! Issuing: the tokens that a grant yields, and the answer that carries them.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::ConnectionId;
use crate::base::secret::Secret;
use crate::crypto::token::HashedToken;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::lifetimes::Lifetimes;
use crate::domain::resource::Audience;
use crate::domain::scope::ScopeSet;
use crate::domain::token::AccessToken;
use crate::domain::token::Grant;
use crate::domain::token::RefreshState;
use crate::domain::token::RefreshToken;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::tables::AccessTokens;
use crate::store::tables::RefreshTokens;

/// What a token request gets (RFC 6749 section 5.1).
#[derive(Clone, Debug)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: Secret,
    /// When it ends.
    pub access_expires_at: Timestamp,
    /// The refresh token, for code grants.
    pub refresh: Option<(Secret, Timestamp)>,
    /// What is granted, effectively.
    pub scope: String,
    /// The present, from which `expires_in` counts.
    pub now: Timestamp,
    /// The company or firm that it was issued for; none if a former answer is repeated.
    pub issued_for: Option<Place>,
    /// The connection that it hangs on, if it was issued just now.
    pub connection: Option<ConnectionId>,
}

/// A pair of tokens drawn before the operation was queued.
#[derive(Clone, Debug)]
pub struct DrawnPair {
    access: PlainToken,
    access_hash: HashedToken,
    refresh: PlainToken,
    refresh_hash: HashedToken,
}

impl Ops {
    /// Draws an access and a refresh token.
    pub(in crate::ops) fn draw_pair(&self, test: bool, now: Timestamp) -> DrawnPair {
        let access = PlainToken::mint(TokenKind::AccessToken, test, now, self.entropy.as_ref());
        let refresh = PlainToken::mint(TokenKind::RefreshToken, test, now, self.entropy.as_ref());
        DrawnPair {
            access_hash: self.keys.hash(&access),
            access,
            refresh_hash: self.keys.hash(&refresh),
            refresh,
        }
    }
}

/// What an issue from a connection is made of.
pub struct PairTerms<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// Its app.
    pub app: &'a App,
    /// What the access token carries.
    pub scopes: ScopeSet,
    /// For which surfaces.
    pub audience: Audience,
    /// What of `scopes` is effective now.
    pub effective: String,
    /// The present.
    pub now: Timestamp,
}

impl DrawnPair {
    /// The id of the refresh token.
    pub const fn refresh_id(&self) -> &crate::base::id::RawId {
        self.refresh.id()
    }

    /// Writes both tokens down and makes the answer. No life passes the connection's absolute end
    /// or the app's expiry date.
    pub fn issue(
        &self,
        changes: &mut Changes,
        terms: PairTerms<'_>,
        lifetimes: &Lifetimes,
    ) -> Result<TokenAnswer, Fault> {
        let PairTerms { connection, app, scopes, audience, effective, now } = terms;
        let last = cap(connection.absolute_end, app);
        let access_expires_at = now.plus(lifetimes.access).min(last);
        let refresh_expires_at = now.plus(lifetimes.refresh).min(last);
        let access = AccessToken {
            hash: self.access_hash,
            app: app.id,
            app_generation: app.generation,
            grant: Grant::Connection(connection.id),
            place: connection.place,
            audience,
            scopes,
            expires_at: access_expires_at,
        };
        changes.put::<AccessTokens>(self.access.id(), &access)?;
        let refresh = RefreshToken {
            hash: self.refresh_hash,
            connection: connection.id,
            expires_at: refresh_expires_at,
            access_token: *self.access.id(),
            state: RefreshState::Live,
        };
        changes.put::<RefreshTokens>(self.refresh.id(), &refresh)?;
        Ok(TokenAnswer {
            access_token: self.access.text().into(),
            access_expires_at,
            refresh: Some((self.refresh.text().into(), refresh_expires_at)),
            scope: effective,
            now,
            issued_for: Some(connection.place),
            connection: Some(connection.id),
        })
    }
}

/// The earlier of `end` and the app's own expiry date.
pub fn cap(end: Timestamp, app: &App) -> Timestamp {
    app.expires_at.map_or(end, |expiry| expiry.min(end))
}

/// An answer as it is kept for a repeat: sealed under the consumed token itself.
#[derive(Serialize, Deserialize)]
struct Kept {
    access: String,
    access_expires_at: Timestamp,
    refresh: String,
    refresh_expires_at: Timestamp,
    scope: String,
}

const KEPT: &str = "kept refresh answer";

/// Seals `answer` under the consumed token; `terms` binds it to what was asked, so that a repeat
/// that asks for something else does not open it.
pub fn keep(
    consumed: &PlainToken,
    terms: &[u8],
    answer: &TokenAnswer,
    salt: [u8; 32],
) -> Result<Vec<u8>, Fault> {
    let Some((refresh, refresh_expires_at)) = &answer.refresh else { return Ok(Vec::new()) };
    let kept = Kept {
        access: answer.access_token.expose().to_owned(),
        access_expires_at: answer.access_expires_at,
        refresh: refresh.expose().to_owned(),
        refresh_expires_at: *refresh_expires_at,
        scope: answer.scope.clone(),
    };
    let json = zeroize::Zeroizing::new(
        serde_json::to_vec(&kept).map_err(|error| Fault::row("sealed", error))?,
    );
    crate::crypto::seal::seal(consumed.text().as_bytes(), KEPT, terms, &json, salt)
        .map_err(|error| Fault::row("sealed", error))
}

/// Opens a kept answer with the token that it was given for.
pub fn recall(
    consumed: &PlainToken,
    terms: &[u8],
    sealed: &[u8],
    now: Timestamp,
) -> Option<TokenAnswer> {
    let json = crate::crypto::seal::open(consumed.text().as_bytes(), KEPT, terms, sealed).ok()?;
    let json = zeroize::Zeroizing::new(json);
    let kept: Kept = serde_json::from_slice(&json).ok()?;
    Some(TokenAnswer {
        access_token: kept.access.into(),
        access_expires_at: kept.access_expires_at,
        refresh: Some((kept.refresh.into(), kept.refresh_expires_at)),
        scope: kept.scope,
        now,
        issued_for: None,
        connection: None,
    })
}
