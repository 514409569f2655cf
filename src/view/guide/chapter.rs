//! The chapters, and where they are.

use serde::Serialize;

use crate::view::language::Language;

/// A chapter of the guide. The serialized word is its name among templates and the name of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chapter {
    /// Two ways to connect.
    Overview,
    /// For servers that can keep a secret.
    ApiCredentials,
    /// For programs that act for a person.
    Oauth,
    /// For a company's or firm's own use.
    ApiTokens,
    /// For assistants.
    Mcp,
    /// What the newer guidance asks, and how it stands here.
    OauthTwoOne,
    /// From the test company to production.
    RollOut,
    /// What good clients do.
    BestPractices,
    /// By what one sees.
    Troubleshooting,
    /// By what programs are told, and by what the activity records.
    Errors,
    /// Every endpoint.
    Reference,
}

/// The heading under which a chapter stands in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChapterGroup {
    /// Where to begin.
    Start,
    /// The ways to connect.
    Connect,
    /// Doing it well.
    Practice,
    /// Looking something up.
    LookUp,
}

/// Both languages of a chapter.
macro_rules! sources {
    ($name:literal) => {
        [include_str!(concat!("en/", $name, ".md")), include_str!(concat!("fr/", $name, ".md"))]
    };
}

impl Chapter {
    /// Every chapter, in order.
    pub const ALL: [Self; 11] = [
        Self::Overview,
        Self::ApiCredentials,
        Self::Oauth,
        Self::ApiTokens,
        Self::Mcp,
        Self::OauthTwoOne,
        Self::RollOut,
        Self::BestPractices,
        Self::Troubleshooting,
        Self::Errors,
        Self::Reference,
    ];

    /// Where it is. Kept: people and pages link to it.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/docs",
            Self::ApiCredentials => "/docs/api-credentials",
            Self::Oauth => "/docs/oauth",
            Self::ApiTokens => "/docs/api-tokens",
            Self::Mcp => "/docs/mcp",
            Self::OauthTwoOne => "/docs/oauth-2-1",
            Self::RollOut => "/docs/roll-out",
            Self::BestPractices => "/docs/best-practices",
            Self::Troubleshooting => "/docs/troubleshooting",
            Self::Errors => "/docs/errors",
            Self::Reference => "/docs/reference",
        }
    }

    /// Its name among templates.
    pub(in crate::view) const fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::ApiCredentials => "api_credentials",
            Self::Oauth => "oauth",
            Self::ApiTokens => "api_tokens",
            Self::Mcp => "mcp",
            Self::OauthTwoOne => "oauth_two_one",
            Self::RollOut => "roll_out",
            Self::BestPractices => "best_practices",
            Self::Troubleshooting => "troubleshooting",
            Self::Errors => "errors",
            Self::Reference => "reference",
        }
    }

    /// Under which heading it stands.
    #[must_use]
    pub const fn group(self) -> ChapterGroup {
        match self {
            Self::Overview => ChapterGroup::Start,
            Self::ApiCredentials | Self::Oauth | Self::ApiTokens | Self::Mcp => {
                ChapterGroup::Connect
            }
            Self::OauthTwoOne | Self::RollOut | Self::BestPractices => ChapterGroup::Practice,
            Self::Troubleshooting | Self::Errors | Self::Reference => ChapterGroup::LookUp,
        }
    }

    /// Its text as it was written.
    pub(in crate::view) const fn source(self, language: Language) -> &'static str {
        let [english, french] = match self {
            Self::Overview => sources!("overview"),
            Self::ApiCredentials => sources!("api_credentials"),
            Self::Oauth => sources!("oauth"),
            Self::ApiTokens => sources!("api_tokens"),
            Self::Mcp => sources!("mcp"),
            Self::OauthTwoOne => sources!("oauth_two_one"),
            Self::RollOut => sources!("roll_out"),
            Self::BestPractices => sources!("best_practices"),
            Self::Troubleshooting => sources!("troubleshooting"),
            Self::Errors => sources!("errors"),
            Self::Reference => sources!("reference"),
        };
        match language {
            Language::English => english,
            Language::French => french,
        }
    }
}
