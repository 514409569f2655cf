//! Consent: the request that a person looks at, what can be offered, and what is granted.

use std::time::Duration;

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
use crate::domain::lifetimes;
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
    /// Consumed by Allow or Cancel, not by opening; that of its reference, if it was pushed.
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
}

impl AuthorizationRequest {
    /// Whether its page is over, which can be looked at for so long.
    #[must_use]
    pub fn is_over(&self, life: Duration, now: Timestamp) -> bool {
        lifetimes::is_over(self.at, life, now)
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::company::Environment;
    use crate::domain::role::RoleName;
    use crate::domain::samples;
    use crate::domain::samples::catalogue;
    use crate::domain::samples::company;
    use crate::domain::samples::firm;

    const ISSUER: &str = "https://cs.example";
    const API: &str = "https://cs.example/api/external/v2";
    const ACME: &str = "https://cs.example/companies/acme/mcp";
    const OTHER: &str = "https://cs.example/companies/other/mcp";

    fn read(resources: &[&str]) -> Result<Targets, UnknownTarget> {
        let resources: Vec<String> = resources.iter().map(|one| (*one).to_owned()).collect();
        Targets::read(ISSUER, &resources)
    }

    fn offered(grantable: &str) -> OfferedPlace {
        OfferedPlace {
            place: OfferedPlaceKind::Company(company(2)),
            roles: vec![HeldRole::named(RoleName("owner".to_owned()))],
            grantable: ScopeSet::parse(grantable),
        }
    }

    fn through_firm() -> OfferedPlace {
        let kind = OfferedPlaceKind::Firm { firm: firm(4), reaches: Vec::new() };
        OfferedPlace { place: kind, ..offered("books:readonly") }
    }

    #[test]
    fn a_request_names_the_api_and_one_company_at_most() {
        let acme = Some("acme".parse().unwrap());
        assert_eq!(read(&[]), Ok(Targets { api: false, mcp: None }));
        assert_eq!(read(&[API]), Ok(Targets { api: true, mcp: None }));
        assert_eq!(read(&[ACME, ACME]), Ok(Targets { api: false, mcp: acme.clone() }));
        assert_eq!(read(&[ACME, API]), Ok(Targets { api: true, mcp: acme }));
        assert_eq!(read(&[ACME, OTHER]), Err(UnknownTarget));
        assert_eq!(read(&["https://evil.example"]), Err(UnknownTarget));
        let narrowed = format!("{API}/companies/{}", company(2).id);
        assert_eq!(read(&[&narrowed]), Err(UnknownTarget));
    }

    #[test]
    fn what_a_request_names_is_what_the_token_is_good_for() {
        let id = company(2).id;
        for (resources, empty, audience) in [
            (&[][..], true, Audience { api: false, mcp: None }),
            (&[API][..], false, Audience { api: true, mcp: None }),
            (&[ACME][..], false, Audience { api: false, mcp: Some(id) }),
            (&[API, ACME][..], false, Audience { api: true, mcp: Some(id) }),
        ] {
            let targets = read(resources).unwrap();
            assert_eq!(targets.is_empty(), empty, "{resources:?}");
            assert_eq!(targets.audience(targets.mcp.as_ref().map(|_| id)), audience);
        }
    }

    #[test]
    fn an_offered_place_is_told_as_what_it_is() {
        let (company, firm) = (offered(""), through_firm());
        assert_eq!(company.place(), Place::Company(samples::company(2).id));
        assert_eq!(firm.place(), Place::Firm(samples::firm(4).id));
        assert_eq!((company.name(), firm.name()), ("Acme", "Ledgers"));
        assert!(!company.is_test() && !firm.is_test());
    }

    #[test]
    fn a_place_for_trying_things_says_so() {
        let (mut company, mut firm) = (company(2), firm(4));
        company.environment = Environment::Test;
        firm.environment = Environment::Test;
        let firm = OfferedPlaceKind::Firm { firm, reaches: Vec::new() };
        for place in [OfferedPlaceKind::Company(company), firm] {
            assert!(OfferedPlace { place, ..offered("") }.is_test());
        }
    }

    #[test]
    fn the_page_lists_what_can_be_granted_somewhere_and_parts_where_the_whole_cannot() {
        let shown = |asked: &str, places: &[OfferedPlace]| {
            let names = shown(&catalogue(), &ScopeSet::parse(asked), places);
            names.iter().map(ScopeName::to_string).collect::<Vec<_>>()
        };
        let all = "customers:all books:readonly";
        let everywhere = [offered("customers:all customers:readonly books:readonly")];
        assert_eq!(shown(all, &everywhere), ["customers:all", "books:readonly"]);
        assert_eq!(shown(all, &[offered("customers:readonly")]), ["customers:readonly"]);
        let apart = [offered("customers:readonly"), through_firm()];
        assert_eq!(shown(all, &apart), ["customers:readonly", "books:readonly"]);
        assert!(shown(all, &[]).is_empty());
    }

    #[test]
    fn ticks_grant_nothing_that_was_not_asked_for_or_is_not_offered() {
        let granted = |asked: &str, ticked: &str, required: &str| {
            let place = offered("customers:all customers:readonly");
            let [asked, ticked, required] = [asked, ticked, required].map(ScopeSet::parse);
            granted(&catalogue(), &place, &asked, &ticked, &required).to_string()
        };
        assert_eq!(granted("customers:all", "customers:all", ""), "customers:all");
        assert_eq!(granted("customers:all", "customers:readonly", ""), "customers:readonly");
        assert_eq!(granted("customers:readonly", "customers:all", ""), "customers:readonly");
        assert_eq!(granted("books:readonly customers:all", "books:readonly", ""), "");
        assert_eq!(granted("customers:all", "", "customers:readonly"), "customers:readonly");
        assert_eq!(granted("customers:all", "", ""), "");
        assert_eq!(granted("", "customers:all", "customers:all"), "");
    }

    fn a_request() -> AuthorizationRequest {
        let redirect =
            crate::domain::redirect_uri::RedirectUri::register("https://a.example/", &[]);
        AuthorizationRequest {
            id: samples::raw(5),
            app: samples::app().id,
            introduction: None,
            app_generation: 1,
            redirect: VerifiedRedirect::prove(&[redirect.unwrap()], None).unwrap(),
            state: None,
            scopes: ScopeSet::default(),
            targets: Targets::default(),
            challenge: None,
            at: samples::NOW,
        }
    }

    #[test]
    fn a_page_is_over_at_its_end_and_when_it_was_opened_ahead_of_now() {
        let (request, life) = (a_request(), Duration::from_secs(60));
        assert!(!request.is_over(life, samples::NOW.plus(life - Duration::from_secs(1))));
        assert!(request.is_over(life, samples::NOW.plus(life)));
        assert!(request.is_over(life, samples::NOW.minus(lifetimes::AHEAD * 2)));
    }

    #[test]
    fn a_second_factor_is_asked_for_one_request_alone() {
        let request = a_request();
        assert_eq!(request.act(), format!("consent {}", samples::raw(5)));
        let other = AuthorizationRequest { id: samples::raw(6), ..request.clone() };
        assert_ne!(request.act(), other.act());
    }
}
