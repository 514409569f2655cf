//! From settings and an open installation to the operations.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::installation::Installation;
use crate::config::Settings;
use crate::crypto::password::Cost;
use crate::crypto::password::HashingFailed;
use crate::crypto::password::Passwords;
use crate::domain::client_document::ClientDocument;
use crate::domain::lifetimes::Lifetimes;
use crate::domain::registration_policy::RegistrationPolicy;
use crate::ops::Ops;
use crate::ops::client_documents::ClientDocuments;
use crate::ops::hashing::Hashing;
use crate::ops::settings::OpsSettings;
use crate::outbound::fetch::Fetcher;
use crate::outbound::fetch::Resolve;
use crate::outbound::fetch::SystemResolver;
use crate::outbound::fetch::Trust;

/// Why there are no operations.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// There is not enough memory for one password hash.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// A file that the configuration names.
    #[error("{key}: {} {problem}", file.display())]
    File {
        /// The key.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// The operations over `installation`, as `settings` have them.
///
/// # Errors
/// There is not enough memory for one password hash, or a file cannot be used.
pub fn ops(settings: &Settings, installation: &Installation) -> Result<Ops, Unusable> {
    ops_resolving(settings, installation, Arc::new(SystemResolver))
}

/// As [`ops`], with somebody else to resolve the names of other hosts.
///
/// # Errors
/// As [`ops`].
pub fn ops_resolving(
    settings: &Settings,
    installation: &Installation,
    resolver: Arc<dyn Resolve>,
) -> Result<Ops, Unusable> {
    Ok(Ops::new(
        installation.store.clone(),
        Arc::clone(&installation.keyring),
        Arc::clone(&installation.clock),
        Arc::clone(&installation.entropy),
        Arc::clone(&settings.catalogue),
        ops_settings(settings),
        hashing(settings)?,
        client_documents(settings, resolver)?,
    ))
}

fn wrong(key: &'static str, file: &Path, problem: String) -> Unusable {
    Unusable::File { key, file: file.to_owned(), problem }
}

/// Whose certificates are trusted where something is fetched or asked for.
///
/// # Errors
/// The file that the configuration names cannot be used.
pub(super) fn trust(settings: &Settings) -> Result<Trust, Unusable> {
    let Some(file) = &settings.outbound.ca_file else { return Ok(Trust::default()) };
    Trust::with_file(file)
        .map_err(|why| wrong("outbound.ca_file", file, format!("cannot be used: {why}")))
}

fn client_documents(
    settings: &Settings,
    resolver: Arc<dyn Resolve>,
) -> Result<ClientDocuments, Unusable> {
    let trust = trust(settings)?;
    let fetcher = Fetcher::new(settings.outbound.allow_networks.clone(), trust, resolver);
    let clients = &settings.clients;
    let pinned = clients.pinned_documents.iter().map(|file| {
        let wrong = |problem| wrong("clients.pinned_documents", file, problem);
        let json = std::fs::read(file).map_err(|why| wrong(format!("cannot be read: {why}")))?;
        ClientDocument::pinned(&json, &clients.custom_schemes)
            .map_err(|why| wrong(format!("is no document of a client: {why}")))
    });
    let pinned = pinned.collect::<Result<_, _>>()?;
    let allowed = clients.allowed_documents.clone();
    Ok(ClientDocuments::new(clients.metadata_documents, allowed, pinned, fetcher))
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
        registration: registration(settings),
    }
}

fn registration(settings: &Settings) -> RegistrationPolicy {
    let clients = &settings.clients;
    RegistrationPolicy {
        mode: clients.registration,
        redirects: clients.registration_redirects.clone(),
        most_unused: clients.registration_limit,
        unused: clients.registration_unused,
        idle: clients.registration_idle,
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
