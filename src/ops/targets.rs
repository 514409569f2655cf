//! Resource indicators (RFC 8707): from URLs to audiences.

use crate::domain::company::Place;
use crate::domain::resource::Audience;
use crate::domain::resource::Resource;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Slugs;

/// A `resource` that is no surface of ours, or two that belong to different companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownTarget;

/// The audience that `resources` name; empty when none is named.
pub fn resolve(
    reader: &Reader<'_>,
    issuer: &str,
    resources: &[String],
) -> Result<Result<Audience, UnknownTarget>, Fault> {
    let mut audience = Audience::default();
    for resource in resources {
        match Resource::parse(issuer, resource) {
            Some(Resource::Api) => audience.api = true,
            Some(Resource::Mcp(slug)) => {
                let place = reader.get::<Slugs>(&slug)?.and_then(|text| text.parse().ok());
                let Some(Place::Company(company)) = place else { return Ok(Err(UnknownTarget)) };
                if audience.mcp.is_some_and(|other| other != company) {
                    return Ok(Err(UnknownTarget));
                }
                audience.mcp = Some(company);
            }
            None => return Ok(Err(UnknownTarget)),
        }
    }
    Ok(Ok(audience))
}
