//! Every path that more than one place names.

/// Authorization endpoint.
pub const AUTHORIZE: &str = "/oauth/authorize";
/// Token endpoint.
pub const TOKEN: &str = "/oauth/token";
/// Revocation endpoint.
pub const REVOKE: &str = "/oauth/revoke";
/// Introspection endpoint.
pub const INTROSPECT: &str = "/oauth/introspect";
/// Pushed authorization request endpoint.
pub const PAR: &str = "/oauth/par";
/// Client registration endpoint (RFC 7591).
pub const REGISTER: &str = "/oauth/register";
/// Authorization server metadata (RFC 8414).
pub const METADATA: &str = "/.well-known/oauth-authorization-server";
/// The public keys of assertions (RFC 7517).
pub const KEYS: &str = "/.well-known/jwks.json";
/// The description of the API (OpenAPI).
pub const OPENAPI: &str = "/openapi.json";
/// Where a proxy asks whether a request may proceed.
pub const FORWARD_AUTH: &str = "/forward-auth";
/// What a token is for, as it can ask itself.
pub const CONNECTIONS: &str = "/connections";
/// The certificate of our own authority.
pub const CA_FILE: &str = "/ca.pem";
/// Sign-in, first step.
pub const SIGN_IN: &str = "/sign-in";
/// Sign-in, second step.
pub const VERIFY: &str = "/sign-in/verify";
/// Turning on the second factor.
pub const ENROL: &str = "/sign-in/enrol";
/// Recovery codes, once.
pub const RECOVERY_CODES: &str = "/sign-in/recovery-codes";
/// Sign-out.
pub const SIGN_OUT: &str = "/sign-out";
/// What every page of the workspace begins with.
pub const SETTINGS: &str = "/settings/";
/// The language of the guide, for those who are not signed in too.
pub const GUIDE_LANGUAGE: &str = "/docs/language";
/// The signed-in home.
pub const HOME: &str = "/";

/// Where a client manages its registration (RFC 7592).
#[must_use]
pub fn registration(client_id: &str) -> String {
    format!("{REGISTER}/{client_id}")
}

/// The consent page of a request.
#[must_use]
pub fn consent(handle: &str) -> String {
    format!("/consent/{handle}")
}

/// A page of the sign-in, carrying what to return to.
#[must_use]
pub fn resuming(page: &str, handle: Option<&str>) -> String {
    handle.map_or_else(|| page.to_owned(), |handle| format!("{page}?resume={handle}"))
}

/// The page behind a one-time link.
#[must_use]
pub fn setup(link: &str) -> String {
    format!("/setup/{link}")
}
