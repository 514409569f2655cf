//! The house from the inside: the real router and store (in memory, or in files where that matters),
//! with a clock that stands still until it is moved. One module for each door or promise; tests are sentences.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod authorization_errors;
mod authorization_response;
mod authorize;
mod bad_input;
mod broken_store;
mod client_authentication;
mod client_credentials;
mod consent;
mod consent_page;
mod cors;
mod cross_origin;
mod gateway;
mod harness;
mod introspect;
mod metadata;
mod obstructed;
mod par;
mod pkce;
mod races;
mod redeem;
mod redirect_uris;
mod refresh;
mod refresh_again;
mod resources;
mod restart;
mod revoke;
mod setup;
mod sign_in;
mod token_answer;
mod token_errors;
mod unavailable;
