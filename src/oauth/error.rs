//! Errors on the wire (RFC 6749 section 5.2): a code and a constant description. The exact cause
//! is for the Activity page; the caller never sees it.

use axum::Json;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header::RETRY_AFTER;
use http::header::WWW_AUTHENTICATE;
use serde_json::json;

use crate::domain::gate::GateRefusal;
use crate::ops::authorization::RequestRefusal;
use crate::ops::failure::Fault;
use crate::ops::token_refusal::TokenRefusal;

/// An OAuth error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OauthError {
    /// The code.
    pub(super) code: &'static str,
    /// What it means, for the developer at the other end.
    pub(super) description: &'static str,
    status: StatusCode,
    basic: bool,
}

const fn bad(code: &'static str, description: &'static str) -> OauthError {
    OauthError { code, description, status: StatusCode::BAD_REQUEST, basic: false }
}

impl OauthError {
    /// A parameter is missing, repeated or malformed.
    pub(super) const MALFORMED: Self =
        bad("invalid_request", "A parameter is missing, repeated or malformed.");
    /// The client is not who it says.
    pub(super) const INVALID_CLIENT: Self = Self {
        code: "invalid_client",
        description: "Client authentication failed: unknown client, wrong or missing secret, or a client that has ended.",
        status: StatusCode::UNAUTHORIZED,
        basic: false,
    };
    /// A grant that does not exist here.
    pub(super) const UNSUPPORTED_GRANT: Self = bad(
        "unsupported_grant_type",
        "Supported are authorization_code, refresh_token and client_credentials.",
    );

    /// Another method than the endpoint takes.
    pub(super) const METHOD: Self = Self {
        status: StatusCode::METHOD_NOT_ALLOWED,
        ..bad("invalid_request", "This endpoint takes another HTTP method.")
    };

    /// With a challenge for the scheme that was used.
    pub(super) const fn with_basic(self, basic: bool) -> Self {
        Self { basic, ..self }
    }

    /// As JSON, never cached.
    pub(super) fn respond(self) -> Response {
        let body = json!({"error": self.code, "error_description": self.description});
        let mut response = (self.status, Json(body)).into_response();
        if self.basic && self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"countersign\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<TokenRefusal> for OauthError {
    fn from(why: TokenRefusal) -> Self {
        match why {
            TokenRefusal::Client(_) => Self::INVALID_CLIENT,
            TokenRefusal::GrantNotForClient => {
                bad("unauthorized_client", "This client may not use this grant type.")
            }
            TokenRefusal::SecretInBrowser => bad(
                "invalid_request",
                "A client secret must not be used from a browser: this request had an Origin header.",
            ),
            TokenRefusal::TargetUnknown | TokenRefusal::ResourceBeyondGrant => {
                bad("invalid_target", "The resource is unknown or was not granted.")
            }
            TokenRefusal::ScopeBeyondGrant => {
                bad("invalid_scope", "The scope is unknown, was not granted or is not delegated.")
            }
            TokenRefusal::CompanyOutOfReach => {
                bad("invalid_target", "The company is unknown or not within this app's reach.")
            }
            TokenRefusal::Gate(why) => why.into(),
            TokenRefusal::CodeUnknown
            | TokenRefusal::CodeOfAnotherClient
            | TokenRefusal::RedirectDiffers
            | TokenRefusal::VerifierMissing
            | TokenRefusal::VerifierWrong
            | TokenRefusal::VerifierWithoutChallenge
            | TokenRefusal::CodeExpired
            | TokenRefusal::CodeReplayed => bad(
                "invalid_grant",
                "The code is unknown, expired or used, or does not belong to this client, redirect_uri or code_verifier.",
            ),
            TokenRefusal::RefreshUnknown
            | TokenRefusal::RefreshOfAnotherClient
            | TokenRefusal::RefreshExpired
            | TokenRefusal::ConnectionEnded
            | TokenRefusal::RefreshReplayed
            | TokenRefusal::RepeatDiffers => bad(
                "invalid_grant",
                "The refresh token is unknown, expired, used or revoked, or belongs to another client. Ask for consent again.",
            ),
        }
    }
}

impl From<GateRefusal> for OauthError {
    fn from(why: GateRefusal) -> Self {
        match why {
            GateRefusal::AppRevoked
            | GateRefusal::AppDeleted
            | GateRefusal::AppExpired
            | GateRefusal::NoDelegator => Self::INVALID_CLIENT,
            GateRefusal::PersonDisabled
            | GateRefusal::PlaceGone
            | GateRefusal::CompanySuspended
            | GateRefusal::BlockedByCompany
            | GateRefusal::WrongEnvironment
            | GateRefusal::ServesElsewhere
            | GateRefusal::NoRole
            | GateRefusal::NothingAllowed => {
                bad("invalid_grant", "The person or company behind this grant no longer allows it.")
            }
        }
    }
}

impl From<RequestRefusal> for OauthError {
    fn from(why: RequestRefusal) -> Self {
        match why {
            RequestRefusal::Malformed => Self::MALFORMED,
            RequestRefusal::ResponseType => {
                bad("unsupported_response_type", "The only supported response_type is code.")
            }
            RequestRefusal::ChallengeMissing => {
                bad("invalid_request", "A PKCE code_challenge is required.")
            }
            RequestRefusal::ChallengeMethod => {
                bad("invalid_request", "The only supported code_challenge_method is S256.")
            }
            RequestRefusal::Scope => bad("invalid_scope", "None of the scopes is known here."),
            RequestRefusal::Target => bad("invalid_target", "The resource is unknown."),
            RequestRefusal::PromptNone => {
                bad("interaction_required", "Access is always approved by a person.")
            }
            RequestRefusal::RequestObject => {
                bad("request_not_supported", "The request parameter is not supported.")
            }
            RequestRefusal::RequestUri => {
                bad("invalid_request_uri", "The request_uri is not one that this server issued.")
            }
            RequestRefusal::ClientInactive => {
                bad("unauthorized_client", "This client is not active.")
            }
        }
    }
}

/// We failed: 503 when it will pass, 500 otherwise. Never a success, never a grant.
pub(super) fn failed(fault: &Fault) -> Response {
    if matches!(fault, Fault::Busy) {
        return unavailable("Too much is going on. Try again in a moment.");
    }
    tracing::error!(%fault, "a request failed");
    if fault.will_pass() {
        return unavailable("The service is not available right now. Try again in a moment.");
    }
    let broken = OauthError {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        ..bad("server_error", "Something went wrong on our side.")
    };
    broken.respond()
}

/// A client's own document or keys cannot be fetched: then nobody knows whether it is the client.
pub(super) fn unreachable() -> Response {
    unavailable("The client's metadata document or keys cannot be fetched. Try again in a moment.")
}

fn unavailable(description: &'static str) -> Response {
    let error = OauthError {
        status: StatusCode::SERVICE_UNAVAILABLE,
        ..bad("temporarily_unavailable", description)
    };
    let mut response = error.respond();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
