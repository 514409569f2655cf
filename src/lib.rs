//! Countersign: a self-hosted authorization appliance for business software.
//!
//! One way through the house, imports only downwards (`ARCHITECTURE.md`, held by
//! `tests/architecture.rs`):
//! connection → routing → endpoint → operation → domain rule → store → response.

pub mod base;
pub mod view;
