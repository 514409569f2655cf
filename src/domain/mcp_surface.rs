//! What an MCP surface offers, and the scopes that each part of it needs. What is not listed is
//! denied, unless the surface says otherwise for tools.

use crate::domain::scope::ScopeSet;

/// The tools, resources and prompts of an MCP surface.
#[derive(Clone, Debug, Default)]
pub struct McpSurface {
    /// Tools; no name stands twice.
    pub tools: Vec<Tool>,
    /// Resources, by pattern; where several match, the first listed counts.
    pub resources: Vec<ResourcePattern>,
    /// Prompts, by pattern; where several match, the first listed counts.
    pub prompts: Vec<PromptPattern>,
    /// What happens to a tool that is not listed.
    pub unknown_tools: UnknownTools,
}

/// What happens to tools that are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum UnknownTools {
    /// Nobody may call one.
    #[default]
    Deny,
    /// Whoever reaches the surface may call one.
    Allow,
}

/// A tool, by its exact name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The name in `tools/call`.
    pub name: String,
    /// All of these are needed; empty: any live token will do.
    pub scopes: ScopeSet,
}

/// Resources whose URI fits a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    /// What the URI must look like.
    pub uri: Pattern,
    /// All of these are needed; empty: any live token will do.
    pub scopes: ScopeSet,
}

/// Prompts whose name fits a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptPattern {
    /// What the name must look like.
    pub name: Pattern,
    /// All of these are needed; empty: any live token will do.
    pub scopes: ScopeSet,
}

/// Text in which `*` stands for any text, also for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern that `text` writes.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether all of `text` fits. Takes time in proportion to the lengths of both, whatever they
    /// hold.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(text) = text.strip_prefix(first) else { return false };
        let (middle, last) =
            rest.rsplit_once('*').map_or(("", rest), |(middle, last)| (middle, last));
        let Some(mut text) = text.strip_suffix(last) else { return false };
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            match text.find(part) {
                Some(at) => text = text.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        true
    }
}

impl McpSurface {
    /// The tool called `name`.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The first listed pattern that `uri` fits.
    #[must_use]
    pub fn resource(&self, uri: &str) -> Option<&ResourcePattern> {
        self.resources.iter().find(|resource| resource.uri.matches(uri))
    }

    /// The first listed pattern that `name` fits.
    #[must_use]
    pub fn prompt(&self, name: &str) -> Option<&PromptPattern> {
        self.prompts.iter().find(|prompt| prompt.name.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_everything_else_for_itself() {
        let fits = |pattern: &str, text: &str| Pattern::new(pattern).matches(text);
        for (pattern, text) in [
            ("ledger://invoices", "ledger://invoices"),
            ("ledger://invoices/*", "ledger://invoices/7/lines"),
            ("ledger://invoices/*", "ledger://invoices/"),
            ("*", ""),
            ("*://*/7", "ledger://a/7"),
            ("a*b*c", "axbxbxc"),
            ("**", "x"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("ledger://invoices", "ledger://invoices/7"),
            ("ledger://invoices/*", "ledger://invoices"),
            ("ledger://*/7", "ledger://7"),
            ("a*a", "a"),
            ("a*b*c", "axc"),
            ("A", "a"),
            ("a.c", "abc"),
            ("", "a"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn only_what_is_listed_is_found() {
        let scopes = ScopeSet::parse("ledger:all");
        let surface = McpSurface {
            tools: vec![Tool { name: "list".to_owned(), scopes: ScopeSet::default() }],
            resources: vec![ResourcePattern { uri: Pattern::new("l://*"), scopes }],
            prompts: Vec::new(),
            unknown_tools: UnknownTools::Deny,
        };
        assert!(surface.tool("list").is_some() && surface.tool("lists").is_none());
        assert!(surface.resource("l://7").is_some() && surface.resource("m://7").is_none());
        assert!(surface.prompt("l").is_none());
    }

    #[test]
    fn a_part_between_stars_is_not_found_twice_in_one_place() {
        let pattern = Pattern::new("*x*x*");
        assert_eq!(pattern.as_str(), "*x*x*");
        assert!(pattern.matches("axbx") && !pattern.matches("ax"));
    }

    #[test]
    fn a_prompt_is_found_by_the_first_pattern_that_it_fits() {
        let prompt = |name: &str, scopes: &str| PromptPattern {
            name: Pattern::new(name),
            scopes: ScopeSet::parse(scopes),
        };
        let prompts = vec![prompt("close *", "books:all"), prompt("*", "books:readonly")];
        let surface = McpSurface { prompts, ..McpSurface::default() };
        let found = |name: &str| surface.prompt(name).map(|prompt| prompt.scopes.to_string());
        assert_eq!(found("close May").as_deref(), Some("books:all"));
        assert_eq!(found("open").as_deref(), Some("books:readonly"));
        assert!(McpSurface::default().prompt("open").is_none());
    }
}
