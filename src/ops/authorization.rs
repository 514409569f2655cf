//! The authorization request (RFC 6749 section 4.1.1, RFC 9126 when pushed): checked, and nothing
//! written.
//!
//! Two error worlds: until the client and its redirect URI are proven, a refusal is a page of ours;
//! after that it is told to the client by a redirect.

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::id::AppId;
use crate::base::id::RawId;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::catalogue::Access;
use crate::domain::client_document::DocumentUrl;
use crate::domain::client_document::Introduction;
use crate::domain::consent::AuthorizationRequest;
use crate::domain::consent::Targets;
use crate::domain::pkce::Challenge;
use crate::domain::redirect_uri::VerifiedRedirect;
use crate::domain::scope::ScopeSet;
use crate::domain::surfaces;
use crate::domain::surfaces::Surfaces;
use crate::ops::Ops;
use crate::ops::authenticate_client;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::client_documents::DocumentRefusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::pushed_request::KeepPushed;
use crate::store::fault::Fault;
use crate::store::tables::AnsweredRequests;
use crate::store::tables::PushedRequest;
use crate::store::tables::PushedRequests;

/// The parameters, as they were sent. A parameter that was sent empty counts as absent.
#[derive(Clone, Debug, Default)]
pub struct AuthorizationParameters {
    /// `client_id`.
    pub client_id: Option<String>,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `response_type`.
    pub response_type: Option<String>,
    /// `response_mode`.
    pub response_mode: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// `resource`, any number of times.
    pub resources: Vec<String>,
    /// `code_challenge`.
    pub challenge: Option<String>,
    /// `code_challenge_method`.
    pub challenge_method: Option<String>,
    /// `prompt`.
    pub prompt: Option<String>,
    /// `request_uri`.
    pub request_uri: Option<String>,
    /// Whether `request` was sent (RFC 9101), which is not supported.
    pub request_object: bool,
    /// Whether a parameter other than `resource` was repeated, and was neither `client_id` nor
    /// `redirect_uri`.
    pub repeated: bool,
}

/// A refusal that can only be a page of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageRefusal {
    /// No such client, or one that may not ask in a browser.
    UnknownClient,
    /// The redirect URI is not one of the client's.
    RedirectMismatch,
    /// The client's document cannot be used.
    Document(DocumentRefusal),
    /// A pushed request that does not exist, is over, was answered, or is another client's.
    PushedRequestGone,
}

/// A refusal that the client is told (RFC 6749 section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRefusal {
    /// A parameter is missing, repeated or malformed.
    Malformed,
    /// `response_type` is another than `code`.
    ResponseType,
    /// PKCE is required.
    ChallengeMissing,
    /// The challenge is no S256 challenge.
    ChallengeMethod,
    /// No scope that is known.
    Scope,
    /// `resource` is none of ours.
    Target,
    /// `prompt=none`: consent always needs a person.
    PromptNone,
    /// `request` is not supported.
    RequestObject,
    /// `request_uri` of another kind than ours.
    RequestUri,
    /// The client may not do this at the moment.
    ClientInactive,
}

/// A refused authorization request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationRefusal {
    /// To be shown on a page of ours.
    Page(PageRefusal, Option<AppId>),
    /// To be told to the client.
    Redirect {
        /// Where to.
        redirect: VerifiedRedirect,
        /// The client's own value.
        state: Option<String>,
        /// What.
        why: RequestRefusal,
        /// Which client.
        app: AppId,
    },
}

/// What a pushed request's reference starts with (RFC 9126 section 2.2).
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A handle longer than this would not fit into a URL of ours.
const LONGEST_HANDLE: usize = 7 * 1024;

const HANDLE: &str = "consent handle";

