//! Client authentication (RFC 6749 section 2.3): by secret, or by name alone for public clients. By
//! assertion: [`crate::ops::client_assertions`].

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::SecretId;
use crate::base::secret::Secret;
use crate::crypto::jws::NotProven;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::app::AppStatus;
use crate::domain::client_assertion::ClaimsRefusal;
use crate::domain::client_document::DocumentUrl;
use crate::domain::registration::Registration;
use crate::ops::Ops;
use crate::ops::client_documents::DocumentRefusal;
use crate::ops::document_apps;
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
    proof: Proof,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Nothing: a public client.
    Name,
    Secret(SecretId),
    Assertion,
}

impl AuthenticatedClient {
    /// Of a public client.
    pub(in crate::ops) const fn by_name(app: Arc<App>) -> Self {
        Self { app, proof: Proof::Name }
    }

    /// Of one whose assertion was proven and used up.
    pub(in crate::ops) const fn by_assertion(app: Arc<App>) -> Self {
        Self { app, proof: Proof::Assertion }
    }

    /// Whether it proved more than that it knows its name.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.proof != Proof::Name
    }

    /// The app, as it was when it authenticated.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The client, to be kept.
    #[must_use]
    pub fn shared_app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    /// The secret that it used.
    #[must_use]
    pub const fn secret(&self) -> Option<SecretId> {
        match self.proof {
            Proof::Secret(id) => Some(id),
            Proof::Name | Proof::Assertion => None,
        }
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
        if self.secret().is_some_and(|id| app.live_secret(id, now).is_none()) {
            return Ok(Err(ClientRefusal::WrongSecret));
        }
        if app.kind.is_confidential() && !self.is_proven() {
            return Ok(Err(ClientRefusal::NoSecret));
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
    /// What was sent is no assertion by an algorithm that is checked here.
    Assertion,
    /// The assertion says what does not fit.
    AssertionClaims(ClaimsRefusal),
    /// Its signature is none of the client's keys.
    AssertionUnproven(NotProven),
    /// It was used before.
    AssertionReplayed,
    /// The client's document or keys cannot be used.
    Document(DocumentRefusal),
    /// They cannot be fetched at the moment.
    DocumentUnreachable,
}

/// The app that a `client_id` names: by its own id, or by the URL of the document that describes it.
pub(in crate::ops) fn find(
    reader: &Reader<'_>,
    client_id: &str,
) -> Result<Option<Arc<App>>, Fault> {
    if DocumentUrl::is_meant(client_id) {
        return Ok(document_apps::kept(reader, client_id)?.map(Arc::new));
    }
    let Ok(id) = client_id.parse::<AppId>() else { return Ok(None) };
    let app = reader.shared::<Apps>(&id)?;
    // A client has one name: that of one with a document is its URL.
    Ok(app.filter(|app| !matches!(app.registration, Registration::Document { .. })))
}

/// Whether the app may act at all.
pub(in crate::ops) const fn check_status(app: &App) -> Result<(), ClientRefusal> {
    match app.status {
        AppStatus::Active => Ok(()),
        AppStatus::Revoked { .. } | AppStatus::Blocked { .. } | AppStatus::Deleted { .. } => {
            Err(ClientRefusal::Revoked)
        }
    }
}

/// Whether its time is not over. Told only to who proved to be the client.
pub(in crate::ops) fn check_expiry(app: &App, now: Timestamp) -> Result<(), ClientRefusal> {
    if app.expires_at.is_some_and(|end| now >= end) {
        return Err(ClientRefusal::Expired);
    }
    Ok(())
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
        // Read before the client is looked for: the work is the same whether there is one or not.
        let secret = presented.secret.as_ref().map(|text| {
            PlainToken::parse(TokenKind::ClientSecret, text.expose())
                .ok_or(ClientRefusal::WrongSecret)
        });
        let unknown = Failure::Refused((ClientRefusal::Unknown, None));
        let Some(app) = self.store.read(|reader| find(reader, &presented.id))? else {
            return Err(unknown);
        };
        let id = app.id;
        let refused = |why| Failure::Refused((why, Some(id)));
        check_status(&app).map_err(refused)?;
        self.check_document(&app).map_err(refused)?;
        let proof = self.prove_secret(&app, secret).map_err(refused)?;
        check_expiry(&app, self.now()).map_err(refused)?;
        Ok(AuthenticatedClient { app, proof })
    }

    /// Whether a client with a document may still have one.
    fn check_document(&self, app: &App) -> Result<(), ClientRefusal> {
        let Registration::Document { url } = &app.registration else { return Ok(()) };
        let url = DocumentUrl::parse(url).map_err(DocumentRefusal::Url);
        let permitted = url.and_then(|url| self.client_documents.permit(&url));
        permitted.map_err(ClientRefusal::Document)
    }

    fn prove_secret(
        &self,
        app: &App,
        presented: Option<Result<PlainToken, ClientRefusal>>,
    ) -> Result<Proof, ClientRefusal> {
        match (app.kind, presented) {
            (AppKind::ApiToken, _) => Err(ClientRefusal::ApiToken),
            (AppKind::OauthPublic, None) => Ok(Proof::Name),
            (AppKind::OauthPublic, Some(_)) => Err(ClientRefusal::SecretFromPublicClient),
            (_, None) => Err(ClientRefusal::NoSecret),
            (_, Some(token)) => {
                let token = token?;
                app.live_secret(SecretId::from_raw(*token.id()), self.now())
                    .filter(|secret| self.keys.matches(&secret.hash, &token))
                    .map(|secret| Proof::Secret(secret.id))
                    .ok_or(ClientRefusal::WrongSecret)
            }
        }
    }
}
