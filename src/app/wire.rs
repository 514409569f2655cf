//! From settings and an open installation to the operations.

use std::sync::Arc;

use crate::app::installation::Installation;
use crate::config::Settings;
use crate::crypto::password::Cost;
use crate::crypto::password::HashingFailed;
use crate::crypto::password::Passwords;
use crate::domain::lifetimes::Lifetimes;
use crate::ops::Ops;
use crate::ops::hashing::Hashing;
use crate::ops::settings::OpsSettings;

/// The operations over `installation`, as `settings` have them.
///
/// # Errors
/// There is not enough memory for one password hash.
pub fn ops(settings: &Settings, installation: &Installation) -> Result<Ops, HashingFailed> {
    Ok(Ops::new(
        installation.store.clone(),
        Arc::clone(&installation.keyring),
        Arc::clone(&installation.clock),
        Arc::clone(&installation.entropy),
        Arc::clone(&settings.catalogue),
        ops_settings(settings),
        hashing(settings)?,
    ))
}

fn hashing(settings: &Settings) -> Result<Hashing, HashingFailed> {
    let chosen = &settings.passwords;
    let cost = Cost { memory_kib: chosen.memory_kib, passes: chosen.passes };
    Ok(Hashing::new(Passwords::new(cost)?, chosen.parallel, chosen.queue))
}

fn ops_settings(settings: &Settings) -> OpsSettings {
    OpsSettings {
        issuer: settings.issuer.clone(),
        lifetimes: lifetimes(settings),
        strangers_per_day: settings.attempts.strangers_per_day,
        allow_browser_secrets: settings.clients.allow_browser_secrets,
        custom_schemes: settings.clients.custom_schemes.clone(),
        assertions: settings.identity.assertion,
        key_rotation: settings.identity.key_rotation,
    }
}

fn lifetimes(settings: &Settings) -> Lifetimes {
    let tokens = &settings.tokens;
    Lifetimes {
        client_access: tokens.api_credentials,
        access: tokens.access,
        refresh: tokens.refresh,
        refresh_absolute: tokens.refresh_absolute,
        refresh_grace: tokens.refresh_grace,
        code: tokens.code,
        pushed_request: tokens.pushed_request,
        consent_request: tokens.consent_request,
        session_idle: settings.sessions.idle,
        session_absolute: settings.sessions.absolute,
    }
}