impl Ops {
    /// Checks an authorization request. Writes nothing, however often it is sent.
    ///
    /// # Errors
    /// [`AuthorizationRefusal`].
    pub async fn check_authorization(
        &self,
        surfaces: &Surfaces,
        parameters: &AuthorizationParameters,
    ) -> Outcome<AuthorizationRequest, AuthorizationRefusal> {
        let page = |why, app| Failure::Refused(AuthorizationRefusal::Page(why, app));
        let app = self
            .consent_app(parameters.client_id.as_deref())
            .await?
            .ok_or_else(|| page(PageRefusal::UnknownClient, None))?;
        if let Some(request_uri) = &parameters.request_uri
            && let Some(reference) = request_uri.strip_prefix(REQUEST_URI_PREFIX)
        {
            let pushed = self
                .pushed(&app, reference)?
                .ok_or_else(|| page(PageRefusal::PushedRequestGone, Some(app.id)))?;
            return match check_opening(parameters, &app, self.now()) {
                Ok(()) => Ok(pushed),
                Err(why) => Err(Failure::Refused(AuthorizationRefusal::Redirect {
                    redirect: pushed.redirect,
                    state: pushed.state,
                    why,
                    app: app.id,
                })),
            };
        }
        self.check_for(surfaces, &app, parameters)
    }

    /// Checks the request of an authenticated client and keeps it for a moment (RFC 9126). The
    /// answer is its reference and when it ends.
    ///
    /// # Errors
    /// [`AuthorizationRefusal`].
    pub async fn push_authorization(
        &self,
        surfaces: &Surfaces,
        client: &AuthenticatedClient,
        parameters: &AuthorizationParameters,
    ) -> Outcome<(String, std::time::Duration), AuthorizationRefusal> {
        let request = self.check_for(surfaces, client.app(), parameters)?;
        let now = self.now();
        let kind = TokenKind::PushedRequest;
        let token = PlainToken::mint(kind, false, now, self.entropy.as_ref());
        let request = AuthorizationRequest { id: *token.id(), ..request };
        if self.seal_request(&request, &[])?.is_none() {
            return Err(Failure::Refused(AuthorizationRefusal::Redirect {
                redirect: request.redirect,
                state: None,
                why: RequestRefusal::Malformed,
                app: request.app,
            }));
        }
        let lifetime = self.settings.lifetimes.pushed_request;
        let keep = KeepPushed {
            id: *token.id(),
            bounded: !client.app().kind.is_confidential()
                || client.app().registration.is_by_itself(),
            over_before: now.minus(lifetime),
            row: PushedRequest {
                hash: self.keys.hash(&token),
                request,
                expires_at: now.plus(lifetime),
            },
        };
        let kept = self.store.submit(keep).await?;
        if !kept {
            tracing::warn!(app = %client.app().id, "too many pushed requests wait");
            return Err(Failure::Fault(Fault::Busy));
        }
        Ok((format!("{REQUEST_URI_PREFIX}{}", token.text()), lifetime))
    }

    /// Seals a checked request for the browser with this mark; the text goes into the URL of the
    /// consent page. None when it would be too long for one.
    ///
    /// # Errors
    /// Never for a request that was checked.
    pub fn seal_request(
        &self,
        request: &AuthorizationRequest,
        browser: &[u8],
    ) -> Result<Option<String>, Fault> {
        let json = serde_json::to_vec(request).map_err(|error| Fault::row("sealed", error))?;
        let sealed = self
            .keys
            .seal(HANDLE, browser, &json, self.draw())
            .map_err(|error| Fault::row("sealed", error))?;
        let handle = encoding::base64url(&sealed);
        Ok((handle.len() <= LONGEST_HANDLE).then_some(handle))
    }

