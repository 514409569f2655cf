//! Client authentication (RFC 6749 section 2.3): by secret, or by name alone for public clients.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::SecretId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::app::AppStatus;
use crate::ops::Ops;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;

/// What a request says of its client.
#[derive(Clone, Debug)]
pub struct PresentedClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`, by Basic or in the body.
    pub secret: Option<Secret>,
}

/// A client that proved who it is; only made here.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient {
    app: Arc<App>,
    secret: Option<SecretId>,
}

impl AuthenticatedClient {
    /// The app, as it was when it authenticated.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The secret that it used.
    #[must_use]
    pub const fn secret(&self) -> Option<SecretId> {
        self.secret
    }

    /// The app as it stands for the writer now; refused if it was changed so that this proof is
    /// worth nothing any more.
    pub(in crate::ops) fn still(
        &self,
        reader: &Reader<'_>,
        now: Timestamp,
    ) -> Result<Result<Arc<App>, ClientRefusal>, Fault> {
        let Some(app) = reader.shared::<Apps>(&self.app.id)? else {
            return Ok(Err(ClientRefusal::Unknown));
        };
        if app.generation != self.app.generation {
            return Ok(Err(ClientRefusal::Revoked));
        }
        if self.secret.is_some_and(|id| app.live_secret(id, now).is_none()) {
            return Ok(Err(ClientRefusal::WrongSecret));
        }
        Ok(Ok(app))
    }
}

/// Why a client is not who it says; outside all of them are `invalid_client`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRefusal {
    /// No such app.
    Unknown,
    /// The secret is not one of the app's, or has ended.
    WrongSecret,
    /// A confidential app sent no secret.
    NoSecret,
    /// A public app has no secret, but one was sent.
    SecretFromPublicClient,
    /// The app was revoked or deleted.
    Revoked,
    /// The app's expiry date has passed.
    Expired,
    /// An API token is presented as it is; it authenticates no client.
    ApiToken,
}

impl Ops {
    /// Authenticates a client.
    ///
    /// # Errors
    /// [`ClientRefusal`], with the app if one by that name exists.
    pub fn authenticate_client(
        &self,
        presented: &PresentedClient,
    ) -> Outcome<AuthenticatedClient, (ClientRefusal, Option<AppId>)> {
        let unknown = Failure::Refused((ClientRefusal::Unknown, None));
        let Ok(id) = presented.id.parse::<AppId>() else { return Err(unknown) };
        let Some(app) = self.store.read(|reader| reader.shared::<Apps>(&id))? else {
            return Err(unknown);
        };
        let refused = |why| Failure::Refused((why, Some(id)));
        match app.status {
            AppStatus::Active => {}
            AppStatus::Revoked { .. } | AppStatus::Deleted { .. } => {
                return Err(refused(ClientRefusal::Revoked));
            }
        }
        let secret = self.prove_secret(&app, presented.secret.as_ref()).map_err(refused)?;
        if app.expires_at.is_some_and(|end| self.now() >= end) {
            return Err(refused(ClientRefusal::Expired));
        }
        Ok(AuthenticatedClient { app, secret })
    }

    fn prove_secret(
        &self,
        app: &App,
        presented: Option<&Secret>,
    ) -> Result<Option<SecretId>, ClientRefusal> {
        match (app.kind, presented) {
            (AppKind::ApiToken, _) => Err(ClientRefusal::ApiToken),
            (AppKind::OauthPublic, None) => Ok(None),
            (AppKind::OauthPublic, Some(_)) => Err(ClientRefusal::SecretFromPublicClient),
            (_, None) => Err(ClientRefusal::NoSecret),
            (_, Some(text)) => {
                let token = PlainToken::parse(TokenKind::ClientSecret, text.expose())
                    .ok_or(ClientRefusal::WrongSecret)?;
                app.live_secret(SecretId::from_raw(*token.id()), self.now())
                    .filter(|secret| self.keys.matches(&secret.hash, &token))
                    .map(|secret| Some(secret.id))
                    .ok_or(ClientRefusal::WrongSecret)
            }
        }
    }
}
