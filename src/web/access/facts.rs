//! What pages tell of how this installation is reached.

use std::sync::Arc;

use crate::domain::mcp_surface::McpSurface;
use crate::web::access::reach::Checks;

/// Facts that do not change while the server runs.
#[derive(Clone, Default)]
pub struct ConnectFacts {
    /// What the companies' MCP servers offer, if there are any.
    pub mcp: Option<Arc<McpSurface>>,
    /// The certificate comes from an authority of our own.
    pub private_ca: bool,
    /// What was found of whether it can be reached.
    pub checks: Arc<Checks>,
}
