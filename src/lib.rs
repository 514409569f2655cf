//! Countersign: a self-hosted authorization appliance for business software.
//!
//! One way through the house, imports only downwards (`ARCHITECTURE.md`, held by
//! `tests/architecture.rs`):
//! connection → routing → endpoint → operation → domain rule → store → response.

pub mod admin;
pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod gateway;
pub mod http;
pub mod oauth;
pub mod ops;
pub mod outbound;
pub mod sandbox;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod view;
pub mod web;

/// Many small pieces of memory come and go with each request, from two threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
