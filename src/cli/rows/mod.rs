//! What commands answer with `--json`: the member names are kept, members may be added.
//!
//! Companies and firms are named by slug, users by e-mail address, apps by client id. Times are
//! RFC 3339 in UTC. A member that has no value is `null`.

pub mod app;
pub mod audit;
pub mod certificate;
pub mod company;
pub mod connection;
pub mod firm;
pub mod link;
pub mod membership;
pub mod reach;
pub mod registration_token;
pub mod role;
pub mod token;
pub mod user;
pub mod webhook;

use serde::Serialize;

use crate::base::clock::Timestamp;

/// The text of a value that serialises to one word.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}

fn yes_no(yes: bool) -> String {
    String::from(if yes { "yes" } else { "no" })
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}
