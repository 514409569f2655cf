//! Consent: the request that a person looks at, what can be offered, and what is granted.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::RawId;
use crate::domain::catalogue::Catalogue;
use crate::domain::client_document::Introduction;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::domain::pkce::Challenge;
use crate::domain::redirect_uri::VerifiedRedirect;
use crate::domain::resource::Audience;
use crate::domain::resource::Resource;
use crate::domain::role::HeldRole;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;

/// A checked authorization request. It travels sealed in the consent page's URL and cannot change
/// on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Its own id: consumed by Allow or Cancel, not by opening.
    pub id: RawId,
    /// The client.
    pub app: AppId,
    /// What the client's document said, if it has one: until somebody allows access, nothing else is
    /// kept of such a client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<Introduction>,
    /// The client's generation when the request was checked.
    pub app_generation: u32,
    /// Where the answer goes.
    pub redirect: VerifiedRedirect,
    /// The client's own value, given back untouched.
    pub state: Option<String>,
    /// What was asked for; known scopes only.
    pub scopes: ScopeSet,
    /// The surfaces asked for; none: what the chosen place has.
    pub targets: Targets,
    /// The PKCE challenge.
    pub challenge: Option<Challenge>,
    /// When it was checked.
    pub at: Timestamp,
    /// The pushed request that it came from, which is good once.
    pub pushed: Option<RawId>,
}

impl AuthorizationRequest {
    /// What a second factor on its consent page is for: this request alone.
    #[must_use]
    pub fn act(&self) -> String {
        format!("consent {}", self.id)
    }
}

/// The surfaces that a request names. A company stands here by the slug that was sent: whether it
/// exists is told to nobody who is not signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// The API surface.
    pub api: bool,
    /// One company's MCP endpoint.
    pub mcp: Option<Slug>,
}

/// A resource that is no surface of ours, or two that belong to different companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownTarget;

impl Targets {
    /// Reads the `resource` parameters of a request.
    ///
    /// # Errors
    /// [`UnknownTarget`].
    pub fn read(issuer: &str, resources: &[String]) -> Result<Self, UnknownTarget> {
        let mut targets = Self::default();
        for resource in resources {
            match Resource::parse(issuer, resource).ok_or(UnknownTarget)? {
                Resource::Api => targets.api = true,
                Resource::Mcp(slug) if targets.mcp.as_ref().is_none_or(|other| *other == slug) => {
                    targets.mcp = Some(slug);
                }
                // The consent page is where a person chooses a company for the API.
                Resource::ApiOf(_) | Resource::Mcp(_) => return Err(UnknownTarget),
            }
        }
        Ok(targets)
    }

    /// Whether nothing is named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        !self.api && self.mcp.is_none()
    }

    /// As an audience, once the company behind the slug is known.
    #[must_use]
    pub const fn audience(&self, company: Option<CompanyId>) -> Audience {
        Audience { api: self.api, mcp: company }
    }
}

/// A company or firm that a person can choose on the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedPlace {
    /// The place.
    pub place: OfferedPlaceKind,
    /// The person's roles that count there.
    pub roles: Vec<HeldRole>,
    /// What the gate would let through there of what was asked; a closure, never empty.
    pub grantable: ScopeSet,
}

/// A company, or a firm with the companies that its token would reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferedPlaceKind {
    /// One company.
    Company(Company),
    /// A firm.
    Firm {
        /// The firm.
        firm: Firm,
        /// The names of the companies that the person sees through it.
        reaches: Vec<String>,
    },
}

impl OfferedPlace {
    /// Which place it is.
    #[must_use]
    pub const fn place(&self) -> Place {
        match &self.place {
            OfferedPlaceKind::Company(company) => Place::Company(company.id),
            OfferedPlaceKind::Firm { firm, .. } => Place::Firm(firm.id),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.place {
            OfferedPlaceKind::Company(company) => &company.name,
            OfferedPlaceKind::Firm { firm, .. } => &firm.name,
        }
    }

    /// Whether it is for trying things.
    #[must_use]
    pub const fn is_test(&self) -> bool {
        match &self.place {
            OfferedPlaceKind::Company(company) => company.environment.is_test(),
            OfferedPlaceKind::Firm { firm, .. } => firm.environment.is_test(),
        }
    }
}

/// The permissions that the page lists: each scope asked for that can be granted in some offered
/// place, and, where only a part of a scope can be granted anywhere, that part.
#[must_use]
pub fn shown(catalogue: &Catalogue, asked: &ScopeSet, places: &[OfferedPlace]) -> Vec<ScopeName> {
    let anywhere =
        places.iter().fold(ScopeSet::default(), |all, place| all.union(&place.grantable));
    let whole = catalogue.known(asked).intersection(&anywhere);
    let parts = anywhere.difference(&catalogue.closure(&whole));
    let listed = whole.union(&catalogue.maximal(&parts));
    catalogue
        .permissions()
        .iter()
        .map(|permission| permission.name.clone())
        .filter(|name| listed.contains(name))
        .collect()
}

/// What a person's ticks grant in the place that they chose. Required scopes count as ticked.
#[must_use]
pub fn granted(
    catalogue: &Catalogue,
    place: &OfferedPlace,
    asked: &ScopeSet,
    ticked: &ScopeSet,
    required: &ScopeSet,
) -> ScopeSet {
    let offered = catalogue.closure(asked);
    let wanted = catalogue.closure(&ticked.union(required)).intersection(&offered);
    catalogue.maximal(&wanted.intersection(&place.grantable))
}
