//! The protected surfaces that are there, and the scopes that each needs: what discovery tells, and
//! what a client gets that names a surface and no scope.

use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::mcp_surface::McpSurface;
use crate::domain::resource::Resource;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;

/// The scopes of each surface; none: it is not configured.
#[derive(Clone, Debug, Default)]
pub struct Surfaces {
    /// Of the API.
    pub api: Option<ScopeSet>,
    /// Of every company's MCP.
    pub mcp: Option<ScopeSet>,
}

impl Surfaces {
    /// The scopes of the surface that `resource` is on; none: it is not configured.
    #[must_use]
    pub const fn of(&self, resource: &Resource) -> Option<&ScopeSet> {
        match resource {
            Resource::Api | Resource::ApiOf(_) => self.api.as_ref(),
            Resource::Mcp(_) => self.mcp.as_ref(),
        }
    }
}

/// All that the parts of an MCP surface need, in the order of names.
#[must_use]
pub fn scopes_of_mcp(surface: &McpSurface) -> ScopeSet {
    let tools = surface.tools.iter().map(|tool| &tool.scopes);
    let resources = surface.resources.iter().map(|resource| &resource.scopes);
    let prompts = surface.prompts.iter().map(|prompt| &prompt.scopes);
    let all = tools.chain(resources).chain(prompts);
    all.flat_map(ScopeSet::iter).cloned().collect()
}

/// What a surface gives to whoever names no scope: the scopes that only read, or all of them where
/// none does.
#[must_use]
pub fn defaults(catalogue: &Catalogue, scopes: &ScopeSet) -> ScopeSet {
    let known = catalogue.known(scopes);
    let reads = |name: &&ScopeName| {
        catalogue.permission(name).is_some_and(|permission| permission.access == Access::Read)
    };
    let reading: ScopeSet = known.iter().filter(reads).cloned().collect();
    if reading.is_empty() { known } else { reading }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::CompanyId;
    use crate::domain::mcp_surface::Tool;
    use crate::domain::samples::catalogue;
    use crate::domain::samples::raw;

    #[test]
    fn each_resource_is_on_its_own_surface() {
        let surfaces = Surfaces {
            api: Some(ScopeSet::parse("customers:all")),
            mcp: Some(ScopeSet::parse("books:readonly")),
        };
        let of_company = Resource::ApiOf(CompanyId::from_raw(raw(2)));
        let mcp = Resource::Mcp("acme".parse().unwrap());
        assert_eq!(surfaces.of(&Resource::Api), surfaces.api.as_ref());
        assert_eq!(surfaces.of(&of_company), surfaces.api.as_ref());
        assert_eq!(surfaces.of(&mcp), surfaces.mcp.as_ref());
        assert_eq!(Surfaces::default().of(&mcp), None);
    }

    #[test]
    fn whoever_names_no_scope_gets_what_only_reads_or_all_where_nothing_does() {
        let defaults = |scopes: &str| defaults(&catalogue(), &ScopeSet::parse(scopes)).to_string();
        assert_eq!(defaults("customers:all books:readonly"), "books:readonly");
        assert_eq!(defaults("customers:all"), "customers:all");
        assert_eq!(defaults("gone:all"), "");
    }

    #[test]
    fn an_mcp_surface_needs_what_its_parts_need() {
        let tool = |scopes: &str| Tool { name: String::new(), scopes: ScopeSet::parse(scopes) };
        let surface = McpSurface {
            tools: vec![tool("books:readonly"), tool("customers:all books:readonly")],
            ..McpSurface::default()
        };
        assert_eq!(scopes_of_mcp(&surface).to_string(), "books:readonly customers:all");
    }
}
