//! Floor 6: the sandbox's sample ledger, so that a call with a token has something to reach, and
//! an MCP server over the same books.
//!
//! In memory and invented: the same books at every start, and drafts that a restart forgets. Both
//! trust their caller; who may call is the gateway's business, by [`ledger::ROUTES`], [`mcp::TOOLS`],
//! [`mcp::RESOURCES`] and [`mcp::PROMPTS`].

pub mod ledger;
pub mod mcp;

mod books;
mod drafts;
mod money;
mod pages;
mod samples;

#[cfg(test)]
mod tests;

pub use ledger::Ledger;
pub use mcp::McpServer;
