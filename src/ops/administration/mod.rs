//! Administrative acts: companies, firms, people, roles, apps and links, one act a file, and the
//! listings over them.
//!
//! Each act writes its audit entry in the same commit as its effect and keeps the indexes in step.
//! Who may do it is decided in one place, in the act's own transaction (see [`by`]): the command line
//! is the operator's, a person in the workspace needs the authority and often a fresh proof.

pub mod accept_issuer;
pub mod account;
mod app_events;
pub mod app_facts;
pub mod app_logo;
pub mod app_rules;
pub mod authority;
pub mod block_access;
pub mod books;
pub mod by;
pub mod change_app;
pub mod change_connection;
pub mod change_oauth_app;
pub mod clock_doubt;
pub mod confide_company;
pub mod create_app;
pub mod create_company;
pub mod create_firm;
pub mod create_user;
mod delegable;
pub mod delete_app;
pub mod end_all_access;
pub mod end_connections;
pub mod end_sessions;
pub mod erase_person;
pub mod expiry;
pub mod grant_role;
pub mod hand_over;
pub mod installation;
pub mod invite;
pub mod issue_link;
pub mod issue_recovery;
pub mod judge_client;
pub mod link_company;
pub mod listings;
pub mod live_tokens;
pub mod lookup;
pub mod names;
pub mod new_password;
pub mod over_people;
pub mod own_roles;
pub mod owners;
pub mod people_here;
pub mod provision_factors;
pub mod reaching;
pub mod records;
pub mod refusal;
pub mod remove_person;
pub mod remove_role;
pub mod restore_app;
pub mod review_app;
pub mod revoke_app;
pub mod roles;
pub mod rotate_keys;
pub mod rotate_secret;
pub mod set_up;
#[cfg(test)]
mod tests;
pub mod try_app;
pub mod user_status;
