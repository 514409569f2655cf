//! The workspace beside App Connect: people, roles, companies, firms, data, and one's own security.

pub mod company_form;
pub mod data;
pub mod factors;
pub mod hand_over;
pub mod people;
pub mod person;
pub mod place_form;
pub mod places;
pub mod roles;
pub mod security;
pub mod webhook;
pub mod webhooks;
