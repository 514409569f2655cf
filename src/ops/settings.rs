//! What acts take from the configuration.

use std::time::Duration;

use crate::domain::issuer::Issuer;
use crate::domain::lifetimes::Lifetimes;
use crate::domain::registration_policy::RegistrationPolicy;
use crate::domain::vouching::Assertions;

/// The settings in force.
#[derive(Clone, Debug)]
pub struct OpsSettings {
    /// The issuer.
    pub issuer: Issuer,
    /// How long everything lives.
    pub lifetimes: Lifetimes,
    /// Guesses a day that unknown browsers share, for each account.
    pub strangers_per_day: u32,
    /// Whether `client_credentials` may come from a browser.
    pub allow_browser_secrets: bool,
    /// Private-use schemes that redirect URIs may have.
    pub custom_schemes: Vec<String>,
    /// Whether upstreams get assertions.
    pub assertions: Assertions,
    /// How long a signing key signs.
    pub key_rotation: Duration,
    /// Who may register themselves.
    pub registration: RegistrationPolicy,
}
