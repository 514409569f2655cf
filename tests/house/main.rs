//! The house from the inside: the real router and store (in memory, or in files where that matters),
//! with a clock that stands still until it is moved. One module for each door or promise; tests are sentences.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod activity;
mod activity_causes;
mod activity_chain;
mod api_tokens;
mod assertion;
mod attacks_codes;
mod attacks_fields;
mod attacks_forms;
mod attacks_guessing;
mod attacks_lifecycle;
mod attacks_markup;
mod attacks_redirects;
mod attacks_routes;
mod attacks_secrets;
mod attacks_sizes;
mod attacks_tenants;
mod attacks_tokens;
mod attacks_workspace;
mod authorization_errors;
mod authorization_response;
mod authorize;
mod bad_input;
mod blocks;
mod books;
mod books_scenes;
mod bounded;
mod broken_store;
mod client_assertions;
mod client_authentication;
mod client_credentials;
mod client_documents;
mod consent;
mod consent_page;
mod cors;
mod credentials;
mod cross_origin;
mod disk;
mod end_access;
mod fetch;
mod firms;
mod forward_auth;
mod gateway;
mod guide;
mod guide_api;
mod guide_examples;
mod harness;
mod hostile;
mod introspect;
mod logos;
mod matrix;
mod mcp;
mod mcp_hostile;
mod mcp_lists;
mod mcp_sessions;
mod metadata;
mod metadata_resources;
mod oauth_changes;
mod own_roles;
mod own_security;
mod par;
mod passkeys;
mod people;
mod people_scenes;
mod pkce;
mod proxy;
mod proxy_faults;
mod proxy_smuggling;
mod proxy_streams;
mod proxy_tls;
mod races;
mod races_people;
mod redeem;
mod redirect_uris;
mod refresh;
mod refresh_again;
mod registering;
mod registration;
mod registration_attacks;
mod registration_clients;
mod registration_management;
mod registration_reaping;
mod resources;
mod restart;
mod revoke;
mod routes;
mod scenes;
mod security_scenes;
mod setup;
mod sign_in;
mod storm;
mod takeout;
mod token_answer;
mod token_errors;
mod unavailable;
mod workspace;
mod workspace_scenes;
mod worlds;
