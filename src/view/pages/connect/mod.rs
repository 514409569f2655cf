//! App Connect: what is connected, and how it is made, seen, changed and ended.

pub mod activity;
pub mod assistants;
pub mod check;
pub mod choose_kind;
pub mod confirm;
pub mod connection;
pub mod credential;
pub mod credential_form;
pub mod list;
pub mod oauth_app;
pub mod oauth_app_form;
pub mod oauth_apps;
pub mod reference;
pub mod reviews;
pub mod shown_once;
pub mod through_firm;
pub mod upkeep_form;
