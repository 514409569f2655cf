//! The headers that repeat what a message says (MCP 2026-07-28, Streamable HTTP, request metadata).
//! Something behind us may read them instead of the message, so they must say the same.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use serde_json::Value;

use crate::gateway::mcp::message::Message;

/// The version that a client speaks.
pub(super) const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const PARAMETER: &str = "mcp-param-";
const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// A header says something else than the message, or cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Differs;

/// Whether the client speaks a version without sessions.
pub(super) fn is_stateless(headers: &HeaderMap) -> bool {
    let version = headers.get(VERSION).and_then(|value| value.to_str().ok());
    version.is_some_and(|version| version.len() == 10 && version >= "2026-07-28")
}

/// Compares what is there; what is not there cannot mislead, and is the server's to demand.
pub(super) fn check(headers: &HeaderMap, message: &Message) -> Result<(), Differs> {
    if let Some(method) = one(headers, &METHOD)?
        && message.method() != Some(method.to_str().map_err(|_| Differs)?)
    {
        return Err(Differs);
    }
    if let Some(name) = one(headers, &NAME)?
        && named(message) != Some(decoded(name)?.as_str())
    {
        return Err(Differs);
    }
    let meta = message.param("_meta").and_then(|meta| meta.get(META_VERSION));
    if let (Some(version), Some(meta)) = (one(headers, &VERSION)?, meta)
        && meta.as_str() != version.to_str().ok()
    {
        return Err(Differs);
    }
    let parameters = headers.keys().filter(|name| name.as_str().starts_with(PARAMETER));
    for name in parameters {
        let Some(value) = one(headers, name)? else { continue };
        let value = decoded(value)?;
        let called = message.method() == Some("tools/call");
        let arguments = message.param("arguments").filter(|_| called);
        // Which argument it repeats only the tool's schema says; it must repeat one.
        if !arguments.is_some_and(|arguments| holds(arguments, &value)) {
            return Err(Differs);
        }
    }
    Ok(())
}

fn named(message: &Message) -> Option<&str> {
    match message.method()? {
        "tools/call" | "prompts/get" => message.text("name"),
        method if method.starts_with("resources/") => message.text("uri"),
        _ => message.text("name").or_else(|| message.text("uri")),
    }
}

fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h HeaderValue>, Differs> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next();
    if lines.next().is_some() { Err(Differs) } else { Ok(first) }
}

/// A value as it was before it became a header.
fn decoded(value: &HeaderValue) -> Result<String, Differs> {
    let text = value.to_str().map_err(|_| Differs)?;
    let encoded = text.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let Some(encoded) = encoded else { return Ok(text.to_owned()) };
    let bytes = data_encoding::BASE64.decode(encoded.as_bytes()).map_err(|_| Differs)?;
    String::from_utf8(bytes).map_err(|_| Differs)
}

/// Whether some argument, however deep in objects, has this text.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::Object(members) => members.values().any(|member| holds(member, text)),
        Value::String(own) => own == text,
        Value::Bool(own) => own.to_string() == text,
        Value::Number(own) => {
            own.to_string() == text || own.as_f64().is_some_and(|own| text.parse() == Ok(own))
        }
        Value::Null | Value::Array(_) => false,
    }
}
