//! Values that people type.

use clap::Args;
use clap::ValueEnum;

use crate::base::clock::Timestamp;
use crate::domain::app::AppKind;
use crate::domain::app_life::Overlap;
use crate::domain::company::Environment;
use crate::domain::scope::NotAScope;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::ops::administration::expiry;

/// Real books or test books.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum EnvironmentArg {
    /// Real books
    Production,
    /// Books to try things on
    Test,
}

impl From<EnvironmentArg> for Environment {
    fn from(arg: EnvironmentArg) -> Self {
        match arg {
            EnvironmentArg::Production => Self::Production,
            EnvironmentArg::Test => Self::Test,
        }
    }
}

/// Kinds of apps.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum KindArg {
    /// A server that keeps a secret; nobody approves in a browser
    #[value(alias = "api_credentials")]
    ApiCredentials,
    /// An OAuth app without a secret
    #[value(alias = "oauth_public")]
    OauthPublic,
    /// An OAuth app with a secret
    #[value(alias = "oauth_confidential")]
    OauthConfidential,
    /// An upstream that introspects tokens
    #[value(alias = "resource_server")]
    ResourceServer,
}

impl From<KindArg> for AppKind {
    fn from(arg: KindArg) -> Self {
        match arg {
            KindArg::ApiCredentials => Self::ApiCredentials,
            KindArg::OauthPublic => Self::OauthPublic,
            KindArg::OauthConfidential => Self::OauthConfidential,
            KindArg::ResourceServer => Self::ResourceServer,
        }
    }
}

/// How long a former secret works on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum OverlapArg {
    /// It stops at once, with the tokens it got
    None,
    /// An hour
    Hour,
    /// A day
    Day,
    /// A week
    Week,
}

impl From<OverlapArg> for Overlap {
    fn from(arg: OverlapArg) -> Self {
        match arg {
            OverlapArg::None => Self::Now,
            OverlapArg::Hour => Self::Hour,
            OverlapArg::Day => Self::Day,
            OverlapArg::Week => Self::Week,
        }
    }
}

/// One company or one firm.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct PlaceArgs {
    /// The company: its slug or id
    #[arg(long, value_name = "COMPANY")]
    pub(super) company: Option<String>,
    /// The firm: its slug or id
    #[arg(long, value_name = "FIRM")]
    pub(super) firm: Option<String>,
}

/// Scopes with commas or spaces between them. A word that cannot be one is an error here, where
/// a person typed it.
pub(super) fn scopes(text: &str) -> Result<ScopeSet, NotAScope> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    words.map(str::parse::<ScopeName>).collect()
}

/// The end of a day, in UTC.
pub(super) fn end_of_day(text: &str) -> Result<Timestamp, expiry::NotADate> {
    expiry::end_of_day(text)
}
