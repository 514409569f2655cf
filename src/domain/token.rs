//! What is stored of codes, access tokens and refresh tokens.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::base::id::SecretId;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;
use crate::domain::company::Place;
use crate::domain::pkce::Challenge;
use crate::domain::redirect_uri::VerifiedRedirect;
use crate::domain::resource::Audience;
use crate::domain::scope::ScopeSet;

/// What an access token hangs on: when that ends, the token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A person's approval.
    Connection(ConnectionId),
    /// The secret that an app authenticated with.
    Secret(SecretId),
}

/// An access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// HMAC of the token.
    pub hash: HashedToken,
    /// Whose token it is.
    pub app: AppId,
    /// The app's generation when it was issued: an app that was revoked since has another.
    pub app_generation: u32,
    /// What it hangs on.
    pub grant: Grant,
    /// The company or firm that it is for.
    pub place: Place,
    /// The surfaces that it is good for.
    pub audience: Audience,
    /// What was granted; what is *effective* is worked out anew at every use.
    pub scopes: ScopeSet,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// HMAC of the token.
    pub hash: HashedToken,
    /// Its family.
    pub connection: ConnectionId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The access token that was issued with it.
    pub access_token: RawId,
    /// Whether it was used.
    pub state: RefreshState,
}

/// Whether a refresh token was used. Used ones are kept until they would have ended, so that no
/// restart revives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshState {
    /// Not used yet.
    Live,
    /// Used.
    Consumed {
        /// When.
        at: Timestamp,
        /// The refresh token that took its place.
        successor: RawId,
        /// The answer that was given, sealed under a key derived from this very token: whoever
        /// steals the file cannot read it.
        kept_answer: Vec<u8>,
    },
}

/// An authorization code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// HMAC of the code.
    pub hash: HashedToken,
    /// The client that it was issued to.
    pub app: AppId,
    /// The app's generation then.
    pub app_generation: u32,
    /// Who approved.
    pub user: UserId,
    /// For which company or firm.
    pub place: Place,
    /// What was approved.
    pub scopes: ScopeSet,
    /// For which surfaces.
    pub audience: Audience,
    /// Where the code was sent.
    pub redirect: VerifiedRedirect,
    /// The PKCE challenge, if one was sent.
    pub challenge: Option<Challenge>,
    /// The connection that redeeming it creates.
    pub connection: ConnectionId,
    /// When consent was given.
    pub approved_at: Timestamp,
    /// When the code ends.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub redeemed_at: Option<Timestamp>,
}
