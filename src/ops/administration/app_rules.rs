//! What each kind of app must have and must not have. Pure: nothing is looked up here.

use crate::domain::app::AppKind;
use crate::domain::app::Delegation;
use crate::domain::catalogue::Catalogue;
use crate::domain::company::Place;
use crate::domain::redirect_uri::RedirectUri;
use crate::domain::scope::ScopeSet;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::names::misleads;
use crate::ops::administration::refusal::AppRefusal;

/// The longest purpose, in letters.
pub const LONGEST_PURPOSE: usize = 200;

/// The parts of a registration that were checked.
#[derive(Clone, Debug)]
pub struct CheckedApp {
    /// The permissions that the app can have at all.
    pub delegation: Delegation,
    /// Those that cannot be unticked.
    pub required: ScopeSet,
    /// Where codes may be sent.
    pub redirect_uris: Vec<RedirectUri>,
}

/// Checks what can be checked without looking anything up.
///
/// # Errors
/// The first rule that is broken.
pub fn check(
    new: &NewApp,
    catalogue: &Catalogue,
    custom_schemes: &[String],
) -> Result<CheckedApp, AppRefusal> {
    check_place_and_delegator(new)?;
    check_mcp(new)?;
    check_website(new.website.as_deref())?;
    check_line(new.purpose.trim())?;
    check_line(new.no_expiry_reason.trim())?;
    let delegation = delegation(new, catalogue)?;
    let required = required(new, catalogue, &delegation)?;
    Ok(CheckedApp { delegation, required, redirect_uris: redirect_uris(new, custom_schemes)? })
}

fn check_place_and_delegator(new: &NewApp) -> Result<(), AppRefusal> {
    match (new.kind, new.place, new.delegated_by) {
        (AppKind::ApiCredentials | AppKind::ApiToken, None, _) => Err(AppRefusal::PlaceMissing),
        (AppKind::ApiCredentials | AppKind::ApiToken, _, None) => Err(AppRefusal::DelegatorMissing),
        (AppKind::ApiCredentials | AppKind::ApiToken, _, Some(_)) | (_, _, None) => Ok(()),
        (_, _, Some(_)) => Err(AppRefusal::DelegatorNotUsed),
    }
}

/// People's connections reach MCP by what they are asked for; a resource server is the API's or the
/// MCP's. A firm's token reaches no MCP, and an
/// API token cannot be narrowed to a company as API credentials can.
fn check_mcp(new: &NewApp) -> Result<(), AppRefusal> {
    match (new.kind, new.place) {
        _ if !new.mcp => Ok(()),
        (AppKind::ApiToken, Some(Place::Firm(_))) => Err(AppRefusal::McpOfFirmToken),
        (AppKind::ApiCredentials | AppKind::ApiToken | AppKind::ResourceServer, _) => Ok(()),
        _ => Err(AppRefusal::McpNotUsed),
    }
}

fn check_website(website: Option<&str>) -> Result<(), AppRefusal> {
    let Some(website) = website else { return Ok(()) };
    let parsed = url::Url::parse(website).map_err(|_| AppRefusal::Website)?;
    let shown = parsed.scheme() == "https" && parsed.host_str().is_some() && website.len() <= 1024;
    if shown { Ok(()) } else { Err(AppRefusal::Website) }
}

/// Whether a purpose, or a reason, can be shown as it is.
pub(super) fn check_line(line: &str) -> Result<(), AppRefusal> {
    let shown = line.chars().count() <= LONGEST_PURPOSE && !line.chars().any(misleads);
    if shown { Ok(()) } else { Err(AppRefusal::Purpose) }
}

/// The permissions of what acts by itself, as they are kept.
pub(super) fn delegated(scopes: &ScopeSet, catalogue: &Catalogue) -> Result<ScopeSet, AppRefusal> {
    if scopes.is_empty() {
        return Err(AppRefusal::ScopesMissing);
    }
    check_known(scopes, catalogue)?;
    Ok(catalogue.maximal(&catalogue.known(scopes)))
}

fn delegation(new: &NewApp, catalogue: &Catalogue) -> Result<Delegation, AppRefusal> {
    let Some(scopes) = &new.scopes else {
        return match new.kind {
            AppKind::ApiCredentials | AppKind::ApiToken => Err(AppRefusal::ScopesMissing),
            AppKind::ResourceServer => Ok(Delegation::Only(ScopeSet::default())),
            AppKind::OauthPublic | AppKind::OauthConfidential => Ok(Delegation::Anything),
        };
    };
    match new.kind {
        AppKind::ResourceServer if scopes.is_empty() => {}
        AppKind::ResourceServer => return Err(AppRefusal::ScopesNotUsed),
        _ if scopes.is_empty() => return Err(AppRefusal::ScopesMissing),
        _ => {}
    }
    check_known(scopes, catalogue)?;
    Ok(Delegation::Only(catalogue.maximal(&catalogue.known(scopes))))
}

fn required(
    new: &NewApp,
    catalogue: &Catalogue,
    delegation: &Delegation,
) -> Result<ScopeSet, AppRefusal> {
    check_known(&new.required, catalogue)?;
    let required = catalogue.known(&new.required);
    let beyond = match delegation {
        Delegation::Anything => ScopeSet::default(),
        Delegation::Only(scopes) => required.difference(&catalogue.closure(scopes)),
    };
    if beyond.is_empty() { Ok(required) } else { Err(AppRefusal::RequiredBeyondOwn(beyond)) }
}

fn check_known(scopes: &ScopeSet, catalogue: &Catalogue) -> Result<(), AppRefusal> {
    let is_known = |scope: &crate::domain::scope::ScopeName| {
        !catalogue.known(&std::iter::once(scope.clone()).collect()).is_empty()
    };
    let unknown: ScopeSet = scopes.iter().filter(|scope| !is_known(scope)).cloned().collect();
    if unknown.is_empty() { Ok(()) } else { Err(AppRefusal::UnknownScopes(unknown)) }
}

fn redirect_uris(new: &NewApp, custom_schemes: &[String]) -> Result<Vec<RedirectUri>, AppRefusal> {
    match (new.kind.uses_consent(), new.redirect_uris.is_empty()) {
        (true, true) => return Err(AppRefusal::RedirectUriMissing),
        (false, false) => return Err(AppRefusal::RedirectUriNotUsed),
        _ => {}
    }
    let mut uris: Vec<RedirectUri> = Vec::new();
    for text in &new.redirect_uris {
        let uri = RedirectUri::register(text, custom_schemes)
            .map_err(|why| AppRefusal::RedirectUri { uri: text.clone(), why })?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}
