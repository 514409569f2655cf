//! The registration endpoint (RFC 7591 section 3) and the one where a client manages what it
//! registered (RFC 7592 section 2). Both are there only while the policy lets somebody register.

use axum::extract::FromRequest;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::Extensions;
use http::HeaderMap;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use serde::Serialize;

use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::client_metadata::ClientMetadata;
use crate::domain::registration_request::NotARegistration;
use crate::http::json;
use crate::http::origin;
use crate::http::paths;
use crate::oauth::OauthState;
use crate::oauth::error;
use crate::oauth::registration_error;
use crate::ops::Ops;
use crate::ops::failure::Failure;
use crate::ops::registration::Refused;
use crate::ops::registration::RegisteredClient;
use crate::ops::registration::RegistrationRefusal;

/// A request of a client about itself.
pub(super) struct Asked {
    body: bytes::Bytes,
    is_json: bool,
    bearer: Option<String>,
    origin: Origin,
    extensions: Extensions,
}

impl FromRequest<OauthState> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, _: &OauthState) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        // Bounded by the middleware, like every body, which also answers for one that is cut.
        let malformed = |_| registration_error::answer(unusable(), &head.extensions);
        let body = body.collect().await.map_err(malformed)?.to_bytes();
        Ok(Self {
            body,
            is_json: is_json(&head.headers),
            bearer: bearer(&head.headers),
            origin: origin::of(&head.extensions),
            extensions: head.extensions,
        })
    }
}

const fn unusable() -> RegistrationRefusal {
    RegistrationRefusal::Unusable(NotARegistration::Malformed)
}

impl Asked {
    /// The body, if it is said to be JSON. Any other is as good as none.
    fn json(&self) -> &[u8] {
        if self.is_json { &self.body } else { b"" }
    }

    async fn refuse(&self, ops: &Ops, failure: Failure<Refused>) -> Response {
        match failure {
            Failure::Refused((why, client)) => {
                let event = ops.event(EventKind::RegistrationRefused, self.origin);
                let event = event.cause(why.cause());
                ops.note_refusal(match client {
                    Some(client) => event.app(client),
                    None => event,
                })
                .await;
                registration_error::answer(why, &self.extensions)
            }
            Failure::Fault(fault) => error::failed(&fault),
        }
    }
}

/// Registers a client.
pub(super) async fn create(State(state): State<OauthState>, asked: Asked) -> Response {
    let token = asked.bearer.as_deref();
    match state.ops.register_client(asked.json(), token, asked.origin).await {
        Ok(client) => respond(&state.ops, StatusCode::CREATED, &client),
        Err(failure) => asked.refuse(&state.ops, failure.map(|why| (why, None))).await,
    }
}

/// Tells a client what it registered.
pub(super) async fn read(
    State(state): State<OauthState>,
    Path(client): Path<String>,
    asked: Asked,
) -> Response {
    match state.ops.read_registration(&client, asked.bearer.as_deref()) {
        Ok(client) => respond(&state.ops, StatusCode::OK, &client),
        Err(failure) => asked.refuse(&state.ops, failure).await,
    }
}

/// Replaces what a client registered.
pub(super) async fn update(
    State(state): State<OauthState>,
    Path(client): Path<String>,
    asked: Asked,
) -> Response {
    let token = asked.bearer.as_deref();
    match state.ops.update_registration(&client, token, asked.json(), asked.origin).await {
        Ok(client) => respond(&state.ops, StatusCode::OK, &client),
        Err(failure) => asked.refuse(&state.ops, failure).await,
    }
}

/// Deletes a registration.
pub(super) async fn delete(
    State(state): State<OauthState>,
    Path(client): Path<String>,
    asked: Asked,
) -> Response {
    let token = asked.bearer.as_deref();
    match state.ops.delete_registration(&client, token, asked.origin).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failure) => asked.refuse(&state.ops, failure).await,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

/// The bearer token; none if the header stands twice.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// RFC 7591 section 3.2.1 and RFC 7592 section 3.
#[derive(Serialize)]
struct Body<'a> {
    client_id: String,
    client_id_issued_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Whenever there is a secret; 0: it does not end by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u64>,
    registration_client_uri: String,
    registration_access_token: &'a str,
    grant_types: [&'static str; 2],
    response_types: [&'static str; 1],
    #[serde(flatten)]
    metadata: &'a ClientMetadata,
}

fn respond(ops: &Ops, status: StatusCode, client: &RegisteredClient) -> Response {
    let id = client.app.client_id();
    let has_secret = client.metadata.token_endpoint_auth_method.has_secret();
    let body = Body {
        client_id_issued_at: client.app.created_at.seconds(),
        client_secret: client.secret.as_ref().map(|secret| secret.expose()),
        client_secret_expires_at: has_secret.then_some(0),
        registration_client_uri: ops.settings().issuer.url(&paths::registration(&id)),
        registration_access_token: client.access.expose(),
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        metadata: &client.metadata,
        client_id: id,
    };
    json::answer(status, &body)
}
