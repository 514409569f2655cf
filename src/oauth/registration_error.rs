//! Refused registrations on the wire (RFC 7591 section 3.2.2, RFC 7592 section 2).

use axum::response::Response;
use http::Extensions;
use http::HeaderValue;
use http::StatusCode;
use http::header::RETRY_AFTER;
use http::header::WWW_AUTHENTICATE;
use serde_json::json;

use crate::domain::registration_request::NotARegistration;
use crate::http::json;
use crate::http::plain;
use crate::ops::registration::RegistrationRefusal;

const DESCRIPTION_OF_REDIRECTS: &str =
    "Clients with these redirect URIs may not register here. Ask the administrator of this server.";

/// The response to `why`, never cached; nothing that the caller sent is in it.
pub(super) fn answer(why: RegistrationRefusal, request: &Extensions) -> Response {
    match why {
        RegistrationRefusal::Off => {
            let text = "Clients cannot register themselves here.";
            plain::answer(StatusCode::NOT_FOUND, text, request.get().copied())
        }
        RegistrationRefusal::Unusable(what) => bad(code(what), &what.to_string()),
        RegistrationRefusal::RedirectNotAllowed => {
            bad("invalid_redirect_uri", DESCRIPTION_OF_REDIRECTS)
        }
        RegistrationRefusal::NotItsOwn => bad(
            "invalid_client_metadata",
            "An update names its own client_id, repeats client_secret only unchanged, and leaves out what the server sets.",
        ),
        RegistrationRefusal::TypeChanged => bad(
            "invalid_client_metadata",
            "A client cannot change whether it has a secret, keys or neither. Register anew.",
        ),
        RegistrationRefusal::NoInitialToken => {
            challenge("An initial access token is required.", false)
        }
        RegistrationRefusal::InitialTokenRefused => {
            challenge("The initial access token is unknown, expired, used up or revoked.", true)
        }
        RegistrationRefusal::NotItsToken => challenge(
            "The registration access token is missing, is not this client's, or the client is gone.",
            true,
        ),
        RegistrationRefusal::TooFast(wait) | RegistrationRefusal::Full(wait) => {
            too_many(wait.as_secs().max(1))
        }
        RegistrationRefusal::ChangedTooOften => too_many(3600),
    }
}

const fn code(what: NotARegistration) -> &'static str {
    if what.is_about_redirects() { "invalid_redirect_uri" } else { "invalid_client_metadata" }
}

fn body(status: StatusCode, code: &str, description: &str) -> Response {
    json::answer(status, &json!({"error": code, "error_description": description}))
}

fn bad(code: &str, description: &str) -> Response {
    body(StatusCode::BAD_REQUEST, code, description)
}

/// RFC 6750 section 3: no error code where no token came.
fn challenge(description: &str, wrong: bool) -> Response {
    let mut response = body(StatusCode::UNAUTHORIZED, "invalid_token", description);
    let challenge = if wrong {
        "Bearer realm=\"countersign\", error=\"invalid_token\""
    } else {
        "Bearer realm=\"countersign\""
    };
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

fn too_many(seconds: u64) -> Response {
    let description = "Too many clients registered. Try again later.";
    let mut response = body(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", description);
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}
