//! A house of its own for each test, with the sandbox's people and apps in it, and a browser.

mod asking;
pub mod authenticator;
mod browser;
mod elsewhere;
mod house;
mod leading;
pub mod mcp;
mod mcp_asking;
mod recorder;
mod signer;
mod site;
mod wire;

use std::time::Instant;

use countersign::domain::audit::Origin;
use countersign::domain::browser::BrowserKind;

pub use authenticator::Authenticator;
pub use browser::Browser;
pub use browser::hidden_fields;
pub use browser::listed_scopes;
pub use browser::offered_places;
pub use elsewhere::Elsewhere;
pub use elsewhere::Page;
pub use elsewhere::Pages;
pub use elsewhere::Resolver;
pub use house::House;
pub use house::defaults;
pub use recorder::Recorder;
pub use recorder::Reply;
pub use signer::Signer;
pub use site::Raw;
pub use site::Site;
pub use site::tls;
pub use wire::Answer;
pub use wire::basic;
pub use wire::encoded;
pub use wire::posting;
pub use wire::request;
pub use wire::send;

/// Where acts of the operator at the machine come from.
pub const MACHINE: Origin =
    Origin { reference: None, address: None, browser: BrowserKind::UNKNOWN, command_line: None };

pub const ISSUER: &str = "https://cs.example";
pub const CALLBACK: &str = "http://127.0.0.1:5555/callback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// In the data folder of a house on disk.
pub const CONFIG_FILE: &str = "config.toml";

/// The moment, for telling how long something takes.
#[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is tested")]
pub fn stopwatch() -> Instant {
    Instant::now()
}
