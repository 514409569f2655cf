//! Floor 2: the rules. Pure: no I/O, no async, no HTTP, no store, no ambient time.

pub mod app;
pub mod attempts;
pub mod audit;
pub mod catalogue;
pub mod company;
pub mod connection;
pub mod consent;
pub mod gate;
pub mod issuer;
pub mod lifetimes;
pub mod link;
pub mod mcp_surface;
pub mod permission_set;
pub mod pkce;
pub mod rate;
pub mod redirect_uri;
pub mod registration;
pub mod repeated_challenges;
pub mod resource;
pub mod role;
pub mod scope;
pub mod session;
pub mod surface;
pub mod token;
pub mod user;
pub mod wrong_secrets;
