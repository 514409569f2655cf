//! Resource indicators (RFC 8707): from what a request names to an audience.

use crate::base::id::CompanyId;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::domain::consent::Targets;
use crate::domain::consent::UnknownTarget;
use crate::domain::resource::Audience;
use crate::ops::token_refusal::TokenRefusal;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Slugs;

/// The audience that `resources` name; empty when none is named.
pub fn resolve(
    reader: &Reader<'_>,
    issuer: &str,
    resources: &[String],
) -> Result<Result<Audience, UnknownTarget>, Fault> {
    match Targets::read(issuer, resources) {
        Ok(targets) => audience(reader, &targets),
        Err(unknown) => Ok(Err(unknown)),
    }
}

/// The audience behind `targets`.
pub fn audience(
    reader: &Reader<'_>,
    targets: &Targets,
) -> Result<Result<Audience, UnknownTarget>, Fault> {
    let Some(slug) = &targets.mcp else { return Ok(Ok(targets.audience(None))) };
    let company = company(reader, slug)?;
    Ok(company.map(|company| targets.audience(Some(company))).ok_or(UnknownTarget))
}

/// What a token request makes of the audience that was granted: all of it, or less.
pub fn narrow(
    reader: &Reader<'_>,
    issuer: &str,
    resources: &[String],
    granted: Audience,
) -> Result<Result<Audience, TokenRefusal>, Fault> {
    Ok(match resolve(reader, issuer, resources)? {
        Err(_) => Err(TokenRefusal::TargetUnknown),
        Ok(asked) if asked.is_empty() => Ok(granted),
        Ok(asked) if granted.includes(asked) => Ok(asked),
        Ok(_) => Err(TokenRefusal::ResourceBeyondGrant),
    })
}

/// The company that a slug names.
pub fn company(reader: &Reader<'_>, slug: &Slug) -> Result<Option<CompanyId>, Fault> {
    let place = reader.get::<Slugs>(slug)?.and_then(|text| text.parse().ok());
    Ok(match place {
        Some(Place::Company(company)) => Some(company),
        _ => None,
    })
}