    /// Opens a handle in the browser that it was made for.
    #[must_use]
    pub fn open_request(&self, handle: &str, browser: &[u8]) -> Option<AuthorizationRequest> {
        let sealed = encoding::base64url_decode(handle)?;
        let json = self.keys.open(HANDLE, browser, &sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }

    async fn consent_app(
        &self,
        client_id: Option<&str>,
    ) -> Outcome<Option<App>, AuthorizationRefusal> {
        let Some(client_id) = client_id else { return Ok(None) };
        if DocumentUrl::is_meant(client_id) && self.takes_client_documents() {
            let client = self.document_client(client_id).await;
            return client.map(Some).map_err(|failure| {
                failure
                    .map(|(why, app)| AuthorizationRefusal::Page(PageRefusal::Document(why), app))
            });
        }
        let app = self.store.read(|reader| authenticate_client::find(reader, client_id))?;
        // One that registered itself and is gone is as unknown as if it had never been.
        let gone = |app: &App| {
            app.registration.is_by_itself() && matches!(app.status, AppStatus::Deleted { .. })
        };
        let app = app.filter(|app| app.kind.uses_consent() && !gone(app));
        Ok(app.filter(|_| !DocumentUrl::is_meant(client_id)).map(|app| App::clone(&app)))
    }

    fn pushed(&self, app: &App, reference: &str) -> Result<Option<AuthorizationRequest>, Fault> {
        let Some(token) = PlainToken::parse(TokenKind::PushedRequest, reference) else {
            return Ok(None);
        };
        self.store.read(|reader| {
            let row = reader.get::<PushedRequests>(token.id())?;
            let good = row.filter(|row| {
                self.keys.matches(&row.hash, &token)
                    && self.now() < row.expires_at
                    && is_of(&row.request, app)
                    && row.request.app_generation == app.generation
            });
            let answered = reader.has::<AnsweredRequests>(token.id())?;
            // The life of a page starts when it is opened. However many are, one of them is answered.
            let opened =
                |row: PushedRequest| AuthorizationRequest { at: self.now(), ..row.request };
            Ok(good.filter(|_| !answered).map(opened))
        })
    }

    /// The checks, in order.
    fn check_for(
        &self,
        surfaces: &Surfaces,
        app: &App,
        parameters: &AuthorizationParameters,
    ) -> Outcome<AuthorizationRequest, AuthorizationRefusal> {
        let presented = parameters.redirect_uri.as_deref();
        let Some(redirect) = VerifiedRedirect::prove(&app.redirect_uris, presented) else {
            let why = AuthorizationRefusal::Page(PageRefusal::RedirectMismatch, Some(app.id));
            return Err(Failure::Refused(why));
        };
        let refused = |why| {
            Failure::Refused(AuthorizationRefusal::Redirect {
                redirect: redirect.clone(),
                state: parameters.state.clone(),
                why,
                app: app.id,
            })
        };
        check_form(parameters).map_err(refused)?;
        check_active(app, self.now()).map_err(refused)?;
        let issuer = self.settings.issuer.as_str();
        let targets = Targets::read(issuer, &parameters.resources)
            .map_err(|_| refused(RequestRefusal::Target))?;
        let must_prove = app.must_use_pkce() || targets.mcp.is_some();
        let challenge = check_challenge(parameters, must_prove).map_err(refused)?;
        let defaults = || self.default_scopes(surfaces, app, &targets);
        let scopes = self.scopes_asked(parameters.scope.as_deref(), defaults).map_err(refused)?;
        Ok(AuthorizationRequest {
            id: RawId::make(self.now(), self.entropy.as_ref()),
            app: app.id,
            introduction: Introduction::of(app),
            app_generation: app.generation,
            redirect: redirect.clone(),
            state: parameters.state.clone(),
            scopes,
            targets,
            challenge,
            at: self.now(),
        })
    }

    /// Unknown scopes are dropped while a known one remains.
    fn scopes_asked(
        &self,
        scope: Option<&str>,
        defaults: impl FnOnce() -> ScopeSet,
    ) -> Result<ScopeSet, RequestRefusal> {
        let asked = match super::scopes_asked(scope) {
            Some(named) => self.catalogue.known(&named.names),
            None => defaults(),
        };
        if asked.is_empty() { Err(RequestRefusal::Scope) } else { Ok(asked) }
    }

    /// Without `scope`, what the app was registered for; an app that may ask for anything gets what
    /// only reads: of the MCP, if it named that and nothing else, or of everything.
    fn default_scopes(&self, surfaces: &Surfaces, app: &App, targets: &Targets) -> ScopeSet {
        let alone = targets.mcp.is_some() && !targets.api;
        let mcp = surfaces.mcp.as_ref().filter(|scopes| alone && !scopes.is_empty());
        match (&app.delegation, mcp) {
            (Delegation::Only(scopes), _) => self.catalogue.known(scopes),
            (Delegation::Anything, Some(scopes)) => surfaces::defaults(&self.catalogue, scopes),
            (Delegation::Anything, None) => self.reading(),
        }
    }

    fn reading(&self) -> ScopeSet {
        let permissions = self.catalogue.permissions().iter();
        permissions
            .filter(|permission| permission.access == Access::Read)
            .map(|permission| permission.name.clone())
            .collect()
    }
}

/// Whether the request is this client's. One of which nothing is kept is told by its document alone: its
/// id was drawn for each request anew.
fn is_of(request: &AuthorizationRequest, app: &App) -> bool {
    match &request.introduction {
        Some(introduction) => introduction.url.as_str() == app.client_id(),
        None => request.app == app.id,
    }
}

/// What may have become wrong since the request was pushed, or stands beside its reference. All
/// else that stands there counts for nothing (RFC 9126 section 4, RFC 9101 section 6.3).
fn check_opening(
    parameters: &AuthorizationParameters,
    app: &App,
    now: Timestamp,
) -> Result<(), RequestRefusal> {
    check_whole(parameters)?;
    check_active(app, now)
}

/// No parameter stands twice, and no request object stands anywhere.
fn check_whole(parameters: &AuthorizationParameters) -> Result<(), RequestRefusal> {
    if parameters.repeated {
        return Err(RequestRefusal::Malformed);
    }
    if parameters.request_object {
        return Err(RequestRefusal::RequestObject);
    }
    Ok(())
}

fn check_form(parameters: &AuthorizationParameters) -> Result<(), RequestRefusal> {
    check_whole(parameters)?;
    if parameters.request_uri.is_some() {
        return Err(RequestRefusal::RequestUri);
    }
    match parameters.response_type.as_deref() {
        Some("code") => {}
        Some(_) => return Err(RequestRefusal::ResponseType),
        None => return Err(RequestRefusal::Malformed),
    }
    if parameters.response_mode.as_deref().is_some_and(|mode| mode != "query") {
        return Err(RequestRefusal::Malformed);
    }
    let prompts = parameters.prompt.as_deref().unwrap_or_default();
    if prompts.split(' ').any(|prompt| prompt == "none") {
        return Err(RequestRefusal::PromptNone);
    }
    Ok(())
}

fn check_active(app: &App, now: Timestamp) -> Result<(), RequestRefusal> {
    let over = app.expires_at.is_some_and(|end| now >= end);
    if app.status != AppStatus::Active || over {
        return Err(RequestRefusal::ClientInactive);
    }
    Ok(())
}

fn check_challenge(
    parameters: &AuthorizationParameters,
    required: bool,
) -> Result<Option<Challenge>, RequestRefusal> {
    match (&parameters.challenge, parameters.challenge_method.as_deref()) {
        (Some(challenge), Some("S256")) => {
            Challenge::parse(challenge).map(Some).ok_or(RequestRefusal::Malformed)
        }
        // Without a method, `plain` is meant (RFC 7636 section 4.3), which is refused.
        (Some(_), _) => Err(RequestRefusal::ChallengeMethod),
        (None, Some(_)) => Err(RequestRefusal::ChallengeMissing),
        (None, None) if required => Err(RequestRefusal::ChallengeMissing),
        (None, None) => Ok(None),
    }
}
