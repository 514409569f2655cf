//! Lists of tools, resources and prompts, less what this person and this app could never be granted.
//! What they could be granted but were not stays: a call of it is answered with what it takes.

use serde_json::Map;
use serde_json::Value;

use crate::domain::mcp_surface::McpSurface;
use crate::domain::mcp_surface::UnknownTools;
use crate::domain::scope::ScopeSet;

/// What may be seen.
#[derive(Clone, Debug)]
pub(super) struct Visible<'a> {
    pub surface: &'a McpSurface,
    /// All that could ever be granted, as a closure.
    pub grantable: &'a ScopeSet,
}

/// The answer is none that can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotUnderstood;

impl Visible<'_> {
    /// The message with less in its lists; none: it may go on as it is.
    pub(super) fn narrow(&self, message: &[u8]) -> Result<Option<Vec<u8>>, NotUnderstood> {
        let mut message: Value = serde_json::from_slice(message).map_err(|_| NotUnderstood)?;
        let Value::Object(members) = &mut message else { return Err(NotUnderstood) };
        let Some(Value::Object(result)) = members.get_mut("result") else { return Ok(None) };
        if !self.narrow_result(result)? {
            return Ok(None);
        }
        serde_json::to_vec(&message).map(Some).map_err(|_| NotUnderstood)
    }

    fn narrow_result(&self, result: &mut Map<String, Value>) -> Result<bool, NotUnderstood> {
        let mut changed = false;
        for list in ["tools", "resources", "resourceTemplates", "prompts"] {
            let Some(listed) = result.get_mut(list) else { continue };
            let Value::Array(items) = listed else { return Err(NotUnderstood) };
            let before = items.len();
            items.retain(|item| self.shows(list, item));
            changed |= items.len() < before;
            // No cache that others share may keep what is one person's.
            if let Some(scope) = result.get_mut("cacheScope").filter(|scope| *scope == "public") {
                *scope = "private".into();
                changed = true;
            }
        }
        Ok(changed)
    }

    fn shows(&self, list: &str, item: &Value) -> bool {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let needed = match list {
            "tools" => match self.surface.tool(text("name")) {
                Some(tool) => &tool.scopes,
                None => return self.surface.unknown_tools == UnknownTools::Allow,
            },
            "prompts" => match self.surface.prompt(text("name")) {
                Some(prompt) => &prompt.scopes,
                None => return false,
            },
            _ => {
                let uri = if list == "resources" { text("uri") } else { text("uriTemplate") };
                match self.surface.resource(uri) {
                    Some(resource) => &resource.scopes,
                    None => return false,
                }
            }
        };
        needed.is_subset(self.grantable)
    }
}
