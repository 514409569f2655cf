//! Resource indicators (RFC 8707) and audiences: which surfaces a token is good for.

use serde::Deserialize;
use serde::Serialize;

use crate::base::id::CompanyId;
use crate::domain::company::Place;
use crate::domain::company::Slug;

/// The path of the API surface below the issuer.
pub const API_PATH: &str = "/api/external/v2";

/// What comes before the name of a company.
const COMPANIES: &str = "/companies/";

/// The well-known name of protected-resource metadata (RFC 9728); the resource's path follows.
pub const METADATA_PREFIX: &str = "/.well-known/oauth-protected-resource";

/// A resource as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The API surface.
    Api,
    /// The API surface of one company: narrows a firm's app to it.
    ApiOf(CompanyId),
    /// One company's MCP endpoint.
    Mcp(Slug),
}

impl Resource {
    /// Reads a `resource` parameter, which must be exactly the URL of a surface of ours.
    #[must_use]
    pub fn parse(issuer: &str, text: &str) -> Option<Self> {
        let path = text.strip_prefix(issuer)?;
        if path == API_PATH {
            return Some(Self::Api);
        }
        if let Some(company) = path.strip_prefix(API_PATH) {
            return company.strip_prefix(COMPANIES)?.parse().ok().map(Self::ApiOf);
        }
        let slug = path.strip_prefix(COMPANIES)?.strip_suffix("/mcp")?;
        slug.parse().ok().map(Self::Mcp)
    }

    /// The URL, as [`Self::parse`] reads it.
    #[must_use]
    pub fn url(&self, issuer: &str) -> String {
        format!("{issuer}{}", self.path())
    }

    /// Where its metadata is (RFC 9728 section 3.1): the well-known name before the path.
    #[must_use]
    pub fn metadata_url(&self, issuer: &str) -> String {
        format!("{issuer}{METADATA_PREFIX}{}", self.path())
    }

    fn path(&self) -> String {
        match self {
            Self::Api => API_PATH.to_owned(),
            Self::ApiOf(company) => format!("{API_PATH}{COMPANIES}{company}"),
            Self::Mcp(slug) => format!("{COMPANIES}{slug}/mcp"),
        }
    }
}

/// What a token is good for. Companies stand here by id: a slug is only a way to write one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Audience {
    /// The API surface.
    pub api: bool,
    /// One company's MCP endpoint.
    pub mcp: Option<CompanyId>,
}

impl Audience {
    /// What a request without `resource` gets: a company, its API and its MCP; a firm, the API.
    #[must_use]
    pub const fn of_place(place: Place) -> Self {
        match place {
            Place::Company(company) => Self { api: true, mcp: Some(company) },
            Place::Firm(_) => Self { api: true, mcp: None },
        }
    }

    /// Whether nothing is named.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.api && self.mcp.is_none()
    }

    /// Whether all of `other` is in this one.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        (self.api || !other.api) && (other.mcp.is_none() || self.mcp == other.mcp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_url_of_a_surface_is_a_resource() {
        let issuer = "https://cs.example";
        assert_eq!(
            Resource::parse(issuer, "https://cs.example/api/external/v2"),
            Some(Resource::Api)
        );
        let mcp = Resource::parse(issuer, "https://cs.example/companies/acme/mcp").unwrap();
        assert_eq!(mcp.url(issuer), "https://cs.example/companies/acme/mcp");
        let id = CompanyId::from_raw(crate::base::id::RawId::from_bytes([7; 16]));
        let url = format!("https://cs.example/api/external/v2/companies/{id}");
        assert_eq!(Resource::parse(issuer, &url), Some(Resource::ApiOf(id)));
        assert_eq!(Resource::ApiOf(id).url(issuer), url);
        for beyond in ["/", "/customers", "?x", "#x", "/mcp"] {
            assert_eq!(Resource::parse(issuer, &format!("{url}{beyond}")), None, "{beyond}");
        }
        for wrong in [
            "https://cs.example",
            "https://cs.example/",
            "https://cs.example/api/external/v2/",
            "https://cs.example/companies/acme/mcp/",
            "https://cs.example/api/external/v2/companies/",
            "https://cs.example/api/external/v2/companies/acme",
            "https://cs.example/api/external/v2companies/acme/mcp",
            "https://cs.example/companies/ACME/mcp",
            "https://cs.example/companies//mcp",
            "https://cs.example/companies/a/b/mcp",
            "https://cs.example.evil.example/api/external/v2",
            "http://cs.example/api/external/v2",
        ] {
            assert_eq!(Resource::parse(issuer, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_metadata_of_a_surface_stands_before_its_path() {
        let issuer = "https://cs.example";
        let mcp = Resource::Mcp("acme".parse().unwrap());
        let well_known = "https://cs.example/.well-known/oauth-protected-resource";
        assert_eq!(mcp.metadata_url(issuer), format!("{well_known}/companies/acme/mcp"));
        assert_eq!(Resource::Api.metadata_url(issuer), format!("{well_known}/api/external/v2"));
    }

    #[test]
    fn an_audience_includes_no_surface_that_it_does_not_name() {
        let company = |number| Some(CompanyId::from_raw(crate::domain::samples::raw(number)));
        let audience = |api, mcp| Audience { api, mcp };
        let (none, api) = (audience(false, None), audience(true, None));
        let (mcp, both) = (audience(false, company(2)), audience(true, company(2)));
        let other = audience(false, company(3));
        let all = [none, api, mcp, both, other];
        let expected = [
            [true, false, false, false, false],
            [true, true, false, false, false],
            [true, false, true, false, false],
            [true, true, true, true, false],
            [true, false, false, false, true],
        ];
        assert_eq!(all.map(|one| all.map(|of_it| one.includes(of_it))), expected);
        assert_eq!(all.map(Audience::is_empty), [true, false, false, false, false]);
    }
}
