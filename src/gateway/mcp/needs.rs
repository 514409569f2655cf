//! What a message needs. What the surface does not list is denied.

use serde_json::Value;

use crate::domain::mcp_surface::McpSurface;
use crate::domain::mcp_surface::UnknownTools;
use crate::domain::scope::ScopeSet;
use crate::gateway::mcp::message::Message;

/// Why nobody may send this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// A tool, resource or prompt that is not listed.
    Unlisted,
    /// A method that the gateway does not know, and so cannot guard.
    Method,
    /// The parameters do not say what is meant, or not in its plain form.
    Parameters,
}

/// Methods for which any live token will do.
const FREE: [&str; 8] = [
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "logging/setLevel",
];

/// Methods whose answer lists what there is.
pub(super) const LISTS: [&str; 4] =
    ["tools/list", "resources/list", "resources/templates/list", "prompts/list"];

/// The scopes that `message` needs, all of them.
pub(super) fn of(surface: &McpSurface, message: &Message) -> Result<ScopeSet, Denied> {
    // An answer goes to whoever asked: the session is the person's own.
    let Some(method) = message.method() else { return Ok(ScopeSet::default()) };
    let named = || message.text("name").ok_or(Denied::Parameters);
    match method {
        "tools/call" => tool(surface, named()?),
        "prompts/get" => prompt(surface, named()?),
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => {
            resource(surface, message.text("uri").ok_or(Denied::Parameters)?)
        }
        "completion/complete" => completion(surface, message),
        "subscriptions/listen" => listening(surface, message),
        free if FREE.contains(&free) || free.starts_with("notifications/") => {
            Ok(ScopeSet::default())
        }
        _ => Err(Denied::Method),
    }
}

fn tool(surface: &McpSurface, name: &str) -> Result<ScopeSet, Denied> {
    match (surface.tool(name), surface.unknown_tools) {
        (Some(tool), _) => Ok(tool.scopes.clone()),
        (None, UnknownTools::Allow) => Ok(ScopeSet::default()),
        (None, UnknownTools::Deny) => Err(Denied::Unlisted),
    }
}

fn prompt(surface: &McpSurface, name: &str) -> Result<ScopeSet, Denied> {
    surface.prompt(name).map(|prompt| prompt.scopes.clone()).ok_or(Denied::Unlisted)
}

fn resource(surface: &McpSurface, uri: &str) -> Result<ScopeSet, Denied> {
    if !is_plain(uri) {
        return Err(Denied::Parameters);
    }
    surface.resource(uri).map(|resource| resource.scopes.clone()).ok_or(Denied::Unlisted)
}

fn completion(surface: &McpSurface, message: &Message) -> Result<ScopeSet, Denied> {
    let text = |name| message.param("ref")?.get(name)?.as_str();
    match (text("type"), text("name"), text("uri")) {
        (Some("ref/prompt"), Some(name), _) => prompt(surface, name),
        (Some("ref/resource"), _, Some(uri)) => resource(surface, uri),
        _ => Err(Denied::Parameters),
    }
}

/// Every resource that the stream would tell of.
fn listening(surface: &McpSurface, message: &Message) -> Result<ScopeSet, Denied> {
    let asked = message.param("notifications").and_then(|asked| asked.get("resourceSubscriptions"));
    let mut needed = ScopeSet::default();
    match asked {
        None => {}
        Some(Value::Array(uris)) => {
            for uri in uris {
                let uri = uri.as_str().ok_or(Denied::Parameters)?;
                needed = needed.union(&resource(surface, uri)?);
            }
        }
        Some(_) => return Err(Denied::Parameters),
    }
    Ok(needed)
}

/// Whether a URI stands in the form that a reader who normalises it (RFC 3986 section 6) leaves as it
/// is: else a pattern would see another resource than the server.
fn is_plain(uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or_default();
    let segments = uri.split(['/', '?', '#']);
    !scheme.bytes().any(|byte| byte.is_ascii_uppercase())
        && !uri.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\')
        && !segments.into_iter().any(|segment| segment == "." || segment == "..")
        && escapes_are_plain(uri)
}

/// Only what must be escaped is, and no separator.
fn escapes_are_plain(uri: &str) -> bool {
    uri.split('%').skip(1).all(|behind| {
        let code = behind.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        let sound = behind.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        code.filter(|_| sound).is_some_and(|byte| {
            !byte.is_ascii_alphanumeric()
                && !byte.is_ascii_control()
                && !b"-._~/\\%".contains(&byte)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_that_a_server_could_read_as_another_is_not_plain() {
        for plain in
            ["l://a/b", "l://a/{id}", "file:///a%20b", "l://a/b?c=d", "l://a..b/.c", "urn:x:y"]
        {
            assert!(is_plain(plain), "{plain}");
        }
        for other in [
            "L://a",
            "l://a/../b",
            "l://a/./b",
            "l://a/..",
            "l://a/%2e%2e/b",
            "l://a%2Fb",
            "l://a%5cb",
            "l://a%00",
            "l://%61",
            "l://a%",
            "l://a%2",
            "l://a%zz",
            "l://a%+1",
            "l://a%252e",
            "l://a b",
            "l://a\\b",
            "l://a\nb",
            "l://a?x/..",
        ] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
