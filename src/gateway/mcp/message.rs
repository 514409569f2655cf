//! One JSON-RPC message of a client, as every server must read it.

use serde_json::Map;
use serde_json::Value;

use crate::gateway::mcp::strict;

/// A message that was read.
#[derive(Debug)]
pub struct Message {
    members: Map<String, Value>,
}

/// Why a body is no message.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// No JSON, or JSON that two readers could read differently.
    NotJson,
    /// Several messages at once, which the protocol no longer has.
    Batch,
    /// JSON, but no message of JSON-RPC 2.0 as MCP has it.
    NotAMessage,
}

/// The members that decide what a message does, by the object they stand in. Some servers take a name
/// in any case for one of these, so a name that is almost one of them is refused.
const TOP: &[&str] = &["jsonrpc", "id", "method", "params", "result", "error"];
const PARAMS: &[&str] = &["name", "uri", "ref", "notifications", "arguments", "_meta"];
const REF: &[&str] = &["type", "name", "uri"];
const NOTIFICATIONS: &[&str] = &["resourceSubscriptions"];

impl Message {
    /// Reads a body.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(body: &[u8]) -> Result<Self, Unreadable> {
        let members = match strict::read(body) {
            Ok(Value::Object(members)) => members,
            Ok(Value::Array(_)) => return Err(Unreadable::Batch),
            Ok(_) => return Err(Unreadable::NotAMessage),
            Err(_) => return Err(Unreadable::NotJson),
        };
        let message = Self { members };
        if message.is_plain() && message.is_well_formed() {
            Ok(message)
        } else {
            Err(Unreadable::NotAMessage)
        }
    }

    /// What it asks for; none: it answers a question of the server's.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.members.get("method").and_then(Value::as_str)
    }

    /// The id, if it has one.
    pub(super) fn id(&self) -> Option<&Value> {
        self.members.get("id")
    }

    /// A member of the parameters.
    pub(super) fn param(&self, name: &str) -> Option<&Value> {
        self.members.get("params")?.get(name)
    }

    /// A text among the parameters.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.param(name)?.as_str()
    }

    fn is_plain(&self) -> bool {
        let of = |value: Option<&Value>, known: &[&str]| {
            value.and_then(Value::as_object).is_none_or(|members| are_plain(members, known))
        };
        are_plain(&self.members, TOP)
            && of(self.members.get("params"), PARAMS)
            && of(self.param("ref"), REF)
            && of(self.param("notifications"), NOTIFICATIONS)
    }

    /// JSON-RPC 2.0, with the narrower rules of MCP: an id is a text or a whole number, parameters
    /// have names, and only notifications have no id.
    fn is_well_formed(&self) -> bool {
        let has = |name| self.members.contains_key(name);
        if self.members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return false;
        }
        if self.id().is_some_and(|id| !(id.is_string() || id.is_i64() || id.is_u64())) {
            return false;
        }
        if self.members.get("params").is_some_and(|params| !params.is_object()) {
            return false;
        }
        match self.members.get("method") {
            Some(Value::String(method)) => {
                let notifies = method.starts_with("notifications/");
                notifies != has("id") && !has("result") && !has("error")
            }
            Some(_) => false,
            None => has("result") != has("error") && (has("id") || has("error")),
        }
    }
}

/// Whether no name is one of `known` but for case.
fn are_plain(members: &Map<String, Value>, known: &[&str]) -> bool {
    members.keys().all(|name| {
        known.contains(&name.as_str()) || !known.iter().any(|known| folded(known) == folded(name))
    })
}

/// Up and down again, since some letters outside ASCII become an ASCII one only that way.
fn folded(text: &str) -> String {
    text.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Message, Unreadable> {
        Message::read(text.as_bytes())
    }

    #[test]
    fn requests_notifications_and_answers_are_read() {
        let call =
            read(r#"{"jsonrpc":"2.0","id":1,"method":"tools\u002fcall","params":{"name":"a"}}"#);
        let call = call.unwrap();
        assert_eq!((call.method(), call.text("name")), (Some("tools/call"), Some("a")));
        for fine in [
            r#"{"jsonrpc":"2.0","id":"x","method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":-9223372036854775808,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{"Name":1,"name":2}}}"#,
        ] {
            assert!(read(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn what_is_no_message_or_almost_two_is_refused() {
        assert_eq!(read("[]").unwrap_err(), Unreadable::Batch);
        assert_eq!(read("{").unwrap_err(), Unreadable::NotJson);
        for wrong in [
            "7",
            "{}",
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"notifications/x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
            r#"{"jsonrpc":"2.0","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","PARAMS":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"ref":{"name":"a","NAME":"b"}}}"#,
        ] {
            assert_eq!(read(wrong).unwrap_err(), Unreadable::NotAMessage, "{wrong}");
        }
    }
}
