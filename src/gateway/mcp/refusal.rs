//! Refusals of a message that was read, or should have been: errors of JSON-RPC, as every client
//! library reads them, under the HTTP status and challenge that OAuth has for them.

use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header::ALLOW;
use http::header::CONTENT_LENGTH;
use serde::Serialize;
use serde_json::Value;

use crate::gateway::answer;
use crate::gateway::mcp::message::Unreadable;
use crate::gateway::mcp::needs::Denied;
use crate::http::json;

/// The body is no JSON.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;
const INTERNAL: i32 = -32603;
/// MCP 2026-07-28.
const HEADER_MISMATCH: i32 = -32020;
/// Of our own, as is what follows; below −32000 as JSON-RPC leaves it to servers.
const SESSION_UNKNOWN: i32 = -32001;
const FORBIDDEN: i32 = -32003;

#[derive(Serialize)]
struct Refusal<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: i32,
    message: &'a str,
}

fn refuse(status: StatusCode, id: Option<&Value>, code: i32, message: &str) -> Response {
    json::answer(status, &Refusal { jsonrpc: "2.0", id, error: Error { code, message } })
}

/// There is no such address.
pub(super) fn nothing() -> Response {
    answer::refuse(StatusCode::NOT_FOUND, "not_found", "There is no such address.")
}

/// The address takes other methods.
pub(super) fn other_method() -> Response {
    let mut response = answer::other_method(&[]);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST, GET, DELETE, OPTIONS"));
    response
}

/// The body is of another kind.
pub(super) fn other_media() -> Response {
    let message = "Send one JSON-RPC message as application/json, not encoded.";
    refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, INVALID_REQUEST, message)
}

/// The body was not received whole.
pub(super) fn cut_short() -> Response {
    let message = "The message is too long, or did not arrive.";
    refuse(StatusCode::PAYLOAD_TOO_LARGE, None, INVALID_REQUEST, message)
}

/// The body is no message.
pub(super) fn unreadable(why: &Unreadable) -> Response {
    let (code, message) = match why {
        Unreadable::NotJson => (PARSE_ERROR, "This is no JSON, or a member of it stands twice."),
        Unreadable::Batch => (INVALID_REQUEST, "Send one message at a time, not a batch."),
        Unreadable::NotAMessage => (INVALID_REQUEST, "This is no JSON-RPC 2.0 message of MCP."),
    };
    refuse(StatusCode::BAD_REQUEST, None, code, message)
}

/// A header says something else than the message.
pub(super) fn mismatch(id: Option<&Value>) -> Response {
    let message = "An Mcp- header says something else than the message.";
    refuse(StatusCode::BAD_REQUEST, id, HEADER_MISMATCH, message)
}

/// Nobody may send this. Clients before 2026-07-28 take a status 404 for the end of their session, so
/// they are told of an unknown method by the error alone.
pub(super) fn denied(why: Denied, id: Option<&Value>, stateless: bool) -> Response {
    match why {
        Denied::Unlisted => {
            let message = "There is no such tool, resource or prompt.";
            refuse(StatusCode::FORBIDDEN, id, INVALID_PARAMS, message)
        }
        Denied::Method => {
            let status = if stateless { StatusCode::NOT_FOUND } else { StatusCode::OK };
            refuse(status, id, METHOD_NOT_FOUND, "This method cannot be used here.")
        }
        Denied::Parameters => {
            let message = "The parameters do not name what is meant, or not in its plain form.";
            refuse(StatusCode::BAD_REQUEST, id, INVALID_PARAMS, message)
        }
    }
}

/// The session is somebody else's, or none: the client begins anew.
pub(super) fn foreign_session(id: Option<&Value>) -> Response {
    let message = "There is no such session; initialize again.";
    refuse(StatusCode::NOT_FOUND, id, SESSION_UNKNOWN, message)
}

/// A refusal of the guard, its headers kept, for a message that was read.
pub(super) fn as_error(refused: Response, id: Option<&Value>, message: &str) -> Response {
    let status = refused.status();
    let (mut parts, _) = refused.into_parts();
    let body = refuse(status, id, FORBIDDEN, message).into_body();
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, body)
}

/// The MCP server's answer cannot be understood.
pub(super) fn not_understood(id: Option<&Value>) -> Response {
    tracing::warn!("an answer of the MCP server cannot be understood");
    let message = "The MCP server's answer cannot be understood.";
    refuse(StatusCode::BAD_GATEWAY, id, INTERNAL, message)
}
