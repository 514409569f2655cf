//! Refusals in the shape of the API: `error` and `message`, with the challenge of RFC 6750.

use axum::Json;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header::ALLOW;
use http::header::CACHE_CONTROL;
use http::header::RETRY_AFTER;
use serde_json::json;

use crate::domain::gate::GateRefusal;
use crate::gateway::challenge::Challenge;
use crate::ops::check_call::CallRefusal;
use crate::ops::failure::Fault;

/// A refusal.
pub(super) fn refuse(status: StatusCode, error: &str, message: &str) -> Response {
    let body = Json(json!({"error": error, "message": message}));
    (status, [(CACHE_CONTROL, "no-store")], body).into_response()
}

/// No token was sent: the challenge says what it would take, and carries no error code (RFC 6750
/// section 3.1).
pub(super) fn no_token(challenge: &Challenge) -> Response {
    let message = "Send an access token in the Authorization header: Bearer <token>.";
    challenge.on(refuse(StatusCode::UNAUTHORIZED, "unauthorized", message), None)
}

/// More than one token was sent, or none that can be read (RFC 6750 section 3.1).
pub(super) fn malformed_token(challenge: &Challenge) -> Response {
    let message = "Send one Authorization header: Bearer <token>.";
    let response = refuse(StatusCode::BAD_REQUEST, "invalid_request", message);
    challenge.on(response, Some("invalid_request"))
}

fn bad_token(challenge: &Challenge) -> Response {
    let message = "The access token is unknown, expired or revoked, or for another resource.";
    let response = refuse(StatusCode::UNAUTHORIZED, "unauthorized", message);
    challenge.on(response, Some("invalid_token"))
}

/// The token lacks what the challenge names (RFC 6750 section 3.1).
pub(super) fn missing_scope(challenge: &Challenge) -> Response {
    let message = format!("Missing scope: {}", challenge.scopes);
    let response = refuse(StatusCode::FORBIDDEN, "forbidden", &message);
    challenge.on(response, Some("insufficient_scope"))
}

/// A refusal of the guard.
pub(super) fn of(why: CallRefusal, challenge: &Challenge) -> Response {
    match why {
        CallRefusal::TokenUnknown
        | CallRefusal::TokenExpired
        | CallRefusal::TokenRevoked
        | CallRefusal::OtherAudience => bad_token(challenge),
        CallRefusal::CompanyNotNamed => refuse(
            StatusCode::BAD_REQUEST,
            "company_required",
            "This token is for a firm: name a company by path (/companies/{id}/…) or by the header X-Company-Id.",
        ),
        // A company that blocks the app is as far away as one that does not exist.
        CallRefusal::CompanyOutOfReach | CallRefusal::Gate(GateRefusal::BlockedByCompany) => {
            refuse(
                StatusCode::FORBIDDEN,
                "forbidden",
                "This token does not reach the company that the call is about.",
            )
        }
        CallRefusal::Gate(why) => gate(why, challenge),
    }
}

fn gate(why: GateRefusal, challenge: &Challenge) -> Response {
    match why {
        GateRefusal::AppRevoked
        | GateRefusal::AppDeleted
        | GateRefusal::AppExpired
        | GateRefusal::NoDelegator
        | GateRefusal::PersonDisabled
        | GateRefusal::PlaceGone => bad_token(challenge),
        GateRefusal::NothingAllowed | GateRefusal::NoRole if !challenge.scopes.is_empty() => {
            missing_scope(challenge)
        }
        GateRefusal::NothingAllowed
        | GateRefusal::NoRole
        | GateRefusal::CompanySuspended
        | GateRefusal::BlockedByCompany
        | GateRefusal::WrongEnvironment
        | GateRefusal::ServesElsewhere => refuse(
            StatusCode::FORBIDDEN,
            "forbidden",
            "The person or company behind this token no longer allows this.",
        ),
    }
}

/// The token called more often than it may.
pub(super) fn too_many_calls() -> Response {
    let message = "Rate limit exceeded. Wait as long as retry-after says, then try again.";
    refuse(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
}

/// What is not listed is not there.
pub(super) fn no_such_address() -> Response {
    refuse(StatusCode::NOT_FOUND, "not_found", "There is no such address in this API.")
}

/// The address takes other methods (RFC 9110 section 15.5.6).
pub(super) fn other_method(allowed: &[&str]) -> Response {
    let message = "This address does not take that method.";
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
    let head = allowed.contains(&"GET").then_some("HEAD");
    let allowed: Vec<&str> = allowed.iter().copied().chain(head).collect();
    if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

/// We failed: the call did not go through.
pub(super) fn failed(fault: &Fault) -> Response {
    tracing::error!(%fault, "a call failed");
    let message = "The service is not available at the moment. Try again shortly.";
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
